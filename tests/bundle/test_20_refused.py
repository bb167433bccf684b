# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle that is not whole or not for the node is refused by check.sh and by site.yml, before any change."""

from __future__ import annotations

import labctl
import offline
import pytest

DEB = "apt/bookworm-amd64"


def a_package(folder):
    return sorted((folder / DEB).glob("nginx_*.deb"))[0]


HARMS = {
    "flipped": (lambda f: offline.flipped(a_package(f)), "LLM915", "wrong / 内容不符"),
    "weights-flipped": (
        lambda f: offline.flipped(sorted(f.glob("models/*/*/*.safetensors"))[0]),
        "LLM915",
        "wrong / 内容不符",
    ),
    "missing": (lambda f: a_package(f).unlink(), "LLM915", "missing / 缺少"),
    "superfluous": (lambda f: (f / DEB / "more.deb").write_text("x"), "LLM915", "superfluous / 多余"),
    "manifest": (lambda f: offline.flipped(f / "MANIFEST.json"), "LLM91", "LLM914"),
    "signature": (lambda f: (f / "MANIFEST.json.sig").unlink(), "LLM914", "LLM914"),
    "architecture": (lambda f: offline.retargeted(f, architecture="arm64"), "LLM916", "LLM916"),
    "release": (lambda f: offline.retargeted(f, release="trixie", version="13"), "LLM917", "LLM917"),
}


@pytest.fixture(scope="module", autouse=True)
def node():
    labctl.clean_node()
    yield


def state() -> str:
    """Packages, configuration and units of the node."""
    return labctl.node(
        "dpkg-query -W; find /etc /srv /opt /var/lib/yitiji* -type f -newer /run/systemd/container 2>/dev/null | sort"
    )


@pytest.mark.parametrize("name", HARMS)
def test_refused(name):
    harm, rule, word = HARMS[name]
    folder = offline.copied(name)
    harm(folder)
    status, told = offline.check(folder, "--node" if name in ("architecture", "release") else "")
    assert status == 1 and word in told, told
    before = state()
    run = offline.install(f"bundle-{name}", folder)
    assert not run.ok and run.changes() == []
    assert any(rule in line for line in run.failures()), run.failures()
    assert state() == before
    assert labctl.node("ls -d /var/lib/yitiji-bundle 2>/dev/null; true").strip() == ""


def test_another_signer_is_refused():
    run = offline.install(
        "bundle-signer", offline.OUT, "-e", "appliance_bundle_signer='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIother'"
    )
    assert not run.ok and run.changes() == [] and any("LLM914" in line for line in run.failures())


def test_a_bundle_signed_again_by_a_stranger_is_refused():
    folder = offline.copied("stranger")
    offline.signed_again(folder)
    assert offline.check(folder)[0] == 0, "it fits together"
    run = offline.install("bundle-stranger", folder)
    assert not run.ok and run.changes() == [] and any("LLM962" in line for line in run.failures())
