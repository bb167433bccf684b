# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare node: check mode predicts the changes, and refusals come before the first change."""

from __future__ import annotations

import json
import re

import labctl
import pytest
import sitectl

REFUSALS = {
    "unknown-profile": {
        "options": {"appliance_profile": "no-such-tier"},
        "says": ["no-such-tier", "gpu01", "appliance_profile", "flagship"],
    },
    "model-not-on-the-hub": {
        "options": {"appliance_model": "yitiji-lab/no-such-model"},
        "says": ["yitiji-lab/no-such-model", "gpu01", "appliance_model"],
    },
    "disk-too-small": {
        "prepare": "mkdir -p /srv/models && mount -t tmpfs -o size=4m tmpfs /srv/models",
        "repair": "umount /srv/models; rmdir /srv/models",
        "says": ["LLM101", "gpu01", "/srv/models", "appliance_weights_dir"],
    },
    "port-in-use": {
        "prepare": "systemd-run -q --unit=squatter python3 -m http.server 443; "
        "for _ in $(seq 50); do ss -Hltn 'sport = :443' | grep -q . && break; sleep 0.1; done",
        "repair": "systemctl stop squatter",
        "says": ["LLM108", "gpu01", "443", "python3", "appliance_https_port"],
    },
    "unreachable-node": {
        "inventory": ("tests/e2e/unreachable.yml",),
        "says": ["LLM107", "gpu02", "10.77.0.99", "power", "ansible_ssh_common_args"],
    },
    "wrong-type": {
        "options": {"appliance_engine_port": "eighty"},
        "says": ["appliance_engine_port", "gpu01", "int", "eighty"],
    },
}


@pytest.fixture(scope="module", autouse=True)
def bare_node():
    labctl.clean_node()


@pytest.fixture
def untouched():
    before = labctl.fingerprint()
    yield
    assert labctl.fingerprint() == before, "the node is not as it was"


def refusal(name: str) -> sitectl.Run:
    case = REFUSALS[name]
    options = [f"-e '{json.dumps(case['options'])}'"] if "options" in case else []
    return sitectl.site(f"refused-{name}", *options, inventory=case.get("inventory", ()))


def test_check_mode_foretells_and_changes_nothing(untouched):
    run = sitectl.site("check-bare", "--check", "--diff")
    assert run.ok, run.story()
    told = "\n".join(run.changes())
    for what in ("weights", "image", "unit"):
        assert what in told, f"check mode does not foretell: {what}\n{told}"


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_before_anything_changes(name):
    case = REFUSALS[name]
    if "prepare" in case:
        labctl.node(case["prepare"])
    before = labctl.fingerprint()
    try:
        run = refusal(name)
        assert not run.ok, f"accepted: {run.output[-2000:]}"
        assert labctl.fingerprint() == before, "the node is not as it was"
    finally:
        if "repair" in case:
            labctl.node(case["repair"])
    assert run.changes() == []
    message = "\n".join(run.failures())
    missing = [word for word in case["says"] if word not in message]
    assert not missing, f"the message lacks {missing}:\n{message}"
    assert re.search(r"LLM\d{3}", message), f"no rule id:\n{message}"
    assert re.search(r"[\u4e00-\u9fff]", message), f"no Chinese:\n{message}"
