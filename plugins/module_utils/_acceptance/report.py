# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an acceptance as data: what was found, judged, and of which machines."""

from __future__ import annotations

import hashlib
import json
import re
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import around
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import machine as parts
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import soak as soaking
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import ORDER, figures, knee, worst

KIND, SCHEMA = "yitiji-acceptance", 1
NO_SERIAL = re.compile(
    r"^\s*(|none|na|n/a|not specified|not available|default string|to be filled.*|0+|unknown)\s*$", re.IGNORECASE
)
VIRTUAL = re.compile(r"veth|docker|br-|virbr|tap|tun|ifb|dummy")  # of containers: another one at each start
# What tells one machine from all others; the rest may change without its becoming another.
LASTING = ("serial", "board_serial", "machine", "gpus")
GPU = ("name", "uuid", "bus", "memory_bytes", "vbios")
Row = Mapping[str, Any]


def document(
    *,
    plan: Row,
    profile: Row,
    limits: Row,
    speed: Sequence[Row],
    function: Sequence[Row],
    identity: Mapping[str, Row],
    load: Row,
    made: str,
    collection: str,
    causes: Mapping[str, Sequence[Row]],
    parties: Row,
    soak: Row,
    machines: Mapping[str, Row],
    card: Row,
    quality: Row,
) -> Dict[str, Any]:
    """The whole report. `made`: UTC, ISO 8601. `causes`: likely reasons of a missed figure, by its key.

    `soak`: as `measure` returns it; `others` in it: requests that ran before anything was asked, None where not known.
    `machines`: of `machine.measure`, by host; `card`: what the catalogue knows of their cards' speed.
    """
    served = plan["model"]["served_name"]
    seen = [{**row, "verdict": "skipped"} if row["id"] in limits["skip"] else dict(row) for row in function]
    seen += around.doctors(machines)
    totals = plan["totals"][served]
    told = (plan.get("speed") or {}).get(served) or {}
    asked = {"concurrency": totals["concurrency"], "predicted": told.get("rows") if told.get("predicted") else []}
    judged = figures(speed, asked, profile.get("stated") or {}, limits)
    judged += soaking.figures(soak, limits) + parts.figures(machines, limits, card)
    for each in judged:
        remedy = [each.pop("remedy")] if "remedy" in each else []
        if each["verdict"] not in ("pass", "skipped"):
            each["causes"] = [*causes.get(each["key"], ()), *remedy]
    pairs = sorted({(row["prompt"], row["answer"]) for row in speed})
    verdicts = [row["verdict"] for row in [*judged, *seen, *quality["areas"], *quality["signs"]]]
    found = {
        "kind": KIND,
        "schema": SCHEMA,
        "made": made,
        "collection": collection,
        "parties": dict(parties),
        "deployment": plan["deployment"],
        "profile": plan["profile"],
        "model": f"{plan['model']['id']} ({served})",
        "engine": f"{plan['engine']['name']} {plan['engine']['version']}",
        "planned": totals["concurrency"],
        "plan_sha256": digest(plan),
        "verdict": worst([verdict for verdict in verdicts if verdict != "skipped"]),
        "counts": {verdict: verdicts.count(verdict) for verdict in (*ORDER, "skipped")},
        "figures": judged,
        "function": seen,
        "speed": [dict(row) for row in speed],
        "knees": [
            {
                "prompt": a,
                "answer": b,
                "knee": knee([r for r in speed if (r["prompt"], r["answer"]) == (a, b)], limits["knee_gain"]),
            }
            for a, b in pairs
        ],
        "soak": dict(soak),
        "machines": dict(machines),
        "quality": dict(quality),
        "load": dict(load),
        "limits": dict(limits),
        "identity": {name: dict(machine) for name, machine in identity.items()},
    }
    return {**found, "number": f"{made[:10].replace('-', '')}-{digest(found)[:8].upper()}"}


def digest(value: Any) -> str:
    """Of any plain data, the same for the same content."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def machine(facts: Row, node: Row, told: Row = MappingProxyType({})) -> Dict[str, Any]:
    """Who a machine is. `facts`: of ansible.builtin.setup, without their prefix; `node`: of node_info.

    `told`: of `machine.told`.
    """
    docker = (node.get("containers") or {}).get("docker") or {}
    return {
        "maker": _known(facts.get("system_vendor")),
        "product": _known(facts.get("product_name")),
        "serial": _known(facts.get("product_serial")),
        "board_serial": _known(facts.get("board_serial")),
        "machine": _known(facts.get("machine_id")),
        "firmware": " ".join(filter(None, [_known(facts.get("bios_version")), _known(facts.get("bios_date"))])),
        "system": facts.get("distribution", "") + " " + str(facts.get("distribution_version", "")),
        "kernel": facts.get("kernel"),
        "cpu": (node.get("cpu") or {}).get("model"),
        "threads": (node.get("cpu") or {}).get("threads"),
        "memory_bytes": (node.get("memory") or {}).get("total_bytes"),
        "driver": (node.get("nvidia") or {}).get("version"),
        "docker": docker.get("version"),
        "gpus": [{key: gpu.get(key) for key in GPU} for gpu in node.get("gpus") or ()],
        "images": _images(docker),
        "weights": told.get("weights") or [],
        "interfaces": _interfaces(facts, told.get("firmware") or {}),
        "disks": _disks(facts),
    }


def _known(value: Any) -> str:
    """Makers fill a field in that they leave open; a container has none."""
    text = str(value or "")
    return "" if NO_SERIAL.match(text) else text.strip()


def _images(docker: Row) -> List[Dict[str, Any]]:
    """Of the containers that run: the registry's digest, or the image's own id where it came by another way."""
    known = {row[key]: row for row in docker.get("images") or () for key in ("id", "ref")}
    rows = (known.get(name) for name in sorted({each["image"] for each in docker.get("containers") or ()}))
    return [{"ref": row["ref"], "sha256": row.get("digest") or row["id"]} for row in rows if row]


def _interfaces(facts: Row, firmware: Row) -> List[Dict[str, Any]]:
    found = []
    for name in facts.get("interfaces") or ():
        row = facts.get(str(name).replace("-", "_")) or {}
        if row.get("type") == "ether" and row.get("macaddress") and not VIRTUAL.match(str(name)):
            told = {
                "mbit": max(0, row.get("speed") or 0) or None,
                "driver": row.get("module"),
                "firmware": firmware.get(name),
            }
            found.append({"name": name, "mac": row["macaddress"], **told})
    return sorted(found, key=lambda row: str(row["name"]))


def _disks(facts: Row) -> List[Dict[str, Any]]:
    found = []
    for name, row in sorted((facts.get("devices") or {}).items()):
        if row.get("model") and str(row.get("removable")) != "1":
            found.append(
                {"name": name, "model": row["model"], "serial": _known(row.get("serial")), "size": row.get("size")}
            )
    return found


def other_machines(report: Row, now: Mapping[str, Row]) -> List[str]:
    """Hosts of the report that are not the machines that answer under their names now, or that nothing tells apart."""
    kept = {name: (_lasting(then), _lasting(now.get(name) or {})) for name, then in report["identity"].items()}
    return [name for name, (then, today) in kept.items() if then != today or not any(then.values())]


def _lasting(identity: Row) -> Dict[str, Any]:
    kept = {key: identity.get(key) for key in LASTING}
    kept["gpus"] = sorted(str(gpu.get("uuid")) for gpu in identity.get("gpus") or ())
    return kept
