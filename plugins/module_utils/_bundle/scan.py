# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Known vulnerabilities of what a bundle holds: a scanner of this machine reads its bill of materials."""

from __future__ import annotations

import glob
import json
import os
import shutil
import sys
import tempfile
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, one, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import sbom
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import MANIFEST, Bundle, parse
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

SEVERITIES = ("critical", "high", "medium", "low", "unknown")
DATABASE = "vulnerability-database"  # of the bundle's downloads
SHOWN = 40


class Scanner(NamedTuple):
    """Each answers in CycloneDX; {bill}, {image} and {folder} are filled in."""

    bill: Tuple[str, ...]
    image: Tuple[str, ...]  # of an image's archive; () where it looks into none
    nothing: str  # what it says in place of an answer without findings
    place: str  # variable that names the folder of its database
    mark: str  # a file of such a folder
    offline: Mapping[str, str]


GRYPE = ("grype", "-q", "-o", "cyclonedx-json", "--file", "{folder}/1.vdr.json")
SCANNERS: Dict[str, Scanner] = {
    "grype": Scanner(
        (*GRYPE, "sbom:{bill}"), (*GRYPE, "docker-archive:{image}"), "", "GRYPE_DB_CACHE_DIR", "*/vulnerability.db",
        {"GRYPE_DB_AUTO_UPDATE": "false", "GRYPE_CHECK_FOR_APP_UPDATE": "false", "GRYPE_DB_VALIDATE_AGE": "false"},
    ),
    "depscan": Scanner(
        ("depscan", "--no-banner", "-t", "bom", "--reachability-analyzer", "off", "--bom", "{bill}",
         "--reports-dir", "{folder}"),
        (), "No vulnerabilities found", "VDB_HOME", "vdb.meta", {"VDB_AGE_HOURS": "876000"},
    ),
}  # fmt: skip


def scan(folder: str, database: str, seconds: float) -> Dict[str, Any]:
    bundle = parse(read_text(os.path.join(folder, MANIFEST)), folder)
    name, program = chosen()
    scanner, environment = SCANNERS[name], {"PATH": path()}
    images = sorted({str(image["path"]) for image in bundle.holds.get("images") or []})
    found: List[Dict[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="yitiji-scan-") as work:
        source = database or own_database(bundle, folder)
        if source:
            place = unpacked(name, source, os.path.join(work, "database"), seconds)
            environment.update({**scanner.offline, scanner.place: place})
        bill = os.path.join(work, "bill.cdx.json")
        write_atomic(bill, sbom.bill(bundle), 0o600)
        for image in ["", *(images if scanner.image else [])]:
            values = {"bill": bill, "image": os.path.join(folder, image), "folder": tempfile.mkdtemp(dir=work)}
            words = [word.format(**values) for word in (scanner.image if image else scanner.bill)]
            code, said = stream([program, *words[1:]], seconds, lambda line: None, environment)
            answers = glob.glob(values["folder"] + "/*.vdr.json")
            if code == 0 and answers:
                found += findings(json.loads(read_text(answers[0])), image)
            elif code or not scanner.nothing or scanner.nothing not in said:
                raise failed(name, said or f"status {code}")
    found.sort(key=lambda row: (SEVERITIES.index(row["severity"]), row["id"], row["part"], row["image"]))
    return {"scanner": name, "findings": found, "unseen": [] if scanner.image else images}


def path() -> str:
    """Also what is installed beside Ansible."""
    return os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH") or os.defpath))


def chosen() -> Tuple[str, str]:
    for name in SCANNERS:
        program = shutil.which(name, path=path())
        if program:
            return name, program
    raise Refusal("LLM933", names=", ".join(SCANNERS))


def own_database(bundle: Bundle, folder: str) -> str:
    paths = [str(row["path"]) for row in bundle.holds.get("downloads") or [] if row.get("name") == DATABASE]
    return os.path.join(folder, paths[0]) if paths else ""


def unpacked(name: str, source: str, place: str, seconds: float) -> str:
    """The folder of a database; of a tar, unpacked."""
    if not os.path.isdir(source):
        os.mkdir(place)
        code, said = stream(["tar", "--no-same-owner", "-xf", source, "-C", place], seconds, lambda line: None)
        if code:
            raise failed(name, said)
        source = place
    if not glob.glob(os.path.join(glob.escape(source), SCANNERS[name].mark)):
        raise failed(name, f"{source}: {SCANNERS[name].mark}?")
    return source


def failed(name: str, detail: str) -> Refusal:
    return Refusal("LLM934", scanner=name, detail=" ".join(detail.split())[-400:], place=SCANNERS[name].place)


def findings(document: Mapping[str, Any], image: str) -> List[Dict[str, str]]:
    """Of a CycloneDX document with vulnerabilities; each with the part of the bill that it is about."""
    parts: Dict[str, str] = {}
    for part in document.get("components") or []:
        told = " ".join(str(part[key]) for key in ("name", "version") if part.get(key))
        parts.update({str(part[key]): told for key in ("bom-ref", "purl") if part.get(key)})
    found: Dict[Tuple[str, str], Dict[str, str]] = {}
    for row in document.get("vulnerabilities") or []:
        rated = [str(rating.get("severity")) for rating in row.get("ratings") or []]
        worst = min((SEVERITIES.index(each) for each in rated if each in SEVERITIES), default=len(SEVERITIES) - 1)
        for affected in row.get("affects") or [{}]:
            part = parts.get(str(affected.get("ref")), str(affected.get("ref", "")))
            advice = " ".join(str(row.get("recommendation") or "").split())[:200]
            entry = {
                "severity": SEVERITIES[worst],
                "id": str(row["id"]),
                "part": part,
                "advice": advice,
                "image": image,
            }
            found.setdefault((entry["id"], part), entry)
    return list(found.values())


def judged(report: Mapping[str, Any], accepted: Sequence[Mapping[str, Any]], limit: str, file: str) -> Dict[str, Any]:
    """With what was accepted, counts, and lines for people; refused where something is as severe as the limit."""
    reasons = {str(row["id"]): str(row.get("reason", "")) for row in accepted}
    rows = [{**row, **({"accepted": reasons[row["id"]]} if row["id"] in reasons else {})} for row in report["findings"]]
    still = [row for row in rows if "accepted" not in row]
    counts = {severity: sum(row["severity"] == severity for row in still) for severity in SEVERITIES}
    told = ", ".join(f"{number} {severity}" for severity, number in counts.items())
    lines = [one(say("scanned", scanner=report["scanner"], counts=told).as_dict())]
    lines += ["  ".join(filter(None, (row["severity"], row["id"], row["part"], row["image"], row["advice"])))
              for row in still[:SHOWN]]  # fmt: skip
    if len(still) > SHOWN:
        lines.append(f"(+{len(still) - SHOWN}: {file})")
    if report["unseen"]:
        unseen = ", ".join(report["unseen"])
        lines.append(one(say("scan_unseen", scanner=report["scanner"], images=unseen).as_dict()))
    over = [row for row in still if limit and SEVERITIES.index(row["severity"]) <= SEVERITIES.index(limit)]
    return {**report, "findings": rows, "counts": counts, "lines": lines, "over": len(over)}
