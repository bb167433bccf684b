# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys of teams: made, given, suspended, revoked, never said."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys as core

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))
from run_module import four_states, run

LIMITS = {"rate": 10, "burst": 2, "concurrency": 3}
OWN = "a-long-key-of-my-own-0123456789"
root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


def test_limits_of_a_team_that_states_none():
    first, second = core.parse([{"name": "a"}, {"name": "b", "rate": 0, "concurrency": "5"}], LIMITS)
    assert (first.rate, first.burst, first.concurrency) == (10, 2, 3)
    assert (second.rate, second.concurrency) == (0, 5)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"name": "A"}, "LLM805"),
        ({"name": "a/../b"}, "LLM805"),
        ({"name": "x" * 40}, "LLM805"),
        ({}, "LLM805"),
        ({"name": "a", "ratte": 3}, "LLM805"),
        ({"name": "a", "rate": "many"}, "LLM805"),
        ({"name": "a", "burst": -1}, "LLM805"),
        ({"name": "a", "state": "gone"}, "LLM805"),
        ({"name": "a", "sha256": "12"}, "LLM805"),
        ({"name": "a", "sha256": "0" * 64, "value": OWN}, "LLM805"),
        ({"name": "a", "value": "two words of a key"}, "LLM805"),
        ({"name": "a", "value": "1234"}, "LLM802"),
    ],
)
def test_wrong_rows(row, rule):
    with pytest.raises(Refusal) as caught:
        core.parse([row], LIMITS)
    assert caught.value.rule == rule


def test_the_same_twice():
    for rows in (
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a", "sha256": "0" * 64}, {"name": "b", "sha256": "0" * 64}],
    ):
        with pytest.raises(Refusal):
            core.parse(rows, LIMITS)


def test_an_engine_key_that_is_no_header():
    assert core.render_engine("abc") == 'proxy_set_header Authorization "Bearer abc";\n'
    assert core.render_engine("") == 'proxy_set_header Authorization "";\n'
    with pytest.raises(ValueError, match="header"):
        core.render_engine('a"; return 200; #')


@pytest.fixture
def place(tmp_path):
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets/engine-key").write_text("the-engines-own-key\n")
    return tmp_path


def arguments(place, keys, **more):
    return {"keys": keys, "directory": str(place / "secrets"), "map": str(place / "n/keys.conf"),
            "engine_header": str(place / "n/engine.conf"), **more}  # fmt: skip


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
