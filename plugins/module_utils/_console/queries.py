# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the console asks Prometheus, by name. Nothing from outside becomes a query, and each is bounded."""

from __future__ import annotations

from typing import Dict, Tuple

FILES = 'fstype!~"tmpfs|ramfs|overlay|squashfs"'
CPU = '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[2m]))'
MEMORY = "1 - max by (node) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"
DISK = f"1 - min by (node, mountpoint) (node_filesystem_avail_bytes{{{FILES}}} / node_filesystem_size_bytes)"


def quantile(share: float, name: str) -> str:
    return f"histogram_quantile({share}, sum by (le, instance) (rate(vllm:{name}_seconds_bucket[5m])))"


def card(name: str) -> str:
    return f"max by (node, gpu) (DCGM_FI_DEV_{name})"


CARDS: Dict[str, str] = {
    "gpu_use": card("GPU_UTIL") + " / 100",
    "gpu_memory": f"{card('FB_USED')} / ({card('FB_USED')} + {card('FB_FREE')})",
    "gpu_temperature": card("GPU_TEMP"),
    "gpu_power": card("POWER_USAGE"),
}
NOW: Dict[str, str] = {
    "running": "sum(vllm:num_requests_running)",
    "waiting": "sum(vllm:num_requests_waiting)",
    "tokens": "sum(rate(vllm:generation_tokens_total[2m]))",
    "ttft": "max(" + quantile(0.5, "time_to_first_token") + ")",
    "day_tokens": "sum(increase(vllm:generation_tokens_total[1d]))",
    "day_requests": "sum(increase(vllm:request_success_total[1d]))",
    "up": 'min by (node) (up{job="node"})',
    "cpu": CPU,
    "memory": MEMORY,
    "disk": DISK,
    "weights": "min by (node, model) (yitiji_weights_verified)",
    **CARDS,
    "gpu_ecc": card("UNCORRECTABLE_REMAPPED_ROWS"),
    "gpu_xid": card("XID_ERRORS"),
}
SERIES: Dict[str, Dict[str, str]] = {
    "engine": {
        "tokens": "sum by (instance) (rate(vllm:generation_tokens_total[2m]))",
        "prompt": "sum by (instance) (rate(vllm:prompt_tokens_total[2m]))",
        "ttft": quantile(0.5, "time_to_first_token"),
        "ttft95": quantile(0.95, "time_to_first_token"),
        "tpot": quantile(0.5, "request_time_per_output_token"),
        "tpot95": quantile(0.95, "request_time_per_output_token"),
        "running": "sum by (instance) (vllm:num_requests_running)",
        "waiting": "sum by (instance) (vllm:num_requests_waiting)",
        "kv": "max by (instance) (vllm:kv_cache_usage_perc)",
        "preempted": "sum by (instance) (increase(vllm:num_preemptions_total[5m]))",
        "ended": "sum by (finished_reason) (rate(vllm:request_success_total[5m]))",
    },
    "nodes": {
        "cpu": CPU,
        "memory": MEMORY,
        "disk": DISK,
        "received": 'sum by (node) (rate(node_network_receive_bytes_total{device!="lo"}[2m]))',
        "sent": 'sum by (node) (rate(node_network_transmit_bytes_total{device!="lo"}[2m]))',
        **CARDS,
        "gpu_xid": card("XID_ERRORS"),
    },
}
DAILY = "sum by (model_name) (increase(vllm:generation_tokens_total[1d]))"
# window -> its seconds, seconds between two points, seconds between two looks
WINDOWS: Dict[str, Tuple[int, int, int]] = {"hour": (3600, 30, 30), "day": (86400, 600, 300)}
