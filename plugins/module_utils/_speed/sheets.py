# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and engines for the roofline, from the catalogue's data sheets and measured shares."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import Card, Habits

GIGA, TERA, MICRO = 1e9, 1e12, 1e-6
Rows = Mapping[str, Mapping[str, Any]]


def card_of(row: Mapping[str, Any], constants: Rows, nvlink: bool, node_gbps: Optional[float] = None) -> Optional[Card]:
    """A card of the catalogue; None where its data sheet or its family's shares are not known.

    `node_gbps`: Gbit/s between the nodes.
    """
    sheet = row.get("speed") or {}
    family = constants.get(f"family-{sheet.get('family')}")
    if not sheet or not family:
        return None
    tflops: Dict[str, float] = {name: float(value) for name, value in sheet["tflops"].items()}
    plain = tflops["fp16"]
    nvlink = nvlink and "link_gbs" in sheet
    link = constants["link-nvlink" if nvlink else "link-pcie"]
    between = constants["link-nodes"]
    return Card(
        bandwidth=float(sheet["gbs"]) * GIGA,
        flops=plain * TERA,
        flops8=tflops.get("fp8", plain) * TERA,
        flops4=tflops.get("fp4", plain) * TERA,
        flops_int8=tflops.get("int8", plain) * TERA,
        link=float(sheet["link_gbs" if nvlink else "pcie_gbs"]) * GIGA,
        latency=float(link["latency_us"]) * MICRO,
        memory_share=float(family["memory"]),
        compute_share=float(family["compute"]),
        link_share=float(link["share"]),
        node_link=(node_gbps or float(between["gbps"])) / 8 * GIGA * float(between["share"]),
        node_latency=float(between["latency_us"]) * MICRO,
    )


def habits_of(constants: Rows, engine: str, version: str, eager: bool = False) -> Optional[Habits]:
    """What an engine needs for itself; None where none of its runs is known."""
    rows = [row for row in constants.values() if engine in (row.get("engine"), row.get("also"))]
    fitting = [row for row in rows if not row.get("until") or _before(version, str(row["until"]))]
    if not fitting:
        return None
    row = min(fitting, key=lambda found: version_key(str(found.get("until", "999"))))
    layer, launch = float(row["layer_us"]), float(row["layer_us"]) + float(row.get("eager_us", 0.0))
    return Habits(
        step=float(row["step_us"]) * MICRO,
        layer=(launch if eager else layer) * MICRO,
        launch=launch * MICRO,
        experts=float(row["experts_us"]) * MICRO,
        request=float(row["request_us"]) * MICRO,
        index=float(row["index_us"]) * MICRO,
        packed=float(row["packed"]),
        grouped=float(row["grouped"]),
    )


def _before(version: str, until: str) -> bool:
    return bool(version) and version_key(version) < version_key(until)
