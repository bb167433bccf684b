# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption by the real age, where it is installed; its words where it is not."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import age as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

real = pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")


@pytest.fixture
def key(tmp_path):
    subprocess.run(["age-keygen", "-o", str(tmp_path / "key")], check=True, capture_output=True)
    return tmp_path / "key"


def recipient(key) -> str:
    return subprocess.run(["age-keygen", "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()


@real
def test_who_holds_the_identity_reads_it(tmp_path, key):
    (tmp_path / "plain").write_bytes(b"secret" * 100000)
    assert core.is_recipient(recipient(key))
    core.encrypt(tmp_path / "plain", tmp_path / "closed", [recipient(key)])
    assert core.is_encrypted(tmp_path / "closed") and not core.is_encrypted(tmp_path / "plain")
    assert b"secret" not in (tmp_path / "closed").read_bytes()
    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o600
    core.decrypt(tmp_path / "closed", tmp_path / "open", key)
    assert (tmp_path / "open").read_bytes() == (tmp_path / "plain").read_bytes()


@real
@pytest.mark.parametrize("how", ["another key", "no key", "changed", "cut"])
def test_others_and_damage_are_refused(tmp_path, key, how):
    (tmp_path / "plain").write_bytes(b"secret" * 100000)
    core.encrypt(tmp_path / "plain", tmp_path / "closed", [recipient(key)])
    data = (tmp_path / "closed").read_bytes()
    if how == "another key":
        key.unlink()
        subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    elif how == "no key":
        key.unlink()
    else:
        (tmp_path / "closed").write_bytes(data[:-100] if how == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(Refusal) as caught:
        core.decrypt(tmp_path / "closed", tmp_path / "open", key)
    assert caught.value.rule == "LLM742"


@real
def test_a_recipient_that_is_none_is_told(tmp_path):
    (tmp_path / "plain").write_bytes(b"x")
    with pytest.raises(ValueError, match="age"):
        core.encrypt(tmp_path / "plain", tmp_path / "closed", ["age1nonsense"])


def test_without_the_program(tmp_path, monkeypatch):
    monkeypatch.setattr(core, "PROGRAM", "no-such-age")
    (tmp_path / "x").write_bytes(core.MAGIC)
    with pytest.raises(ValueError, match="no-such-age"):
        core.encrypt(tmp_path / "x", tmp_path / "y", ["age1"])
    with pytest.raises(Refusal, match="not on the controller"):
        core.decrypt(tmp_path / "x", tmp_path / "y", tmp_path / "x")


@pytest.mark.parametrize(
    "text", ["", "age1", "AGE-SECRET-KEY-1" + "Q" * 58, "age1" + "q" * 58 + "\nage1x", "ssh-rsa x\ny"]
)
def test_what_is_no_recipient(text):
    assert not core.is_recipient(text)
