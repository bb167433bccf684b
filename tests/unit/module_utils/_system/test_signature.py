# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import stat

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signature as core

WHO, NAMESPACE = "maker", "yitiji-test"


@pytest.fixture
def signed(tmp_path):
    key, path = str(tmp_path / "keys" / "key"), tmp_path / "file"
    assert core.ensure_key(key, "test") and not core.ensure_key(key, "test")
    path.write_text("content")
    core.sign(str(path), key, NAMESPACE)
    return str(path), key, core.public_key(key)


def test_a_signature_belongs_to_its_content_key_and_purpose(signed, tmp_path):
    path, key, public = signed
    assert core.belongs(path, public, WHO, NAMESPACE)
    assert core.belongs(path, public + " a comment", WHO, NAMESPACE)
    assert not core.belongs(path, public, WHO, "yitiji-other")
    assert not core.belongs(path, "", WHO, NAMESPACE)
    core.ensure_key(str(tmp_path / "other"), "test")
    assert not core.belongs(path, core.public_key(str(tmp_path / "other")), WHO, NAMESPACE)
    with open(path, "a", encoding="utf-8") as file:
        file.write("!")
    assert not core.belongs(path, public, WHO, NAMESPACE)
    core.sign(path, key, NAMESPACE)  # over the old one
    assert core.belongs(path, public, WHO, NAMESPACE)


def test_without_a_signature_nothing_belongs(tmp_path):
    (tmp_path / "file").write_text("x")
    assert not core.belongs(str(tmp_path / "file"), "ssh-ed25519 AAAA", WHO, NAMESPACE)


def test_the_private_key_is_for_its_owner_alone_and_the_public_half_can_be_had_without_its_file(signed, tmp_path):
    _path, key, public = signed
    assert stat.S_IMODE((tmp_path / "keys" / "key").stat().st_mode) == 0o600
    (tmp_path / "keys" / "key.pub").unlink()
    assert core.public_key(key) == public
    assert core.fingerprint(public).startswith("SHA256:") and core.fingerprint("no key") == "?"
    assert core.allowed(WHO, NAMESPACE, public + " me") == f'{WHO} namespaces="{NAMESPACE}" {public}\n'


def test_what_is_no_key_cannot_sign(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "key").write_text("no key")
    with pytest.raises(core.Unsigned):
        core.sign(str(tmp_path / "file"), str(tmp_path / "key"), NAMESPACE)


def test_a_signature_can_be_read_by_everybody(signed, tmp_path):
    path, _key, _public = signed
    assert stat.S_IMODE((tmp_path / ("file" + core.SUFFIX)).stat().st_mode) == 0o644 and path.endswith("file")
