# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing weights: ours alone, and never while in use."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    STAMP,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import remove


def test_removal_leaves_foreign_files(installed):
    (installed / "sub/mine").write_text("x")
    assert sorted(remove.remove_all(str(installed), "o/m", True))[-1] == "sub/a" and (installed / "b").exists()
    remove.remove_all(str(installed), "o/m", False)
    assert [str(path.relative_to(installed)) for path in sorted(installed.rglob("*"))] == ["sub", "sub/mine"]
    assert remove.remove_all(str(installed), "o/m", False) == []


def test_removal_of_all(installed):
    remove.remove_all(str(installed), "o/m", False)
    assert not installed.exists()


def test_no_removal_of_another_model(installed):
    with pytest.raises(Refusal, match="it holds o/m"):
        remove.remove_all(str(installed), "o/other", False)


def test_no_removal_while_in_use(installed, monkeypatch):
    monkeypatch.setattr(remove.os, "getpid", lambda: 0)  # this process counts as another
    with open(installed / "b", encoding="utf-8"), pytest.raises(Refusal) as caught:
        remove.remove_all(str(installed), "o/m", False)
    assert caught.value.rule == "LLM619" and (installed / STAMP).exists()


def test_who_maps_a_file_is_seen_though_nothing_is_open(tmp_path):
    """In a folder like /proc: the first has it mapped, the second another file, the third is gone already."""
    model = tmp_path / "model"
    model.write_text("x")
    state = model.stat()
    device = f"{os.major(state.st_dev):02x}:{os.minor(state.st_dev):02x}"
    span, rest = "7f0000000000-7f0000001000", "r--p 00000000"
    maps = {
        "7": f"{span} {rest} 00:00 0 \n{span} {rest} {device} {state.st_ino} {model} (deleted)\n",
        "8": f"{span} {rest} {device} {state.st_ino + 1} {state.st_ino}\n{span} {rest} {device} {state.st_ino}\n",
        "10": f"{span} {rest} {device} {state.st_ino} /a\n",
        "self": f"{span} {rest} {device} {state.st_ino} /a\n",
    }
    for pid, text in maps.items():
        (tmp_path / "proc" / pid).mkdir(parents=True)
        (tmp_path / "proc" / pid / "maps").write_text(text)
    (tmp_path / "proc/7/comm").write_text("vllm\n")
    (tmp_path / "proc/9").mkdir()
    found = remove.users_of({(state.st_dev, state.st_ino)}, str(tmp_path / "proc"))
    assert found == ["vllm (pid 7)", "? (pid 10)"]


def test_a_device_is_read_as_the_kernel_writes_it(tmp_path):
    """Its two numbers are hexadecimal."""
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/maps").write_text("7f0000000000-7f0000001000 r--p 00000000 fd:1a 42 /model\n")
    users = {number: remove.users_of({(number, 42): "model"}, str(tmp_path / "proc"))
             for number in (os.makedev(0xFD, 0x1A), os.makedev(0x1A, 0xFD))}  # fmt: skip
    assert list(users.values()) == [["? (pid 7)"], []]
