# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pinned tarball is unpacked whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import release as core


@pytest.fixture
def tarball(tmp_path):
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "ollama").write_text("#!/bin/sh\n")
    (tree / "bin" / "ollama").chmod(0o755)
    path = tmp_path / "x.tgz"
    subprocess.run(["tar", "-C", str(tree), "-czf", str(path), "."], check=True)
    return path


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_unpacked_and_marked(tarball, tmp_path):
    dest = tmp_path / "opt" / "1.0"
    assert not core.is_there(str(dest), sha(tarball))
    core.unpack(str(tarball), sha(tarball), str(dest), ["bin/ollama"])
    assert core.is_there(str(dest), sha(tarball)) and not core.is_there(str(dest), "0" * 64)
    assert (dest / "bin" / "ollama").exists()
    assert [path.name for path in dest.parent.iterdir()] == ["1.0"]


@pytest.mark.parametrize("how", ["content", "program", "missing", "no tarball"])
def test_anything_wrong_leaves_the_earlier_release(tarball, tmp_path, how, monkeypatch):
    monkeypatch.setattr(core.time, "sleep", lambda _seconds: None)
    dest = tmp_path / "opt" / "1.0"
    core.unpack(str(tarball), sha(tarball), str(dest), ["bin/ollama"])
    source, digest, programs = str(tarball), sha(tarball), ["bin/ollama"]
    if how == "content":
        digest = "0" * 64
    elif how == "program":
        programs = ["bin/other"]
    elif how == "missing":
        source = str(tmp_path / "nowhere.tgz")
    else:
        tarball.write_bytes(b"<html>")
        digest = sha(tarball)
    with pytest.raises(Refusal) as caught:
        core.unpack(source, digest, str(dest), programs)
    assert caught.value.rule == "LLM709" and source in caught.value.reason.zh
    assert (dest / "bin" / "ollama").exists() and [path.name for path in dest.parent.iterdir()] == ["1.0"]


def test_a_full_disk_is_not_the_sources_fault(tarball, tmp_path, monkeypatch):
    tried = []

    def full(*_given):
        tried.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(core, "_copy", full)
    with pytest.raises(OSError, match="No space left"):
        core.unpack(str(tarball), sha(tarball), str(tmp_path / "opt" / "1.0"), [])
    assert len(tried) == 1 and list((tmp_path / "opt").iterdir()) == []


def test_what_a_killed_run_left_is_gone_first_and_folders_can_be_entered(tarball, tmp_path):
    dest = tmp_path / "opt" / "1.0"
    left = tmp_path / "opt/.yitiji-new-1.0/tree"
    left.mkdir(parents=True)
    (left / "old").touch()
    core.unpack(str(tarball), sha(tarball), str(dest), [])
    assert not (dest / "old").exists() and [path.name for path in dest.parent.iterdir()] == ["1.0"]
    core.unpack(str(tarball), sha(tarball), str(tmp_path / "new/1.0"), [])
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_a_link_that_breaks_begins_again_from_the_first_byte(tarball, tmp_path, monkeypatch):
    given, turns = core.open_stream, []

    class Broken:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            self.stream.close()

        def read(self, size=-1):
            turns.append(size)
            if len(turns) == 2:
                raise OSError("broken")
            return self.stream.read(100)

    def opened(source, *more):
        stream, total = given(source, *more)
        return (Broken(stream), total) if not turns else (stream, total)

    monkeypatch.setattr(core, "open_stream", opened)
    monkeypatch.setattr(core.time, "sleep", lambda _seconds: None)
    dest = tmp_path / "opt/1.0"
    core.unpack(str(tarball), sha(tarball), str(dest), ["bin/ollama"])
    assert len(turns) == 2 and core.is_there(str(dest), sha(tarball))
