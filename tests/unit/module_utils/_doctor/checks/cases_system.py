# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - one case a line
"""What spoils the rules of the system below; the form is that of cases.py."""

from __future__ import annotations

from typing import Any

from tests.unit.module_utils._doctor.healthy import GONE

OLLAMA = {"name": "ollama", "host": {"libc": "2.28"}}
AVX512 = {"cpu": {"x86_64": ["avx512f"]}}
HOLDS = {"interfaces": [{"name": "bond0", "addresses": ["10.0.0.11/32"]}]}

# fmt: off
SYSTEM: list[tuple[str, str, dict[str, Any], str]] = [
    ("LLM157", "fail", {"node/kernel": "3.10.0-1160.el7.x86_64"}, "older than 4.18"),
    ("LLM157", "fail", {"node/os/libc": "2.27", "plan/engine": OLLAMA}, "ollama: glibc is 2.27 and must be 2.28"),
    ("LLM157", "pass", {"node/os/libc": "2.27"}, "cgroup v2"),  # a container brings its own
    ("LLM157", "unknown", {"node/os/libc": None, "plan/engine": OLLAMA}, "not all of it"),
    ("LLM157", "fail", {"node/cpu": {"flags": ["sse4_2"]}, "plan/image/host": AVX512}, "vllm:1: the CPU has no avx512f"),
    ("LLM157", "pass", {"node/cpu": {"flags": ["avx512f"]}, "plan/image/host": AVX512}, "cgroup v2"),
    ("LLM157", "unknown", {"node/cpu": {"flags": []}, "plan/image/host": AVX512}, "not all of it"),
    ("LLM157", "fail", {"node/os/arch": "aarch64", "plan/image/host": AVX512}, "made for x86_64"),
    ("LLM157", "pass", {"node/os/libc": "2.28", "node/kernel": "4.18.0-553.el8"}, "cgroup v2"),
    ("LLM157", "pass", {"node/os/cgroup": 1}, "still serves"),
    ("LLM157", "unknown", {"node/os/cgroup": None}, "not all of it"),
    ("LLM406", "skip", {"plan/gateways": GONE}, "two gateways"),
    ("LLM406", "fail", {"plan/gateways/address": "10.0.0.9"}, "the head does not hold 10.0.0.9"),
    ("LLM406", "pass", {"plan/gateways/address": "10.0.0.9", "plan/nodes/gpu01/head": False}, "stands by"),
    ("LLM406", "fail", {"peers/gpu02/network": HOLDS}, "gpu01 and gpu02 both hold 10.0.0.11"),
    ("LLM406", "fail", {"peers/gpu02/network": HOLDS, "plan/nodes/gpu01/head": False}, "both hold"),
    ("LLM406", "pass", {"peers/gpu02/network": HOLDS, "plan/gateways/nodes": {"gpu01": {}}}, "this node holds"),
    ("LLM406", "unknown", {"node/network": {}}, "not known"),
]
# fmt: on
