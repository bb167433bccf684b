"""Formats, texts, sharing, removal, clients."""

from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import refusals
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client, origin
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.refusals import Trouble, size_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    MANIFEST,
    STAMP,
    Entry,
    Manifest,
    write_stamp,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import remove
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.formats import (
    check_format,
    check_index,
    check_sets,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import (
    describe,
    directory_listing,
    directory_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.progress_line import progress_line
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.share import share


def tensors(end, size, header=None):
    text = header or json.dumps({"w": {"data_offsets": [0, end]}}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("m.gguf", b"GGUF1234", ""),
        ("m.gguf", b"vers", "does not begin with GGUF"),
        ("m.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS pointer"),
        ("m.safetensors", tensors(9, 9), ""),
        ("m.safetensors", tensors(9, 8), "speaks of 9 bytes of tensors, there are 8"),
        ("m.safetensors", tensors(9, 9, b"not json at all"), "cannot be read"),
        ("m.safetensors", struct.pack("<Q", 1 << 60) + bytes(99), "header's length"),
        ("m.safetensors", b"1234", "header's length"),
        ("m.txt", b"", ""),
    ],
)
def test_formats(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    if not says:
        check_format(str(tmp_path / name), name)
        return
    with pytest.raises(Trouble, match=says) as caught:
        check_format(str(tmp_path / name), name)
    assert caught.value.rule == "LLM602"


def test_split_sets():
    check_sets(["a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "b.gguf"])
    with pytest.raises(Trouble, match="1 of 3 parts are missing: 2"):
        check_sets(["a-00001-of-00003.gguf", "a-00003-of-00003.gguf"])


def test_index_names_its_shards(tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "1", "b": "2"}}))
    check_index(str(tmp_path), ["1", "2", "model.safetensors.index.json"])
    with pytest.raises(Trouble) as caught:
        check_index(str(tmp_path), ["1", "model.safetensors.index.json"])
    assert caught.value.rule == "LLM603"


def test_every_trouble_speaks_both_languages():
    for rule in refusals.TEXTS:
        text = Trouble(rule, path="/p", model="o/m", url="http://h", detail="d").message("gpu01")
        english, chinese = text.split("\n")
        assert english.startswith(f"[{rule}] gpu01: ") and chinese.startswith(f"[{rule}] gpu01：")
        assert any("\u4e00" <= char <= "\u9fff" for char in chinese)


def test_sizes():
    assert [size_text(one) for one in (0, 1023, 1536, 5 << 30, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 GiB",
        "3.00 TiB",
    ]


def test_progress():
    state = {
        "model": "o/m",
        "state": "downloading",
        "files_done": 1,
        "files_total": 4,
        "bytes_done": 1 << 30,
        "bytes_total": 4 << 30,
        "rate": 100 << 20,
        "eta_seconds": 31,
    }
    assert progress_line(state) == "o/m downloading: 1/4 files, 1.0 GiB of 4.0 GiB (25 %), 100.0 MiB/s, 31 s left"
    assert progress_line({}) == "? ?: 0/0 files, 0 B of 0 B"


def test_token_headers_stay_home():
    client = Client("https://hub.example/", "t0ken")
    assert client.headers(origin("https://hub.example/api"))["Cookie"] == "m_session_id=t0ken"
    for other in ("https://cdn.example/x", "http://hub.example/x", "https://hub.example:444/x"):
        assert not {"Cookie", "Authorization"} & set(client.headers(origin(other)))


def test_proxies(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "10.0.0.1")
    client = Client("http://hub.example")
    assert client.proxy(origin("http://hub.example/")) == "http://proxy:3128"
    assert client.proxy(origin("http://10.0.0.1:8801/")) == ""


@pytest.mark.parametrize("endpoint", ["", "hub.example", "ftp://x", "http://"])
def test_endpoint_must_be_http(endpoint):
    with pytest.raises(Trouble):
        Client(endpoint)


NODES = {"a": {"address": "10.0.0.1", "head": True}, "b": {"address": "10.0.0.2"}, "c": {"address": "fd00::3"}}


def test_sharing():
    found = share(NODES, "b", {"a": True, "b": False, "c": False}, 8810)
    assert found == {
        "active": True,
        "fetches": False,
        "mirrors": ["http://10.0.0.1:8810", "http://[fd00::3]:8810"],
        "address": "10.0.0.2",
        "allow": ["10.0.0.1", "fd00::3"],
    }
    assert share(NODES, "a", {"a": False, "b": False}, 8810)["fetches"]


@pytest.mark.parametrize(
    ("nodes", "verified", "wanted"),
    [
        (NODES, {"a": True, "b": True, "c": True}, True),  # nothing to do
        (NODES, {"b": False}, True),  # one node alone
        (NODES, {"b": False, "c": False}, True),  # without the head nobody has it
        (NODES, {"a": False, "b": False}, False),
        ({}, {"b": False}, True),
    ],
)
def test_no_sharing(nodes, verified, wanted):
    found = share(nodes, "b", verified, 8810, wanted)
    assert not found["active"] and found["fetches"] and not found["mirrors"]


@pytest.fixture
def installed(tmp_path):
    files = [Entry("sub/a", 1, "a" * 64), Entry("b", 1, "b" * 64)]
    for one in files:
        (tmp_path / one.path).parent.mkdir(exist_ok=True)
        (tmp_path / one.path).write_bytes(b"x")
    manifest = Manifest("o/m", "master", files)
    manifest.save(str(tmp_path / MANIFEST))
    write_stamp(str(tmp_path), manifest, [], [])
    return tmp_path


def test_removal_leaves_foreign_files(installed):
    (installed / "sub/mine").write_text("x")
    assert sorted(remove.remove_all(str(installed), "o/m", True))[-1] == "sub/a" and (installed / "b").exists()
    remove.remove_all(str(installed), "o/m", False)
    assert [str(path.relative_to(installed)) for path in sorted(installed.rglob("*"))] == ["sub", "sub/mine"]
    assert remove.remove_all(str(installed), "o/m", False) == []


def test_removal_of_all(installed):
    remove.remove_all(str(installed), "o/m", False)
    assert not installed.exists()


def test_no_removal_of_another_model(installed):
    with pytest.raises(Trouble, match="it holds o/m"):
        remove.remove_all(str(installed), "o/other", False)


def test_no_removal_while_in_use(installed, monkeypatch):
    monkeypatch.setattr(remove.os, "getpid", lambda: 0)  # this process counts as another
    with open(installed / "b"), pytest.raises(Trouble) as caught:
        remove.remove_all(str(installed), "o/m", False)
    assert caught.value.rule == "LLM619" and (installed / STAMP).exists()


def test_directory_as_source(tmp_path, installed):
    assert directory_of(str(installed), "o/m") == str(installed)
    assert [one.path for one in directory_listing(str(installed), "o/m")] == ["b", "sub/a"]
    with pytest.raises(Trouble, match="manifest is of o/m"):
        directory_listing(str(installed), "o/other")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Trouble) as caught:
        directory_of(str(tmp_path / "nothing"), "o/m")
    assert caught.value.rule == "LLM615"


def test_description():
    index = {"metadata": {"total_size": 7}, "weight_map": {"x": "s1", "y": "s2"}}
    documents = {"config.json": b'{"model_type": "qwen2"}', "m.safetensors.index.json": json.dumps(index).encode()}
    listing = [Entry(name, 1, "a" * 64) for name in [*documents, "s1"]]
    found = describe(listing, documents.get)
    assert found["config"] == {"model_type": "qwen2"} and found["index"]["shards"] == ["s1", "s2"]
    assert [one["id"] for one in found["warnings"]] == ["LLM603"]
    assert describe([Entry("config.json", 1, "")], lambda _name: b"no")["config"] is None
