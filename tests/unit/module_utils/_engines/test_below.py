# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine below an image must have, and what is said where it has not."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import below

HASWELL = sorted(below.V3)
NODE = below.Machine("x86_64", "5.14.0-503.el9", "2.34", HASWELL)


@pytest.mark.parametrize(
    ("host", "machine", "said"),
    [
        ({}, NODE, []),
        ({"kernel": "4.18"}, NODE, []),
        ({"kernel": "5.14"}, NODE, []),
        ({"kernel": "6.1"}, NODE, ["the kernel is 5.14.0-503.el9 and must be 6.1 or newer"]),
        ({"libc": "2.35"}, NODE, ["glibc is 2.34 and must be 2.35 or newer"]),
        ({"libc": "2.4"}, NODE, []),  # as numbers
        ({"cpu": {"x86_64": ["x86-64-v3", "avx2"]}}, NODE, []),
        ({"cpu": {"x86_64": ["avx512f"]}}, NODE, ["the CPU has no avx512f"]),
        (
            {"cpu": {"x86_64": ["x86-64-v4"]}},
            NODE,
            ["the CPU has no x86-64-v4 (avx512bw, avx512cd, avx512dq, avx512f, avx512vl)"],
        ),
        (
            {"cpu": {"x86_64": ["x86-64-v2"]}},
            NODE._replace(flags=["sse2"]),
            ["the CPU has no x86-64-v2 (cx16, lahf_lm,"],
        ),
        ({"cpu": {"x86_64": []}}, NODE._replace(flags=["sse2"]), []),
        (
            {"cpu": {"x86_64": []}},
            NODE._replace(architecture="aarch64"),
            ["it is made for x86_64, the machine is aarch64"],
        ),
        ({"cpu": {"aarch64": ["asimd"]}}, below.Machine("aarch64", flags=["fp", "asimd"]), []),
        # what is not known is no reason
        ({"kernel": "9", "libc": "9", "cpu": {"x86_64": ["avx512f"]}}, below.Machine(), []),
        ({"cpu": {"x86_64": ["avx512f"]}}, below.Machine("x86_64"), []),
        ({"kernel": "6.1", "libc": "2.40"}, NODE, ["the kernel is", "glibc is 2.34"]),
    ],
)
def test_what_a_machine_lacks(host, machine, said):
    found = below.lacking(host, machine)
    assert len(found) == len(said)
    assert [told.en.startswith(words) for told, words in zip(found, said)] == [True] * len(said), found
    assert all(told.zh for told in found) and below.problems(host) == []


@pytest.mark.parametrize(
    ("host", "machine", "unread"),
    [
        ({}, below.Machine(), False),
        ({"libc": "2.28"}, below.Machine(libc="2.36"), False),
        ({"libc": "2.28"}, below.Machine(), True),
        ({"cpu": {"x86_64": []}}, below.Machine(), True),
        ({"cpu": {"x86_64": []}}, below.Machine("x86_64"), False),
        ({"cpu": {"x86_64": ["avx2"]}}, below.Machine("x86_64"), True),
        ({"cpu": {"x86_64": ["avx2"]}}, NODE, False),
    ],
)
def test_what_is_not_known(host, machine, unread):
    assert below.unread(host, machine) is unread


def test_a_node_as_it_was_read():
    facts = {"os": {"arch": "x86_64", "libc": "2.36"}, "kernel": "6.1.0-40-amd64", "cpu": {"flags": ["avx2"]}}
    assert below.machine_of(facts) == below.Machine("x86_64", "6.1.0-40-amd64", "2.36", ("avx2",))
    assert below.machine_of({"os": None, "cpu": None}) == below.Machine()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ([], "host: []"), ({"glibc": "2.28"}, "host.glibc: unknown"), ({"libc": 2.28}, "host.libc: 2.28"),
        ({"cpu": ["avx2"]}, "host.cpu: ['avx2']"), ({"cpu": {"x86_64": "avx2"}}, "host.cpu: {'x86_64': 'avx2'}"),
    ],
)  # fmt: skip
def test_a_host_that_was_written_wrongly(host, said):
    assert below.problems(host) == [said]
