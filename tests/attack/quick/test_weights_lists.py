# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever writes a list of files decides where root writes. Every source of a list, every way to leave the folder."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as bundle_manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, WORK
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, mirror, remove, transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import hub as weights_hub
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

MODEL = "attack/model"
CRON = b"* * * * * root echo owned\n"
SHA = hashlib.sha256(CRON).hexdigest()
CONFIG = b'{"model_type": "qwen2"}'


def row(path: object, data: bytes = CRON, **more: object) -> dict:
    return {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **more}


GOOD = row("config.json", CONFIG)
# each list as a neighbour's manifest has it; {out} is a folder beside the destination
LISTS: dict[str, Callable[[str], list[dict]]] = {
    "up": lambda out: [row("../out/cron")],
    "up from below": lambda out: [row("sub/../../out/cron")],
    "absolute": lambda out: [row(f"{out}/cron")],
    "doubled slash": lambda out: [row(f"/{out}/cron")],
    "dot": lambda out: [row("./../out/cron")],
    "empty part": lambda out: [row("sub//../../out/cron")],
    "backslash": lambda out: [row("..\\out\\cron")],
    "drive": lambda out: [row("C:/out/cron")],
    "NUL": lambda out: [row("cron\x00")],
    "newline": lambda out: [row("cron\nx")],
    "terminal": lambda out: [row("\x1b[2Jcron")],
    "C1 control": lambda out: [row("\x9b2Jcron")],
    "text direction": lambda out: [row("\u202enorc")],
    "half a pair": lambda out: [row("\ud800cron")],
    "spaces for dots": lambda out: [row(" .. /out/cron")],
    "our stamp": lambda out: [row(STAMP)],
    "our work": lambda out: [row(f"{WORK}/journal.json")],
    "our work in capitals": lambda out: [row(WORK.upper() + "/lock")],
    "a stamp below": lambda out: [row(f"sub/{STAMP}")],
    "long name": lambda out: [row("x" * 300)],
    "long path": lambda out: [row("/".join(["y" * 100] * 12))],
    "deep": lambda out: [row("/".join(["d"] * 400))],
    "file and folder": lambda out: [row("a"), row("a/b")],
    "file and folder in capitals": lambda out: [row("a"), row("A/b")],
    "twice": lambda out: [row("a"), row("a", CONFIG)],
    "capitals": lambda out: [row("Cron"), row("cron", CONFIG)],
    "path no text": lambda out: [row(["../out/cron"])],
    "size no number": lambda out: [row("a", size="26 bytes")],
    "size no number of ours": lambda out: [row("a", size="\u0662\u0666")],
    "size below 0": lambda out: [row("a", size=-1)],
    "size true": lambda out: [row("a", size=True)],
    "size of all disks": lambda out: [row("a", size=1 << 60)],
    "hash no hash": lambda out: [row("a", sha256="../../out/cron")],
    "hash of nothing": lambda out: [row("a", sha256=hashlib.sha256(b"").hexdigest())],
    "too many": lambda out: [row(f"{number:06d}", b"") for number in range(20_001)],
}


RUNNING: list[Stranger] = []


class Stranger(http.server.ThreadingHTTPServer):
    """A hub and a neighbour at once; whatever file is asked for is the cron file."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, rows: list[dict]) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.manifest = {"schema": 1, "model": MODEL, "revision": "master", "files": rows}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        RUNNING.append(self)

    def body(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        if path.endswith(MANIFEST):
            return json.dumps(self.manifest).encode()
        if path.endswith(STAMP):
            parsed = download.Manifest.parse(self.manifest)
            return json.dumps({"manifest_sha256": parsed.digest() if parsed else ""}).encode()
        if f"/{WORK}/" in path:
            return None
        if path.endswith("/repo/files"):
            files = [{"Path": file["path"], "Size": file["size"], "Sha256": file["sha256"], "Type": "blob"}
                     for file in self.manifest["files"]]  # fmt: skip
            return json.dumps({"Code": 200, "Success": True, "Data": {"Files": files}}).encode()
        wanted = query.get("FilePath", [path])[0]
        return CONFIG if wanted.endswith("config.json") else CRON


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stranger

    def log_message(self, *_args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.server.body(unquote(parts.path), parse_qs(parts.query))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body or b"")


@pytest.fixture
def place(tmp_path: Path):
    """The destination, and beside it a folder into which nothing may be written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "dest").mkdir()
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    yield tmp_path
    after = sorted(str(path) for path in tmp_path.rglob("*") if not {"dest", "stick"} & set(path.parts))
    assert after == [path for path in before if not path.endswith("dest")], "written outside"


def from_hub(place: Path, rows: list[dict]) -> Request:
    return Request(MODEL, str(place / "dest"), endpoint=Stranger(rows).url, timeout=2, retries=0, lock_timeout=0.5)


def from_mirror(place: Path, rows: list[dict]) -> Request:
    return from_hub(place, rows)._replace(source="mirror", mirrors=[Stranger(rows).url], mirror_wait=0.2)


def from_bundle(place: Path, rows: list[dict]) -> Request:
    return from_hub(place, rows)._replace(source="bundle")


def from_stick(place: Path, rows: list[dict]) -> Request:
    stick = place / "stick"
    stick.mkdir()
    (stick / "config.json").write_bytes(CONFIG)
    for name in ("a", "cron"):
        (stick / name).write_bytes(CRON)
    data = {"schema": 1, "model": MODEL, "revision": "master", "files": rows}
    (stick / MANIFEST).write_text(json.dumps(data))
    return from_hub(place, rows)._replace(source="directory", source_dir=str(stick))


SOURCES = {"hub": from_hub, "neighbour": from_mirror, "bundle": from_bundle, "stick": from_stick}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights_hub, "PAUSES", (0.01,))
    monkeypatch.setattr(mirror, "SILENT", 1.0)
    monkeypatch.setattr(transfer, "POLL_EVERY", 0.05)
    monkeypatch.setattr(transfer, "KEEP_EVERY", 0.05)
    yield
    while RUNNING:
        RUNNING[0].shutdown()
        RUNNING.pop(0).server_close()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("attack", LISTS)
def test_a_hostile_list(place: Path, source: str, attack: str) -> None:
    request = SOURCES[source](place, [GOOD, *LISTS[attack](str(place / "out"))])
    with pytest.raises(Refusal):
        download.Weights(request).run()
    assert not (place / "dest" / STAMP).exists(), "reported as verified"


@pytest.mark.parametrize("attack", LISTS)
def test_a_hostile_list_in_a_bundle(attack: str) -> None:
    files = [{**file, "kind": "weights"} for file in LISTS[attack]("/etc/cron.d")]
    data = {"schema": 1, "made": "", "maker": "", "targets": [], "holds": {}, "files": files}
    with pytest.raises(Refusal):
        bundle_manifest.parse(json.dumps(data), "bundle")


@pytest.mark.parametrize("attack", ["up", "up from below", "absolute", "dot"])
def test_a_hostile_record_removes_nothing_outside(place: Path, attack: str) -> None:
    """The record in the folder itself; `out` and `dest-other` begin as the folder does, or lie beside it."""
    dest = place / "dest"
    for folder in (place / "out", place / "dest-other"):
        folder.mkdir(exist_ok=True)
        (folder / "cron").write_bytes(CRON)
    rows = [*LISTS[attack](str(place / "out")), row("../dest-other/cron")]
    data = {"schema": 1, "model": MODEL, "revision": "master", "files": rows}
    (dest / MANIFEST).write_text(json.dumps(data))
    remove.remove_all(str(dest), MODEL, False)
    assert (place / "out/cron").exists() and (place / "dest-other/cron").exists()
    os.unlink(place / "out/cron")
    os.unlink(place / "dest-other/cron")
    os.rmdir(place / "dest-other")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["folder", "same bytes", "same size"])
def test_a_link_in_the_folder_is_not_written_through(place: Path, source: str, kind: str) -> None:
    dest, out = place / "dest", place / "out"
    victim = {"folder": b"", "same bytes": CRON, "same size": b"#" * len(CRON)}[kind]
    if victim:
        (out / "cron").write_bytes(victim)
    (dest / "sub").symlink_to(out)
    request = SOURCES[source](place, [GOOD, row("sub/cron")])
    if source == "stick":
        (place / "stick/sub").mkdir()
        (place / "stick/sub/cron").write_bytes(CRON)
    with pytest.raises(Refusal):
        download.Weights(request).run()
    assert [path.name for path in out.iterdir()] == (["cron"] if victim else [])
    if victim:
        assert (out / "cron").read_bytes() == victim
        os.unlink(out / "cron")


@pytest.mark.parametrize("kind", ["final name", "part"])
def test_a_second_name_of_a_file_is_not_written_into(place: Path, kind: str) -> None:
    """A file outside under a name in the folder: what arrives must not land in it."""
    victim = place / "out/passwd"
    victim.write_bytes(b"#" * len(CRON))
    parts = place / "dest" / WORK / "parts"
    parts.mkdir(parents=True)
    os.link(victim, place / "dest/cron" if kind == "final name" else parts / f"{SHA}.part")
    download.Weights(from_hub(place, [GOOD, row("cron")])).run()
    assert victim.read_bytes() == b"#" * len(CRON) and (place / "dest/cron").read_bytes() == CRON
    os.unlink(victim)


@pytest.mark.parametrize("kind", ["file", "folder", "broken", "manifest", "pipe"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_link_on_a_stick_is_not_followed(place: Path, kind: str, listed: bool) -> None:
    secret = place / "out/secret"
    secret.write_bytes(CRON)
    request = from_stick(place, [GOOD, row("sub/secret" if kind == "folder" else "secret")])
    stick = place / "stick"
    if not listed:
        (stick / MANIFEST).unlink()
    if kind == "folder":
        (stick / "sub").symlink_to(place / "out")
    elif kind == "manifest":
        (stick / MANIFEST).unlink(missing_ok=True)
        (stick / MANIFEST).symlink_to(place / "out/manifest")
        data = {"schema": 1, "model": MODEL, "revision": "master", "files": [row("a")]}
        (place / "out/manifest").write_text(json.dumps(data))
    elif kind == "pipe":
        os.mkfifo(stick / "secret")
    else:
        (stick / "secret").symlink_to(secret if kind == "file" else "/nowhere")
    with pytest.raises(Refusal):
        download.Weights(request).run()
    assert not (place / "dest" / STAMP).exists()
    for path in (secret, place / "out/manifest"):
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("source", SOURCES)
def test_a_list_without_hashes_does_not_pass_the_plan(place: Path, source: str) -> None:
    """The plan knows the hash; a source that says none for the same size must not bring other bytes."""
    planned = [download.Entry("config.json", len(CONFIG), GOOD["sha256"]), download.Entry("cron", len(CRON), "ab" * 32)]
    request = SOURCES[source](place, [GOOD, row("cron", sha256="")])._replace(files=planned)
    with pytest.raises(Refusal):
        download.Weights(request).run()
    assert not (place / "dest/cron").exists()


@pytest.mark.parametrize("source", SOURCES)
def test_another_list_than_the_one_handed_over(place: Path, source: str) -> None:
    wanted = download.Manifest(MODEL, "master", [download.Entry("config.json", len(CONFIG), GOOD["sha256"])])
    request = SOURCES[source](place, [GOOD, row("cron")])
    if "manifest_sha256" in Request._fields:
        request = request._replace(manifest_sha256=wanted.digest())
    with pytest.raises(Refusal):
        download.Weights(request).run()
    assert not (place / "dest/cron").exists()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"7", b"null"])
@pytest.mark.parametrize("source", ["hub", "neighbour", "stick"])
def test_an_answer_that_is_no_list(place: Path, source: str, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    request = SOURCES[source](place, [GOOD])
    if source == "stick":
        (place / "stick" / MANIFEST).write_bytes(body)
    else:
        monkeypatch.setattr(Stranger, "body", lambda *_args: body)
    with pytest.raises(Refusal):
        download.Weights(request).run()
