# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel settings: set, kept, skipped, put back."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import kernel_settings as core

NUMA, HUGE = "kernel.numa_balancing", "/sys/kernel/mm/transparent_hugepage/enabled"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel's files in a folder; `lock` makes one read-only, as a container's."""
    locked = set()
    monkeypatch.setattr(core, "can_write", lambda name, _root="": name not in locked)

    def put(name, text, lock=False):
        path = tmp_path / core.path_of(name).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if lock:
            locked.add(name)
        return str(tmp_path)

    return put


def test_what_a_file_says():
    assert core.chosen("always [madvise] never\n") == "madvise"
    assert core.chosen("4096\t87380  6291456\n") == "4096 87380 6291456"
    assert core.path_of("net.ipv4.tcp_mem") == "/proc/sys/net/ipv4/tcp_mem"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        (HUGE, "sometimes", "LLM131"),
        (NUMA, "off", "LLM131"),
        (NUMA, "0", ""),
        (HUGE, "never", ""),
        ("kernel.nothing", "x", ""),
        ("kernel.core_pattern", "|/bin/true", ""),
    ],
)
def test_what_the_kernel_would_refuse_is_refused_before(kernel, name, value, rule):
    kernel(HUGE, "[always] madvise never\n")
    kernel("kernel.core_pattern", "core\n")
    root = kernel(NUMA, "1\n")
    if not rule:
        core.check({name: value}, root)
        return
    with pytest.raises(Refusal) as caught:
        core.check({name: value}, root)
    assert caught.value.rule == rule and name in caught.value.reason.en


def test_set_and_remembered(kernel):
    kernel(HUGE, "[always] madvise never\n")
    root = kernel(NUMA, "1\n")
    todo, record = core.decide({NUMA: "0", HUGE: "madvise"}, {}, root)
    assert todo.write == todo.keep == {NUMA: "0", HUGE: "madvise"}
    assert record == {NUMA: "1", HUGE: "always"}


def test_the_second_run_writes_nothing_and_forgets_nothing(kernel):
    root = kernel(NUMA, "0\n")
    todo, record = core.decide({NUMA: "0"}, {NUMA: "1"}, root)
    assert todo == ({}, {NUMA: "0"}, {})
    assert record == {NUMA: "1"}


def test_read_only_and_absent_are_skipped_with_the_reason(kernel):
    root = kernel(NUMA, "1\n", lock=True)
    todo, record = core.decide({NUMA: "0", "kernel.nothing": "1"}, {}, root)
    assert "it is 1" in todo.skipped[NUMA] and "does not have it" in todo.skipped["kernel.nothing"]
    assert (todo.write, todo.keep, record) == ({}, {}, {})


def test_read_only_and_right_is_no_reason_to_skip(kernel):
    root = kernel(NUMA, "0\n", lock=True)
    todo, _record = core.decide({NUMA: "0"}, {}, root)
    assert todo == ({}, {NUMA: "0"}, {})


def test_the_way_back(kernel):
    root = kernel(NUMA, "0\n")
    todo, record = core.decide({}, {NUMA: "1"}, root)
    assert (todo.write, record) == ({NUMA: "1"}, {})
    root = kernel(NUMA, "1\n")
    assert core.decide({}, {NUMA: "1"}, root)[0].write == {}


def test_files_for_the_next_boot():
    keep = {NUMA: "0", HUGE: "madvise"}
    assert core.sysctl_file(keep).endswith("kernel.numa_balancing = 0\n")
    assert core.tmpfiles_file(keep).endswith(f"w- {HUGE} - - - - madvise\n")
    assert core.sysctl_file({HUGE: "x"}) == core.tmpfiles_file({NUMA: "0"}) == ""
    assert core.load(core.dump(keep)) == keep
    assert (core.dump({}), core.load("")) == ("", {})


def test_a_real_file_that_can_be_written(tmp_path):
    path = tmp_path / "proc/sys/a/b"
    path.parent.mkdir(parents=True)
    path.write_text("1")
    assert core.can_write("a.b", str(tmp_path))
    assert not core.can_write("a.c", str(tmp_path))


@pytest.mark.parametrize(
    ("kinds", "line", "problem"),
    [
        (["DMA-FQ"], "quiet", True),
        (["DMA"], "intel_iommu=on", True),
        (["DMA"], "intel_iommu=on iommu=pt", False),
        (["identity"], "quiet", False),
        ([], "amd_iommu=on", True),
        ([], "amd_iommu=on iommu=pt", False),
        ([], "iommu.passthrough=1", False),
        ([], "", False),
    ],
)
def test_iommu(kinds, line, problem):
    assert core.iommu_problem(kinds, line) is problem
