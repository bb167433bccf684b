# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The appliance's own figures, written for node_exporter's textfile collector. Runs on the node, by a timer."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import check_stamp
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state

CONFIG = "/etc/yitiji/monitoring/metrics.json"
DOCTOR_FILE = "yitiji-doctor.prom"
DOCTOR_SECONDS = 90.0  # the run that waits for a service that hangs takes longest, and matters most
DOCTOR_EVERY = 600  # seconds; a look takes a second of CPU
# In the sandbox of a collector disks are read-only and users cannot be changed: the doctor would take that for a fault
# of the node.
APART = (
    "systemd-run", "--quiet", "--wait", "--pipe", "--collect",
    "-p", "Nice=15", "-p", "CPUQuota=100%", "-p", f"RuntimeMaxSec={DOCTOR_SECONDS:.0f}",
)  # fmt: skip
BACKUP = "/var/lib/yitiji/backup.json"
KINDS = ("made", "sent", "rehearsed")
HELP = {
    "yitiji_weights_verified": "1: the stamp of the model's weights stands",
    "yitiji_certificate_expires_seconds": "when the certificate ends, seconds since the epoch",
    "yitiji_engine_healthy": "1: the engine answers its health check",
    "yitiji_rank_active": "1: the unit of this rank is active",
    "yitiji_gpus_planned": "cards that the plan uses on this node",
    "yitiji_gpus_present": "cards that the driver lists",
    "yitiji_doctor_findings": "the doctor's rules by result",
    "yitiji_doctor_written_seconds": "when the doctor gave its last report, seconds since the epoch; 0: never",
    "yitiji_answer_ok": "1: a question through the gateway was answered",
    "yitiji_page_ok": "1: the chat page answers through the gateway",
    "yitiji_down": "how many things the watch found down at its last look",
    "yitiji_repairs": "repairs of the last 24 hours, by the watch and by systemd",
    "yitiji_repairs_failed": "repairs of the last 24 hours that could not be carried out",
    "yitiji_watch_written_seconds": "when the watch looked last, seconds since the epoch; 0: never",
    "yitiji_backup_seconds": "when the last backup was made, sent elsewhere, rehearsed; seconds since the epoch",
    "yitiji_metrics_written_seconds": "when these figures were written, seconds since the epoch",
}
Sample = Tuple[str, Dict[str, str], float]


def exposition(samples: Sequence[Sample]) -> str:
    """Prometheus' text format."""
    lines: List[str] = []
    for name in sorted({sample[0] for sample in samples}):
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        rows = [sample for sample in samples if sample[0] == name]
        for _name, labels, value in sorted(rows, key=lambda row: sorted(row[1].items())):
            text = ",".join(f'{key}="{_escaped(labels[key])}"' for key in sorted(labels))
            lines.append(f"{name}{{{text}}} {value:.17g}" if text else f"{name} {value:.17g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def samples(config: Dict[str, Any]) -> List[Sample]:
    found: List[Sample] = [("yitiji_metrics_written_seconds", {}, time.time())]
    for weight in config["weights"]:
        valid = check_stamp(weight["path"], weight["model"]).valid
        found.append(("yitiji_weights_verified", {"model": weight["model"]}, float(valid)))
    for path in config["certificates"]:
        ends = certificate_end(path)
        if ends is not None:
            found.append(("yitiji_certificate_expires_seconds", {"path": path}, ends))
    for unit in config["units"]:
        active = _output("systemctl", "is-active", unit["unit"]).strip() == "active"
        found.append(("yitiji_rank_active", {"unit": unit["unit"], "rank": str(unit["rank"])}, float(active)))
        if unit["health"]:
            found.append(("yitiji_engine_healthy", {"unit": unit["unit"]}, float(answers(unit["health"]))))
    if config["gpus"]:
        found.append(("yitiji_gpus_planned", {}, float(config["gpus"])))
        found.append(("yitiji_gpus_present", {}, float(count_gpus(_output("nvidia-smi", "-L")))))
    if config["doctor"]:
        found.append(("yitiji_doctor_written_seconds", {}, _changed(os.path.join(config["directory"], DOCTOR_FILE))))
    if os.path.exists(config["watch"]["timer"]):
        found += watch_samples(watch_state.parse(_text(config["watch"]["state"])), time.time())
    return [*found, *backup_samples(_text(BACKUP))]


def backup_samples(note: str) -> List[Sample]:
    """When the last backup was made, sent and rehearsed, by the note of role backup; nothing where there is none."""
    try:
        told = json.loads(note)
        return [("yitiji_backup_seconds", {"kind": kind}, float(told[kind]["at"])) for kind in KINDS if kind in told]
    except (ValueError, TypeError, KeyError):
        return []


def watch_samples(state: Dict[str, Any], now: float) -> List[Sample]:
    """What the watch saw and repaired; of an old state only its age."""
    found: List[Sample] = [("yitiji_watch_written_seconds", {}, float(state.get("written") or 0))]
    if not watch_state.fresh(state, now):
        return found
    for name, answer in (("yitiji_answer_ok", state.get("answer")), ("yitiji_page_ok", state.get("page"))):
        if answer and answer.get("ok") is not None:  # a key at its limit does not mean that the service is down
            found.append((name, {}, float(bool(answer["ok"]) or answer.get("stage") == "busy")))
    watch, systemd, failed = watch_state.total(state, now)
    return [
        *found,
        ("yitiji_down", {}, float(len(state.get("down") or []))),
        ("yitiji_repairs", {"by": "watch"}, watch),
        ("yitiji_repairs", {"by": "systemd"}, systemd),
        ("yitiji_repairs_failed", {}, failed),
    ]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def certificate_end(path: str) -> Optional[float]:
    return parse_end(_output("openssl", "x509", "-noout", "-enddate", "-in", path))


def parse_end(text: str) -> Optional[float]:
    """`notAfter=Jan  2 03:04:05 2027 GMT` -> seconds since the epoch."""
    match = re.search(r"notAfter=(\w{3}) +(\d+) ([\d:]+) (\d{4}) GMT", text)
    if not match:
        return None
    month, day, clock, year = match.groups()
    return parsedate_to_datetime(f"{day} {month} {year} {clock} +0000").timestamp()


def count_gpus(listing: str) -> int:
    """Lines of `nvidia-smi -L` that name a card, not its slices."""
    return sum(1 for line in listing.splitlines() if re.match(r"GPU \d+: ", line))


def answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def doctor_samples(report: Dict[str, Any]) -> List[Sample]:
    """How many rules had which result, from the doctor's JSON."""
    counts: Dict[str, int] = {}
    for finding in report["results"]:
        counts[finding["status"]] = counts.get(finding["status"], 0) + 1
    return [
        ("yitiji_doctor_findings", {"status": status}, float(counts.get(status, 0)))
        for status in ("pass", "fail", "warn", "unknown", "skip")
    ]


def _output(*words: str, seconds: float = 30) -> str:
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def write(path: str, text: str) -> None:
    """Whole or not at all; the exporter reads any *.prom, so the other name ends differently."""
    with open(path + ".new", "w", encoding="utf-8") as target:
        target.write(text)
    os.chmod(path + ".new", 0o644)
    os.replace(path + ".new", path)


def collect(config: Dict[str, Any]) -> None:
    """Writes the figures; the doctor's only now and then."""
    write(os.path.join(config["directory"], "yitiji.prom"), exposition(samples(config)))
    path = os.path.join(config["directory"], DOCTOR_FILE)
    if config["doctor"] and not 0 <= time.time() - _changed(path) <= DOCTOR_EVERY:  # a clock may be set back
        text = _output(*APART, config["doctor"], "--fast", "--json", "-", seconds=DOCTOR_SECONDS)
        if text.startswith("{"):
            write(path, exposition(doctor_samples(json.loads(text))))


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    about = "采集该节点的一体机指标 / collects the appliance's figures"
    found = argparse.ArgumentParser(prog="yitiji-metrics", description=about)
    found.add_argument("--config", metavar="FILE", default=CONFIG, help=f"default: {CONFIG}")
    found.add_argument("--every", metavar="SECONDS", type=float, default=0, help="go on for ever; 0: once")
    options = found.parse_args(argv)
    with open(options.config, encoding="utf-8") as source:
        config = json.load(source)
    while True:
        try:
            collect(config)
        except (OSError, ValueError) as error:  # a full disk is not for ever, and an alert names old figures
            print(f"yitiji-metrics: {error}", file=sys.stderr, flush=True)
            if not options.every:
                return 1
        if not options.every:
            return 0
        time.sleep(options.every)
