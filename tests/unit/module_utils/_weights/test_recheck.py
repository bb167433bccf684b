# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights that change without a trace in size or time."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    CHECKED,
    MANIFEST,
    STAMP,
    WORK,
    Entry,
    Manifest,
    check_stamp,
    write_stamp,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import recheck, remove


@pytest.fixture
def model(tmp_path):
    files = []
    for name in ("a", "sub/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 1000)
        files.append(Entry(name, len(name) * 1000, hashlib.sha256(name.encode() * 1000).hexdigest()))
    manifest = Manifest("o/m", "master", files)
    manifest.save(str(tmp_path / MANIFEST))
    write_stamp(str(tmp_path), manifest, [], [])
    return tmp_path


def change(path):
    """One bit; size and time stay."""
    state = path.stat()
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_what_is_as_it_was(model, capsys):
    assert recheck.main([], [str(model)]) == 0 and "2 files as they were" in capsys.readouterr().out
    found = recheck.last_check(str(model))
    assert found["changed"] == [] and check_stamp(str(model)).valid


def test_a_change_that_nothing_else_shows(model, capsys):
    change(model / "sub/b")
    assert check_stamp(str(model)).valid, "size and time say nothing"
    assert recheck.main([], ["--rate", "1000000000", str(model)]) == 1
    assert "CHANGED" in capsys.readouterr().err and not (model / STAMP).exists()
    assert recheck.last_check(str(model))["changed"] == ["sub/b"]
    assert recheck.check(str(model), recheck.Pace(0)).skipped == "there is no stamp"
    write_stamp(str(model), Manifest.load(str(model / MANIFEST)), [], [])
    assert recheck.last_check(str(model)) is None, "repaired since"


def test_one_bad_reading_is_read_again(model, monkeypatch):
    true, tries = recheck._digest, []

    def flaky(folder, path, pace):
        tries.append(path)
        return "" if len(tries) == 1 else true(folder, path, pace)

    monkeypatch.setattr(recheck, "_digest", flaky)
    assert recheck.check(str(model), recheck.Pace(0)).changed == [] and tries == ["a", "a", "sub/b"]


def test_weights_that_somebody_works_on_are_left_alone(model):
    change(model / "a")
    (model / WORK).mkdir()
    assert "download" in recheck.check(str(model), recheck.Pace(0)).skipped and (model / STAMP).exists()


def test_a_download_that_comes_meanwhile(model, monkeypatch):
    monkeypatch.setattr(recheck, "_digest", lambda *_args: (model / STAMP).unlink(missing_ok=True) or "")
    assert "download" in recheck.check(str(model), recheck.Pace(0)).skipped and not (model / CHECKED).exists()


def test_the_pace():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = recheck.Pace(100, lambda: now[0], sleep)
    for _block in range(10):
        pace.tick(50)
    assert pace.done == 500 and now[0] == pytest.approx(5.0) and len(slept) == 10
    recheck.Pace(0, lambda: now[0], sleep).tick(10**9)
    assert len(slept) == 10


def test_its_record_goes_with_the_weights(model):
    recheck.main([], [str(model)])
    end = recheck.last_check(str(model))["end"]
    for strange in ({"schema": 2, "end": end}, {"schema": 0, "end": end}, {"schema": 1}, {"schema": 1, "end": "now"}):
        (model / CHECKED).write_text(json.dumps(strange))
        assert recheck.last_check(str(model)) is None
    remove.remove_all(str(model), "o/m", False)
    assert not model.exists()
