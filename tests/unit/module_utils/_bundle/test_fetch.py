# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image out of a registry on loopback that breaks off once: what comes is what the manifest says, as an archive."""

from __future__ import annotations

import errno
import gzip
import hashlib
import http.server
import json
import tarfile
import threading
from typing import ClassVar

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import fetch
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.archive import peek
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import Access, Reference

from tests.unit.module_utils._bundle.samples import CONTENTS
from tests.unit.module_utils.serving import serving


def test_fetch_goes_on_and_refuses(served, tmp_path):
    url = f"http://127.0.0.1:{served[0].server_port}/models/a/b/sub/weights.dat"
    data = CONTENTS["models/a/b/sub/weights.dat"]
    (tmp_path / "w.part").write_bytes(data[:1000])
    assert fetch.fetch(url, str(tmp_path / "w"), "", lambda _c: None) == (300000, hashlib.sha256(data).hexdigest())
    (tmp_path / "v.part").write_bytes(b"x" * 1000)
    with pytest.raises(Refusal) as refused:
        fetch.fetch(url, str(tmp_path / "v"), hashlib.sha256(data).hexdigest(), lambda _c: None)
    assert refused.value.rule == "LLM922" and not (tmp_path / "v").exists() and not (tmp_path / "v.part").exists()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


LAYER = gzip.compress(b"layer" * 50000, mtime=0)


CONFIG = json.dumps({"architecture": "amd64", "rootfs": {"diff_ids": []}}).encode()


MANIFEST = json.dumps({
    "config": {"digest": digest(CONFIG), "size": len(CONFIG)},
    "layers": [{"digest": digest(LAYER), "size": len(LAYER)}] * 2,
}).encode()  # fmt: skip


INDEX = json.dumps({"manifests": [
    {"digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "arm64"}},
    {"digest": digest(MANIFEST), "platform": {"os": "linux", "architecture": "amd64"}},
]}).encode()  # fmt: skip


class Registry(http.server.BaseHTTPRequestHandler):
    breaks = 1
    silent = 0
    spoilt = False
    asked: ClassVar[list[str]] = []

    def log_message(self, *_args):
        return

    def do_GET(self):
        held = {digest(CONFIG): CONFIG, digest(LAYER): LAYER, digest(MANIFEST): MANIFEST, "1": INDEX}
        data = held.get(self.path.rsplit("/", 1)[1])
        if data is None:
            return self.send_error(404)
        begin = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        data, whole = data[begin:], data
        self.asked.append(self.path.rsplit("/", 1)[1])
        if self.silent and whole is LAYER:
            type(self).silent -= 1
            self.close_connection = True
            return None
        if not data:
            return self.send_error(416)
        if self.spoilt and whole is LAYER:
            data = b"x" * len(data)
        self.send_response(206 if self.headers.get("Range") else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if whole is LAYER and type(self).breaks:
            type(self).breaks -= 1
            data = data[: len(data) // 2]
        self.wfile.write(data)
        self.close_connection = True
        return None


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(fetch, "PAUSE", 0.01)

    class Mine(Registry):
        asked: ClassVar[list[str]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Mine, Reference(f"127.0.0.1:{server.server_port}", "x/y", "1")
    server.shutdown()


def pull(ref, folder, architecture="amd64", **wanted):
    return fetch.pull(ref, wanted, architecture, str(folder), Access(verify=False), lambda _count: None)


def test_an_image_becomes_an_archive(registry, tmp_path):
    config, blobs = pull(registry[1], tmp_path, id=digest(CONFIG))
    assert config == digest(CONFIG)
    for turn in ("one", "two"):
        fetch.archive(str(tmp_path / turn), "x/y:1", config, blobs)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert [(one.id, one.tags) for one in peek(str(tmp_path / "one"))] == [(config, ["x/y:1"])]
    with tarfile.open(tmp_path / "one") as tar:
        row = json.loads(tar.extractfile("manifest.json").read())[0]
        held = tar.extractfile(row["Layers"][0]).read()
        assert len(row["Layers"]) == 2 and gzip.decompress(held).startswith(b"layer")


@pytest.mark.parametrize("more, detail", [
    ({"id": "sha256:" + "1" * 64}, "its id is"), ({"architecture": "riscv64"}, "no build of it"),
    ({"digest": "none"}, "HTTP 404"),
])  # fmt: skip
def test_refuses_another_image(registry, tmp_path, more, detail):
    with pytest.raises(Refusal) as refused:
        pull(registry[1], tmp_path, **more)
    assert refused.value.rule == "LLM922" and detail in refused.value.reason.en


def test_refuses_spoilt_bytes(registry, tmp_path):
    registry[0].spoilt = True
    with pytest.raises(Refusal) as refused:
        pull(registry[1], tmp_path)
    assert "another content" in refused.value.reason.en and list(tmp_path.glob("*.part")) == []


def test_each_blob_has_a_file_of_its_name(registry, tmp_path):
    blobs = pull(registry[1], tmp_path)[1]
    assert json.loads(blobs.pop("layers")) == [digest(LAYER)] * 2
    assert blobs == {name: str(tmp_path / name[7:]) for name in (digest(CONFIG), digest(LAYER))}
    assert registry[0].asked.count(digest(LAYER)) == 2, "once in two pieces, as it broke off"


def test_a_blob_that_came_whole_before_a_kill_is_not_asked_for_again(registry, tmp_path):
    (tmp_path / f"{digest(LAYER)[7:]}.part").write_bytes(LAYER)
    blobs = pull(registry[1], tmp_path)[1]
    assert registry[0].asked.count(digest(LAYER)) == 0 and (tmp_path / digest(LAYER)[7:]).read_bytes() == LAYER
    assert digest(LAYER) in blobs and list(tmp_path.glob("*.part")) == []


def test_a_registry_that_does_not_answer_at_first_is_asked_again(registry, tmp_path):
    registry[0].silent = fetch.TRIES - 2
    pull(registry[1], tmp_path)
    assert registry[0].asked.count(digest(LAYER)) == fetch.TRIES


@pytest.mark.parametrize(("faults", "told"), [
    ({"silent": 99}, "closed connection without response"), ({"breaks": 99}, f"{len(LAYER)} were announced"),
])  # fmt: skip
def test_what_broke_off_too_often_is_told_and_kept(registry, tmp_path, faults, told):
    for name, times in faults.items():
        setattr(registry[0], name, times)
    with pytest.raises(Refusal) as refused:
        pull(registry[1], tmp_path)
    assert refused.value.rule == "LLM922" and told in refused.value.reason.en
    assert registry[0].asked.count(digest(LAYER)) == fetch.TRIES
    assert len(list(tmp_path.glob("*.part"))) == ("breaks" in faults)


def test_a_full_disk_is_not_the_files_fault(tmp_path, monkeypatch):
    def full(*_given):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a").write_bytes(b"a")
    monkeypatch.setattr(fetch.os, "link", full)
    monkeypatch.setattr(fetch.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):  # bundle_make says which disk (LLM921)
        fetch.copy(str(tmp_path / "a"), str(tmp_path / "b"), digest(b"a")[7:], lambda _count: None)


def test_a_full_disk_ends_an_image_at_once(registry, tmp_path, monkeypatch):
    def full(*_given):
        raise OSError(errno.ENOSPC, "No space left on device")

    paused = []
    monkeypatch.setattr(fetch.time, "sleep", paused.append)
    monkeypatch.setattr(fetch, "open", full, raising=False)
    with pytest.raises(OSError, match="No space left"):
        pull(registry[1], tmp_path)
    assert paused == []


class Liar(http.server.BaseHTTPRequestHandler):
    """A server that tells another size than it sends, or none."""

    told, calls = 5, 0

    def log_message(self, *_args):
        return

    def do_HEAD(self, body=b""):
        self.send_response(200)
        if self.told is not None:
            self.send_header("Content-Length", str(self.told))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        type(self).calls += 1
        self.do_HEAD(b"hello")
        self.close_connection = True


@pytest.mark.parametrize(("told", "whole"), [(5, True), (None, True), (6, False)])
def test_a_file_is_whole_when_as_much_came_as_was_announced(tmp_path, monkeypatch, told, whole):
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    handler = type("L", (Liar,), {"told": told})
    path = str(tmp_path / "x")
    with serving(handler) as url:
        assert fetch.announced(url + "/x") == (told or 0)
        if whole:
            assert fetch.fetch(url + "/x", path, "", lambda _count: None)[0] == 5 and handler.calls == 1
            return
        with pytest.raises(Refusal) as refused:
            fetch.fetch(url + "/x", path, "", lambda _count: None)
    assert refused.value.rule == "LLM922" and not (tmp_path / "x").exists() and handler.calls >= fetch.TRIES


@pytest.mark.parametrize(("host", "repository", "name"), [
    (fetch.HUB, "library/nginx", "nginx:1"), (fetch.HUB, "vllm/vllm", "vllm/vllm:1"),
    ("ghcr.io", "a/b", "ghcr.io/a/b:1"), ("ghcr.io", "library/b", "ghcr.io/library/b:1"),
])  # fmt: skip
def test_an_image_has_the_name_that_people_write(host, repository, name):
    assert fetch.tags(Reference(host, repository, "1")) == [name]


def test_a_server_that_fails_is_asked_so_often_and_no_connection_stays(tmp_path, monkeypatch):
    paused, opened, closed = [], [], []

    class Counted(fetch.Connection):
        def __init__(self, *given):
            opened.append(self)
            super().__init__(*given)

        def close(self):
            closed.append(self)
            super().close()

    class Down(Liar):
        calls = 0

        def do_HEAD(self, body=b""):
            type(self).calls += 1
            self.send_error(502)

    monkeypatch.setattr(fetch.time, "sleep", paused.append)
    monkeypatch.setattr(fetch, "Connection", Counted)
    with serving(Down) as url:
        with pytest.raises(Refusal) as refused:
            fetch.fetch(url + "/x", str(tmp_path / "x"), "", lambda _count: None)
        assert refused.value.rule == "LLM922" and Down.calls == fetch.TRIES
        assert paused == [fetch.PAUSE * turn for turn in range(1, fetch.TRIES)]
        assert fetch.announced(url + "/x") == 0
    assert len(opened) == fetch.TRIES + 1 and set(map(id, opened)) == set(map(id, closed))
