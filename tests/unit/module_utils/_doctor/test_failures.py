# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other people's modules say when they fail, with our words beside it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import PHRASES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import failures

APT = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)"


@pytest.mark.parametrize(
    ("action", "answer", "kind", "said"),
    [
        ("ansible.builtin.systemd_service", {"msg": "Unable to start service x: failed"}, "unit", "Unable to start"),
        ("ansible.builtin.apt", {"msg": "'apt-get install' failed", "stderr": APT}, "lock", APT),
        ("ansible.builtin.apt", {"msg": "No package matching 'x' is available"}, "packages", "No package matching"),
        ("command", {"msg": "non-zero return code", "stderr": "nft: boom\n"}, "command", "nft: boom"),
        # as ansible-core 2.21 says it
        ("command", {"msg": "The command exited with a non-zero return code.", "stderr": "nft: boom\n"}, "command",
         "nft: boom"),
        ("ansible.builtin.copy", {"msg": "failed: [Errno 28] No space left on device"}, "full", "No space left"),
        ("ansible.builtin.template", {"msg": "Destination /x is not there"}, "file", "Destination"),
        ("ansible.builtin.uri", {"msg": "Status code was 502"}, "network", "502"),
        ("ansible.builtin.user", {"msg": "useradd: cannot lock"}, "user", "useradd"),
        ("community.crypto.x509_certificate", {"msg": "bad key"}, "certificate", "bad key"),
        ("community.crypto.x509_certificate", {"msg": "Failed to import the required Python library (cryptography)"},
         "library", "cryptography"),
        ("ansible.builtin.command", {"msg": "MODULE FAILURE", "module_stderr": "x: unsupported locale setting"},
         "locale", "unsupported locale"),
        ("ansible.builtin.file", {"msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "\n"}, "file", "See"),
        ("ansible.builtin.stat", {"results": [{"msg": "ok"}, {"failed": True, "msg": "Permission denied: /x"}]},
         "rights", "Permission denied"),
        ("other.thing.module", {"msg": ""}, "other", "does not say why"),
    ],
)  # fmt: skip
def test_a_failed_step(action, answer, kind, said):
    refusal = failures.explained("docker : Start Docker", action, {"name": "nginx"}, answer)
    assert refusal and refusal.rule == "LLM196"
    how = PHRASES[f"failed.{kind}"].filled({"name": "nginx", "module": ""})
    message = refusal.message("gpu01")
    assert how.en in message and how.zh in message and said in message and "docker : Start Docker" in message
    assert message.count("[LLM196] gpu01") == 2 and "{" not in message


def test_what_has_our_words_already_is_left_alone():
    assert failures.explained("x", "yitiji.deepseek.require", {}, {"msg": "[LLM117] n1: no"}) is None
    inner = {"msg": "One or more items failed", "results": [{"failed": True, "msg": "[LLM117] n1: no"}]}
    assert failures.explained("x", "yitiji.deepseek.require", {}, inner) is None


def test_a_secret_is_not_repeated():
    hidden = failures.explained("x", "ansible.builtin.command", {}, {"_ansible_no_log": True, "msg": "s3cret: boom"})
    assert hidden and "s3cret" not in hidden.message("n1")


def test_every_kind_has_its_words():
    kinds = {*failures.SAID, *failures.MODULES, "other", "silent"}
    assert kinds == {name.partition(".")[2] for name in PHRASES if name.startswith("failed.")}
