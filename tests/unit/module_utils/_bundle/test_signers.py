# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose bundles a controller accepts."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import finish, signers

OWN, OTHER = "ssh-ed25519 AAAAown", "ssh-ed25519 AAAAother"


@pytest.mark.parametrize("known, wanted, trust, answer", [
    ([], OWN + " comment", "known", "set"), ([], OTHER, "known", "LLM914"), ([OWN], OTHER, "first_use", "LLM914"),
    ([OWN], "", "known", "known"), ([OTHER, OWN], "", "first_use", "known"), ([], "", "known", "LLM961"),
    ([], "", "first_use", "first_use"), ([OTHER], "", "known", "LLM962"), ([OTHER], "", "first_use", "LLM962"),
])  # fmt: skip
def test_who_is_accepted(tmp_path, known, wanted, trust, answer):
    path = str(tmp_path / "signers")
    for key in known:
        signers.remember(path, key)
    try:
        found = signers.accept("/b", OWN, wanted, path, trust)
    except Refusal as refusal:
        found = refusal.rule
        assert "/b" in refusal.message()
    assert found == answer


def test_a_signer_is_remembered_once_and_privately(tmp_path):
    path = tmp_path / "deep/signers"
    assert signers.remember(str(path), OWN + " who") and not signers.remember(str(path), OWN)
    assert path.read_text() == f'bundle namespaces="yitiji-bundle" {OWN}\n'
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path):
    key = str(tmp_path / "key")
    finish.ensure_key(key)
    said = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout
    assert signers.fingerprint(finish.public_key(key)) == said.split()[1]
    assert signers.fingerprint("nonsense") == "?" == signers.fingerprint("ssh-ed25519 !")


def test_lines_of_another_form_are_of_nobody(tmp_path):
    path = tmp_path / "signers"
    path.write_text(
        f'bundle namespaces="yitiji-bundle" {OWN} with a comment\nbundle namespaces="other" {OTHER}\n'
        f'else namespaces="yitiji-bundle" {OTHER}\nbundle namespaces="yitiji-bundle" ssh-ed25519\n\n# {OTHER}\n'
    )
    assert signers.known(str(path)) == [OWN]
    signers.remember(str(path), OTHER)
    assert signers.known(str(path)) == [OWN, OTHER] and "# " in path.read_text()
