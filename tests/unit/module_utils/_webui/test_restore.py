# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The swap of the users' data: in one step, and back again where it fails."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import restore as core

from tests.unit.module_utils._webui.page_data import ADMIN, NOW


@pytest.fixture
def commands(monkeypatch):
    ran = []

    def run(words, _seconds):
        ran.append(" ".join(words))
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(core, "run", run)
    monkeypatch.setattr(core.signal, "signal", lambda number, handler: None)
    return ran


@pytest.fixture
def work(tmp_path):
    given = {"archive": str(tmp_path / "a.tar.gz"), "data_dir": str(tmp_path / "data"), "image": NOW, "admin": ADMIN,
             "secrets_dir": str(tmp_path / "secrets"), "owner": os.getuid(), "unit": "u", "replace": True}  # fmt: skip
    (tmp_path / "data").mkdir()
    (tmp_path / "data/old").write_text("old")
    found = core.Restore(given)
    (found.stage / "data").mkdir(parents=True)
    (found.stage / "data/new").write_text("new")
    return found


root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@root
def test_the_new_data_take_the_place_and_the_old_stay_beside(work, commands, tmp_path):
    (work.stage / "secrets").mkdir()
    (work.stage / "secrets/open-webui-session").write_text("of the archive\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/open-webui-session").write_text("of before\n")
    work.swap()
    assert (work.data / "new").exists() and (work.before / "old").exists()
    assert (tmp_path / "secrets/open-webui-session").read_text() == "of the archive\n"
    assert Path(f"{work.before}.secrets", "open-webui-session").read_text(encoding="utf-8") == "of before\n"
    assert commands == ["systemctl stop u"], "the role starts the page"


@root
def test_where_names_cannot_change_places_they_move_one_after_the_other(work, commands, monkeypatch):
    monkeypatch.setattr(core.ctypes, "CDLL", lambda _name: object())
    work.swap()
    assert (work.data / "new").exists() and (work.before / "old").exists()


@pytest.mark.parametrize("together", [True, False])
def test_a_swap_that_fails_puts_the_old_data_back_and_starts_the_page(work, commands, monkeypatch, together):
    if not together:
        monkeypatch.setattr(core, "exchange", lambda *_names: False)
    rename = os.rename

    def fails_once(source, target):
        if str(source).endswith("/data") and ".restore" in str(source):
            raise OSError(errno.EIO, "input/output error")
        rename(source, target)

    monkeypatch.setattr(core.os, "rename", fails_once)
    with pytest.raises(OSError, match="input/output"):
        work.swap()
    assert (work.data / "old").exists() and not work.before.exists()
    assert commands == ["systemctl stop u", "systemctl start --no-block u"]


def test_a_signal_does_not_stop_a_swap_in_the_middle(work, commands, monkeypatch):
    ignored = []
    monkeypatch.setattr(core.signal, "signal", lambda number, handler: ignored.append((number, handler)))
    work.swap()
    assert ignored == [(signal.SIGTERM, signal.SIG_IGN), (signal.SIGHUP, signal.SIG_IGN)]
