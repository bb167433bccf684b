# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds of the driver's modules, and what a failed build says."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import dkms
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import TIMED_OUT

from tests.unit.module_utils._driver.recorded import said


def test_the_compilers_own_line():
    log = said("make-open-550.log")
    line = dkms.first_error(log)
    assert line == "nvidia/nv-pci.c:237:9: error: too few arguments to function ‘pci_resize_resource’"
    assert any("r = pci_resize_resource(" in text for text in dkms.around(log, line))


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("cc x\nmake[1]: *** No rule to make target 'x'\n", "make[1]: *** No rule to make target 'x'"),
        (
            "ERROR: modpost: GPL-incompatible module nvidia.ko\nmake: *** x\n",
            "ERROR: modpost: GPL-incompatible module nvidia.ko",
        ),
        ("nothing of the kind\n", "nothing of the kind"),
        ("", "?"),
    ],
)
def test_other_ends_of_a_build(log, line):
    assert dkms.first_error(log) == line


def source_tree(tmp_path):
    folder = tmp_path / "src" / "nvidia-current-535.1"
    folder.mkdir(parents=True)
    (folder / "dkms.conf").write_text('PACKAGE_NAME="nvidia-current"\nPACKAGE_VERSION="535.1"\n')
    other = tmp_path / "src" / "nvidia-fs-2"
    other.mkdir()
    (other / "dkms.conf").write_text("PACKAGE_NAME=nvidia-fs\nPACKAGE_VERSION=2\n")
    return str(tmp_path / "src")


def test_builds_what_is_missing_and_nothing_else(tmp_path):
    state, calls = {"k1": "installed", "k2": ""}, []

    def run(argv, _seconds):
        kernel = argv[argv.index("-k") + 1] if "-k" in argv else ""
        calls.append((argv[1], kernel))
        if argv[1] == "status":
            return 0, f"nvidia-current/535.1, {kernel}, x86_64: {state[kernel]}\n" if state[kernel] else ""
        state[kernel] = {"build": "built", "install": "installed"}.get(argv[1], "")
        return 0, ""

    found = dkms.Dkms(run, "^nvidia(?!-fs)", str(tmp_path / "tree"), source_tree(tmp_path))
    (source,) = found.sources
    assert source == dkms.Source("nvidia-current", "535.1")
    assert found.state(source, "k1") == "installed"
    found.build(source, "k2", 10)
    assert [verb for verb, _kernel in calls if verb != "status"] == ["add", "build", "install"]
    assert state["k2"] == "installed"


def test_a_failed_build_tells_the_compilers_line(tmp_path):
    tree = tmp_path / "tree" / "nvidia-current" / "535.1" / "build"
    tree.mkdir(parents=True)
    (tree / "make.log").write_text(said("make-open-550.log"))

    def run(argv, _seconds):
        return (10, said("dkms-build-open-550.log")) if argv[1] == "build" else (0, "")

    found = dkms.Dkms(run, "^nvidia-current", str(tmp_path / "tree"), source_tree(tmp_path))
    with pytest.raises(dkms.BuildFailed) as caught:
        found.build(found.sources[0], "6.12.117", 10)
    assert any("pci_resize_resource" in line for line in caught.value.evidence)
    text = caught.value.message("gpu01")
    assert "--- log" in text
    assert caught.value.rule == "LLM565" and "pci_resize_resource" in text and "6.12.117" in text


def test_a_build_without_end(tmp_path):
    found = dkms.Dkms(
        lambda argv, _s: (TIMED_OUT if argv[1] == "build" else 0, ""),
        "^nvidia-current",
        str(tmp_path),
        source_tree(tmp_path),
    )
    with pytest.raises(Refusal) as caught:
        found.build(found.sources[0], "k", 7)
    assert "7 s" in caught.value.reason.en and "nvidia_driver_build_timeout" in caught.value.remedy.en
