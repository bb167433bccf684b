# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkers' own settings: every core has its list, every exception its reason, and every Python is a real one."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest
import pythons
import yaml

from tests.checkers.cores import CORES, OLDEST

ROOT = Path(__file__).resolve().parents[3]


def test_the_oldest_core_is_the_one_that_the_collection_asks_for():
    asked = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert asked == f">={OLDEST}.0"


def test_every_core_has_its_list_of_exceptions():
    assert {p.name for p in (ROOT / "tests/sanity").iterdir()} == {f"ignore-{core}.txt" for core in CORES}


@pytest.mark.parametrize("core", CORES)
def test_every_exception_has_a_reason_and_a_file(core):
    lines = (ROOT / f"tests/sanity/ignore-{core}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))
    for line in lines:
        what, _, reason = line.partition(" # ")
        assert len(reason.split()) > 3, f"why? {line}"
        assert (ROOT / what.split()[0]).is_file() and len(what.split()) == 2, line


def shipped() -> list[str]:
    """Names of the files that come into the artefact."""
    left_out = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    folders = {name: [str(place) for place in (Path(name), *Path(name).parents)] for name in names}
    return [name for name in names if not any(fnmatch.filter(folders[name], pattern) for pattern in left_out)]


@pytest.mark.parametrize("core", CORES)
def test_chinese_quotation_marks_are_excepted_wherever_they_are(core):
    """ansible-test's no-smart-quotes, without ansible-test."""
    lines = (ROOT / f"tests/sanity/ignore-{core}.txt").read_text(encoding="utf-8").splitlines()
    excepted = {line.split()[0] for line in lines if line.split()[1] == "no-smart-quotes"}
    marks = re.compile("[\u2018\u2019\u201c\u201d]")
    quoted = {name for name in shipped() if marks.search((ROOT / name).read_bytes().decode("utf-8", "replace"))}
    assert quoted == excepted


def test_each_core_runs_on_a_python_that_it_knows():
    assert all(release.startswith(core + ".") for core, (release, _) in CORES.items())
    assert [c for c, (_, python) in CORES.items() if int(c[2:]) >= 20 and int(python[2:]) < 12] == []


def test_a_shim_without_a_python_behind_it_is_none(tmp_path, monkeypatch):
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.99: command not found' >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert pythons.find("3.99") == ""


def test_a_python_may_be_named(monkeypatch):
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    monkeypatch.setenv("PYTHON" + version.replace(".", ""), sys.executable)
    assert Path(pythons.find(version)).samefile(sys.executable)
    monkeypatch.setenv("PYTHON399", sys.executable)  # it is not what its name says
    monkeypatch.setenv("PYENV_ROOT", "/nowhere")
    assert pythons.find("3.99") == ""
