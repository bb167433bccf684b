# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json: merged, taken out again, refused."""

from __future__ import annotations

import json
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import daemon_json as config
from hypothesis import given, settings
from hypothesis import strategies as st

EMPTY = config.Record({}, {})


LIVE = {"bip": "10.9.0.1/24", "log-opts": {"labels": "x", "max-size": "1g"}, "dns": ["1.1.1.1"]}


WANTED = {"log-opts": {"max-size": "50m"}, "registry-mirrors": ["https://m"]}


keys = st.sampled_from("abcd")


values = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2), st.booleans())


trees = st.recursive(
    st.dictionaries(keys, values, max_size=3), lambda t: st.dictionaries(keys, st.one_of(values, t), max_size=3)
)


def test_merge_keeps_what_others_wrote():
    result, _record = config.merge(LIVE, WANTED, EMPTY)
    assert result == {
        "bip": "10.9.0.1/24",
        "log-opts": {"labels": "x", "max-size": "50m"},
        "dns": ["1.1.1.1"],
        "registry-mirrors": ["https://m"],
    }


def test_merge_is_idempotent_and_remembers_the_first_value():
    once, record = config.merge(LIVE, WANTED, EMPTY)
    twice, record2 = config.merge(once, WANTED, config.Record.load(record.dump()))
    assert twice == once
    assert record2.previous[("log-opts", "max-size")] == "1g"


def test_what_is_no_longer_wanted_goes_back():
    once, record = config.merge(LIVE, WANTED, EMPTY)
    back, record = config.merge(once, {}, record)
    assert back == LIVE
    assert json.loads(record.dump()) == []


def test_a_value_that_somebody_changed_since_stays():
    once, record = config.merge(LIVE, WANTED, EMPTY)
    once["registry-mirrors"] = ["https://theirs"]
    back, _record = config.merge(once, {}, record)
    assert back["registry-mirrors"] == ["https://theirs"]


def test_an_object_that_we_made_goes_when_it_is_empty():
    once, record = config.merge({}, WANTED, EMPTY)
    assert config.merge(once, {}, record)[0] == {}


@settings(deadline=None)
@given(trees, trees)
def test_merging_twice_is_merging_once(live, wanted):
    once, record = config.merge(live, wanted, EMPTY)
    again, record = config.merge(once, wanted, config.Record.load(record.dump()))
    assert again == once
    assert all(config._get(once, path) == value for path, value in config.flatten(wanted).items())


COMMA = 8 if sys.version_info >= (3, 13) else 9  # newer Pythons name the comma itself, older ones what follows it


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"a": 1,}', f"line 1, column {COMMA}"), ('{\n "a": tru\n}', "line 2, column 7"), ("[]", "JSON object")],
)
def test_broken_json_is_refused_with_its_place(text, place):
    with pytest.raises(Refusal) as caught:
        config.parse(text, "/etc/docker/daemon.json")
    message = caught.value.message("gpu01")
    assert caught.value.rule == "LLM306"
    assert place in message
    assert message.startswith("[LLM306] gpu01: /etc/docker/daemon.json")


def test_empty_file_is_no_options():
    assert config.parse(" \n", "x") == {}


@pytest.mark.parametrize("kind", ["containers/abc", "image/overlay2/imagedb/content/sha256/abc", "volumes/v/_data"])
def test_data_root_is_not_moved_away_from_data(tmp_path, kind):
    (tmp_path / "old" / kind).mkdir(parents=True)
    live = {"data-root": str(tmp_path / "old")}
    with pytest.raises(Refusal) as caught:
        config.check_data_root(live, {"data-root": str(tmp_path / "new")})
    assert caught.value.rule == "LLM307"
    assert str(tmp_path / "old") in caught.value.remedy.en


def test_data_root_may_move_when_empty_or_same(tmp_path):
    (tmp_path / "old" / "containers").mkdir(parents=True)
    live = {"data-root": str(tmp_path / "old")}
    config.check_data_root(live, {"data-root": str(tmp_path / "new")})
    (tmp_path / "old" / "containers" / "abc").mkdir()
    config.check_data_root(live, {"data-root": str(tmp_path / "old") + "/"})


def test_data_root_default_and_old_name():
    assert config.data_root({}) == "/var/lib/docker"
    assert config.data_root({"graph": "/d/"}) == "/d"


START = config.docker_flags.Start(["/usr/bin/dockerd", "-H", "fd://"], ["/lib/docker.service"])


@pytest.mark.parametrize(
    ("options", "words", "said"),
    [
        ({"hosts": ["unix:///x"]}, START.words, "hosts"),
        ({"registry-mirror": ["https://m"]}, START.words, "registry-mirrors"),
        ({"bip": "10.1.0.1/16"}, [*START.words, "--config-file=/other"], "/other"),
    ],
)
def test_what_docker_could_not_start_with_is_refused(options, words, said):
    with pytest.raises(Refusal) as caught:
        config.check_start(options, "/etc/docker/daemon.json", START._replace(words=words))
    assert caught.value.rule == "LLM306" and said in caught.value.reason.en and said in caught.value.reason.zh
    config.check_start({"bip": "10.1.0.1/16"}, "/etc/docker/daemon.json", START)


@pytest.fixture
def dockerd(tmp_path, monkeypatch):
    def make(script):
        program = tmp_path / "dockerd"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(config, "SAFE_PATH", str(tmp_path))

    return make


def test_an_installed_docker_is_asked(dockerd):
    dockerd('echo "unable to configure the Docker daemon with file $3: no such option: nonsense" >&2; exit 1')
    with pytest.raises(Refusal, match="with it: no such option: nonsense") as caught:
        config.validate({"nonsense": 1}, "/etc/docker/daemon.json", START)
    assert caught.value.rule == "LLM306"
    for script in ("exit 0", 'echo "unknown flag: --validate" >&2; exit 125'):
        dockerd(script)
        config.validate({}, "/etc/docker/daemon.json", START)


def test_no_docker_to_ask(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "SAFE_PATH", str(tmp_path))
    config.validate({"nonsense": 1}, "/etc/docker/daemon.json", START)
