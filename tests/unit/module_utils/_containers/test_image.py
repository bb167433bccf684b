# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is found by id or digest, chosen from archives, loaded whole or not at all."""

from __future__ import annotations

import http.client
import io
import json
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import archive
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream as http_stream

from tests.unit.module_utils._containers.anyone import anyone

ID = "sha256:" + "a" * 64


DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def docker(tmp_path, monkeypatch):
    root = tmp_path / "images"
    root.mkdir()
    monkeypatch.setenv("FAKE_DOCKER", str(root))
    script = tmp_path / "docker"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("fake_docker.py")} "$@"\n')
    script.chmod(0o755)
    return str(script)


def put(docker, name, found):
    (Path(docker).parent / "images" / name.replace("/", "_")).write_text(json.dumps(found))


def test_found_by_id_then_digest_never_by_a_tag_alone_when_pinned(docker):
    put(docker, "r/x:1", {"Id": "sha256:other"})
    assert core.find(docker, core.Image("r/x:1", id=ID)) is None
    put(docker, ID, {"Id": ID})
    assert core.find(docker, core.Image("r/x:1", id=ID)) == {"Id": ID}
    put(docker, "r/x@" + DIGEST, {"Id": "sha256:byd"})
    assert core.find(docker, core.Image("r/x:1", digest=DIGEST)) == {"Id": "sha256:byd"}
    assert core.find(docker, core.Image("r/x:1")) == {"Id": "sha256:other"}


def test_a_silent_engine_is_not_an_absent_image(docker):
    put(docker, "broken", {})
    with pytest.raises(Refusal) as caught:
        core.find(docker, core.Image("r/x:1"))
    assert caught.value.rule == "LLM319"


def test_names():
    assert core.Image("h:5000/r/x:1").repository == "h:5000/r/x"
    assert core.Image("h:5000/r/x").repository == "h:5000/r/x"
    assert core.Image("r/x:1", digest=DIGEST).pinned_name == "r/x@" + DIGEST
    assert core.command({"Config": {"Entrypoint": ["a"], "Cmd": ["b"]}}) == ["a", "b"]
    assert core.command({"Config": {"Entrypoint": None, "Cmd": None}}) == []


MANIFEST = "sha256:" + "b" * 64
Z = archive.Packed("sha256:z", ["docker.io/r/x:1"], ["sha256:z"])
TWO = archive.Packed(ID, [], [ID, MANIFEST])
TABLES = {"one": [Z], "two": [TWO], "packed": None}


@pytest.fixture
def tables(monkeypatch):
    def peek(source):
        if source == "dead":
            raise http_stream.Unreadable("dead: refused")
        return TABLES[source]

    monkeypatch.setattr(archive, "peek", peek)


@pytest.mark.usefixtures("tables")
def test_choose_and_resolve():
    by_id, by_tag = core.Image("r/x:1", id=ID), core.Image("r/x:1")
    assert core.choose(by_id, ["one", "two"]) == ("two", TWO)
    assert core.choose(by_tag, ["two", "one"]) == ("one", Z)
    assert core.choose(by_id, ["one", "packed"]) == ("packed", None)
    assert core.choose(by_id, ["one"]) is None
    assert core.choose(by_id, ["dead", "two"]) == ("two", TWO)
    for pinned in (core.Image("r/x:1", id=MANIFEST), core.Image("r/x:1", digest=MANIFEST)):
        assert core.choose(pinned, ["one", "two"]) == ("two", TWO)
        assert core.choose(pinned, ["one"]) is None
    assert core.resolve(by_tag, ["dead", "two", "one"]).id == "sha256:z"
    assert core.resolve(by_id, ["one"]) == by_id
    with pytest.raises(Refusal, match="dead: refused"):
        core.choose(by_id, ["one", "dead"])


def test_load_streams_and_reports(docker, tmp_path):
    (tmp_path / "i").write_text(ID)
    seen = []
    assert core.load(docker, str(tmp_path / "i"), lambda done, total: seen.append((done, total)), 30) == len(ID)
    assert seen == [(len(ID), len(ID))]
    assert core.find(docker, core.Image("r/x", id=ID))["Id"] == ID


def test_load_failures_are_refusals(docker, tmp_path):
    (tmp_path / "i").write_text("bad archive")
    with pytest.raises(Refusal, match="invalid tar header") as caught:
        core.load(docker, str(tmp_path / "i"), lambda *_: None, 30)
    assert caught.value.rule == "LLM310"
    (tmp_path / "i").write_text(ID)
    with pytest.raises(Refusal, match="time is up"):
        core.load(docker, str(tmp_path / "i"), lambda *_: None, -1)


def test_a_cut_stream_is_not_taken_for_a_whole_archive(docker, tmp_path, monkeypatch):
    (tmp_path / "i").write_text(ID)
    monkeypatch.setattr(http_stream, "open_stream", lambda source: (io.BytesIO(Path(source).read_bytes()), 10_000))
    with pytest.raises(Refusal, match="of 10000 bytes came"):
        core.load(docker, str(tmp_path / "i"), lambda *_: None, 30)


def test_a_server_that_goes_away_is_a_refusal(docker, tmp_path, monkeypatch):
    class Cut(io.BytesIO):
        def read(self, *_size):
            raise http.client.IncompleteRead(b"")

    with pytest.raises(Refusal) as caught:
        core.load(docker, str(tmp_path / "gone"), lambda *_: None, 30)
    assert caught.value.rule == "LLM310"
    monkeypatch.setattr(http_stream, "open_stream", lambda source: (Cut(), 10))
    with pytest.raises(Refusal) as caught:
        core.load(docker, str(tmp_path / "i"), lambda *_: None, 30)
    assert caught.value.rule == "LLM310"


def test_pull(docker):
    core.pull(docker, core.Image("r/x:1", digest=DIGEST), 30, "/tmp/login")
    assert core.find(docker, core.Image("r/x:1", digest=DIGEST))["Id"] == "sha256:pulled"
    assert core.find(docker, core.Image("r/x:1"))["Id"] == "sha256:pulled", "it has its name"
    with pytest.raises(Refusal, match="manifest unknown"):
        core.pull(docker, core.Image("r/gone:1"), 30, "")


def test_unreachable_registry_names_the_way_out():
    with pytest.raises(Refusal) as caught:
        core.check_registry(core.Image("127.0.0.1:1/r/x:1", digest=DIGEST), [], anyone, False)
    assert caught.value.rule == "LLM302"
    assert "appliance_image_archives" in caught.value.remedy.en and "appliance_image_archives" in caught.value.remedy.zh


@pytest.mark.usefixtures("tables")
def test_an_archive_with_another_image_of_that_name_is_refused_by_name():
    core.check_namesakes(core.Image("r/y:1", id=ID), ["one", "two", "packed"])
    with pytest.raises(Refusal) as caught:
        core.check_namesakes(core.Image("r/x:1", id=ID), ["one"])
    assert caught.value.rule == "LLM360" and "sha256:z" in caught.value.remedy.en and ID in caught.value.reason.en


def test_found_by_another_digest_of_the_same_image(docker):
    put(docker, MANIFEST, {"Id": MANIFEST})
    assert core.find(docker, core.Image("r/x:1", id=ID)) is None
    assert core.find(docker, core.Image("r/x:1", id=ID), [MANIFEST]) == {"Id": MANIFEST}


def test_what_was_loaded_and_refused_goes_and_names_are_given_back(monkeypatch):
    done, listed = [], {"r/x:1": "new", "r/y:1": "kept", "old": "old", "other": "other"}
    monkeypatch.setattr(core, "names", lambda docker: listed)
    monkeypatch.setattr(core, "run", lambda words, seconds: done.append(words[1:]))
    core.drop_new("docker", {"r/x:1": "old", "r/y:1": "kept", "other": "other"})
    assert done == [["rmi", "r/x:1"], ["tag", "old", "r/x:1"]]


def test_names_of_what_is_there(docker):
    assert core.names(docker) == {"r/x:1": "sha256:aa", "sha256:bb": "sha256:bb"}
    put(docker, "broken", {})
    with pytest.raises(Refusal, match="Cannot connect"):
        core.names(docker)
