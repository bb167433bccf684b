# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of two nodes with 16 cards each, in OpenMetrics: vLLM's own capture going on, and others' names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

CAPTURE = Path(__file__).resolve().parents[1] / "fixtures/metrics/vllm-0.32.0.prom"
NODES, CARDS, DAY, STEP = ("gpu01", "gpu02"), 16, 86400, 30
SAMPLE = re.compile(r"^([a-z:_A-Z]+)(?:\{(.*)\})? (\S+)$")
VLLM = re.compile(
    r"^vllm:(num_requests_(running|waiting)|(generation|prompt)_tokens_total|kv_cache_usage_perc|num_preemptions_total|"
    r"request_success_total|(time_to_first_token|request_time_per_output_token)_seconds_bucket)$"
)


def load(second: float) -> float:
    """How busy it is at this time of the day, from 0 to 1."""
    return 0.5 - 0.45 * math.cos(second / DAY * 2 * math.pi) + 0.05 * math.sin(second / 300)


def engine() -> Iterator[tuple[str, str, bool, float]]:
    for line in CAPTURE.read_text().splitlines():
        found = SAMPLE.match(line)
        if found and VLLM.match(found[1]):
            counts = found[1].endswith(("_total", "_bucket"))
            yield found[1], f'{found[2]},instance="127.0.0.1:8000",job="vllm",node="gpu01"', counts, float(found[3])


def node(name: str) -> Iterator[tuple[str, str, bool, float]]:
    more = f'instance="{name}:9100",job="node",node="{name}"'
    yield "up", more, False, 1
    yield "node_cpu_seconds_total", f'cpu="0",mode="idle",{more}', True, 0.5
    yield "node_memory_MemAvailable_bytes", more, False, 400e9
    yield "node_memory_MemTotal_bytes", more, False, 1e12
    for place in ("/", "/srv"):
        yield "node_filesystem_avail_bytes", f'fstype="ext4",mountpoint="{place}",{more}', False, 700e9
        yield "node_filesystem_size_bytes", f'fstype="ext4",mountpoint="{place}",{more}', False, 2e12
    yield "node_network_receive_bytes_total", f'device="eth0",{more}', True, 2e8
    yield "node_network_transmit_bytes_total", f'device="eth0",{more}', True, 1e8
    yield "yitiji_weights_verified", f'model="deepseek-ai/DeepSeek-R1",{more}', False, 1
    for card in range(CARDS):
        of_card = f'gpu="{card}",UUID="GPU-{card:04d}",device="nvidia{card}",modelName="NVIDIA H20",{more}'
        for figure, value in {"GPU_UTIL": 95, "FB_USED": 88000, "FB_FREE": 9871, "GPU_TEMP": 60, "POWER_USAGE": 480,
                              "UNCORRECTABLE_REMAPPED_ROWS": 0, "XID_ERRORS": 0}.items():  # fmt: skip
            yield f"DCGM_FI_DEV_{figure}", of_card, False, value + (card if figure == "GPU_TEMP" else 0)


STEADY = re.compile("Mem|filesystem|FB_|up$|weights|REMAPPED|XID")


def openmetrics(end: int) -> Iterator[str]:
    """Series by series, as promtool wants them: a metric's lines stand together."""
    rows = sorted([*engine(), *(row for name in NODES for row in node(name))])
    for name, labels, counts, value in rows:
        total = value if counts and name.startswith("vllm") else 0.0
        scale = value / 3600 if name.startswith("vllm") else value
        if name.endswith("tokens_total"):
            scale = value and 900.0
        for moment in range(end - DAY - 600, end + 1, STEP):
            busy = load(moment - end)
            if counts:
                total += scale * STEP * busy
                yield f"{name}{{{labels}}} {total:.6g} {moment}"
            elif name.startswith("vllm:num_requests"):
                yield f"{name}{{{labels}}} {round((24 if 'running' in name else 3) * busy)} {moment}"
            else:
                now = 0.6 * busy if "kv_cache" in name else value if STEADY.search(name) else value * (0.4 + 0.6 * busy)
                yield f"{name}{{{labels}}} {now:.6g} {moment}"
    yield "# EOF"
