# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: made well, kept closed, quoted for a shell, weak ones refused."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets as core


def test_make():
    made = {core.make(32) for _ in range(50)}
    assert len(made) == 50
    assert all(len(value) == 32 and value.replace("_", "a").isalnum() for value in made)


@pytest.mark.parametrize("value", ["1234", "changeme", "Password", "short-one", "long enough\nbut two lines"])
def test_weak_values_are_refused_and_not_repeated(value):
    with pytest.raises(Refusal) as caught:
        core.check_value("open-webui-admin", value)
    assert caught.value.rule == "LLM733"
    assert value not in caught.value.message("gpu01")


def test_good_value():
    core.check_value("x", "correct-horse-battery")


@pytest.mark.parametrize("name", ["../x", "A", "", "a b", "-a"])
def test_names(name):
    with pytest.raises(Refusal, match="name for a secret"):
        core.check_name(name)
    core.check_name("engine-key")


def test_a_shell_reads_back_every_value(tmp_path):
    values = {"A": 'it\'s $HOME `id` "x" \\', "B": "密钥"}
    (tmp_path / "env").write_text(core.shell_lines(values), encoding="utf-8")
    script = '. ./env; exec "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", "printenv", "A", "B"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{values['A']}\n{values['B']}\n"
    with pytest.raises(Refusal, match="variable"):
        core.shell_lines({"A;id": "x"})


def test_problems(tmp_path):
    path = tmp_path / "s"
    uid, gid = os.getuid(), os.getgid()
    assert core.problems(path, 0o600, uid, gid) == ["absent"]
    path.write_text("x\n")
    path.chmod(0o644)
    assert core.problems(path, 0o600, uid + 1, gid) == ["mode 0644", f"owner {uid}:{gid}"]
    path.chmod(0o600)
    assert core.problems(path, 0o600, uid, gid) == []
    link = tmp_path / "l"
    link.symlink_to(path)
    assert "not a regular file" in core.problems(link, 0o600, uid, gid)


def test_read(tmp_path):
    assert core.read(tmp_path / "none") is None
    (tmp_path / "e").write_text("\n")
    assert core.read(tmp_path / "e") is None
    (tmp_path / "v").write_text(" v \n")
    assert core.read(tmp_path / "v") == "v"


def test_private_folder(tmp_path):
    core.private_folder(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("data", [b"", b" \n", b"a\nb\n", b"a\n\n", b"a\rb", b"a\0b", b"\xff", b"a" * 9000])
def test_a_file_that_is_no_single_secret(data):
    assert not core.is_value(data)


def test_a_file_that_is_one_secret():
    assert core.is_value(b"a'b c\n") and core.is_value("密钥".encode())


def test_a_folder_of_secrets_is_closed_also_where_it_stood_open(tmp_path):
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("there", "new/inner", "there"):
        core.private_folder(str(tmp_path / name))
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700


def test_twelve_letters_are_enough_and_eleven_are_not():
    core.check_value("x", "k" * 12)
    with pytest.raises(Refusal):
        core.check_value("x", "k" * 11)
