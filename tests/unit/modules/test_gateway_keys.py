# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module gateway_keys: keys on the node, hashes for nginx."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys as core

from tests.unit.modules.run_module import four_states, run

OWN = "a-long-key-of-my-own-0123456789"


root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets/engine-key").write_text("the-engines-own-key\n")
    return tmp_path


def arguments(place, keys, **more):
    return {"keys": keys, "directory": str(place / "secrets"), "map": str(place / "n/keys.conf"),
            "engine_header": str(place / "n/engine.conf"), "page_map": str(place / "n/page.conf"),
            "device": str(place / "n/device.js"), **more}  # fmt: skip


def key_of(place, team):
    return (place / f"secrets/gateway-key-{team}").read_text().strip()


@root
def test_a_key_is_made_and_nginx_learns_its_hash_alone(place):
    answers = four_states("gateway_keys", arguments(place, [{"name": "a"}, {"name": "b", "state": "suspended"}]))
    assert answers[1]["made"] == ["a", "b"] and answers[3]["made"] == []
    key = key_of(place, "a")
    assert len(key) >= 40
    text = (place / "n/keys.conf").read_text()
    assert f'{hashlib.sha256(key.encode()).hexdigest()} "a";' in text and '"!b";' in text
    assert key not in text and key not in json.dumps(answers)
    assert "the-engines-own-key" not in json.dumps(answers)
    assert {oct(p.stat().st_mode)[-3:] for p in [*(place / "n").iterdir(), *(place / "secrets").glob("gateway-*")]} == {
        "600"
    }


@root
def test_revoking(place):
    run("gateway_keys", arguments(place, [{"name": "a"}, {"name": "b"}]))
    old = key_of(place, "a")
    gone = run("gateway_keys", arguments(place, [{"name": "b"}]))
    assert gone["revoked"] == ["a"] and core.digest(old) not in (place / "n/keys.conf").read_text()
    assert key_of(place, "a") == old, "a list that is short by mistake loses no key"
    run("gateway_keys", arguments(place, [{"name": "a", "state": "absent"}, {"name": "b"}]))
    run("gateway_keys", arguments(place, [{"name": "a"}, {"name": "b"}]))
    assert key_of(place, "a") != old, "a removed key never comes back"


@root
def test_keys_of_ones_own(place):
    digest = core.digest("kept elsewhere")
    said = run("gateway_keys", arguments(place, [{"name": "a", "value": OWN}, {"name": "b", "sha256": digest}]))
    assert said["made"] == ["a"] and key_of(place, "a") == OWN
    assert f'{digest} "b";' in (place / "n/keys.conf").read_text()
    assert not (place / "secrets/gateway-key-b").exists()
    assert OWN not in json.dumps(said)


@root
def test_absent_removes_all_but_the_engines_key(place):
    run("gateway_keys", arguments(place, [{"name": "a"}]))
    four_states("gateway_keys", arguments(place, [], state="absent"))
    assert [p.name for p in (place / "secrets").iterdir()] == ["engine-key"]


@root
def test_a_wrong_list_changes_nothing(place):
    said = run("gateway_keys", arguments(place, [{"name": "A"}]))
    assert said["failed"] and "[LLM805]" in said["msg"] and not (place / "n").exists()
