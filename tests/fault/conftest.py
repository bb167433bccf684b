# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub that fails on demand, a small model on it, and our download beside them."""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import threading
import time
from pathlib import Path

import hub as lab_hub
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, WORK, check_stamp
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, formats, job, request, transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import hub as weights_hub

MODEL = "lab/tiny"
MIB = 1 << 20


def small_steps() -> None:
    """Ranges of 1 MiB instead of 64, so that small files have many."""
    for module in (job, download, formats):
        module.STEP = MIB
    job.SPLIT = transfer.SPLIT = MIB // 4
    transfer.KEEP_EVERY = 0.2


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (job, download, formats):
        monkeypatch.setattr(module, "STEP", MIB)
    monkeypatch.setattr(job, "SPLIT", MIB // 4)
    monkeypatch.setattr(transfer, "SPLIT", MIB // 4)
    monkeypatch.setattr(transfer, "KEEP_EVERY", 0.2)
    monkeypatch.setattr(weights_hub, "PAUSES", (0.05, 0.05))


def safetensors(size: int, seed: int) -> bytes:
    block = hashlib.sha256(b"%d" % seed).digest() * 4096
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    body = bytearray()
    number = 0
    while len(body) < size:
        body += struct.pack("<Q", number) + block
        number += 1
    return struct.pack("<Q", len(header)) + header + bytes(body[:size])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "root" / MODEL
    (path / "sub").mkdir(parents=True)
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    (path / names[0]).write_bytes(safetensors(6 * MIB + 12345, 1))
    (path / names[1]).write_bytes(safetensors(3 * MIB, 2))
    (path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1]}}))
    (path / "config.json").write_text('{"model_type": "qwen2"}')
    (path / "sub/notes.md").write_text("notes")
    (path / "empty").write_bytes(b"")
    return path


class Running:
    def __init__(self, root: Path, **more: object) -> None:
        options = argparse.Namespace(root=str(root), files=None, token=None, cdn=None, rate=0, certificate=None)
        vars(options).update(more)
        host = str(more.get("host", "127.0.0.1"))
        self.server = lab_hub.Server((host, 0), lab_hub.Handler)
        self.server.hub = lab_hub.Hub(options)
        self.url = f"http://{host}:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def fault(self, kind: str, path: str = "*", times: int = 1, **more: object) -> None:
        self.server.hub.faults.add({"kind": kind, "path": path, "times": times, **more})

    def requests(self) -> list[dict]:
        return self.server.hub.requests()

    def sent(self) -> int:
        return sum(row["sent"] for row in self.requests() if "/repo?" in row["url"] or "/cdn/" in row["url"])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def start(repo: Path):
    running: list[Running] = []

    def make(**more: object) -> Running:
        running.append(Running(repo.parents[1], **more))
        return running[-1]

    yield make
    for server in running:
        server.stop()


@pytest.fixture
def hub(start) -> Running:
    return start()


class Site:
    """One destination, and what must be true of it."""

    def __init__(self, repo: Path, dest: Path, hub: Running) -> None:
        self.repo, self.dest, self.hub = repo, dest, hub

    def run(self, **more: object):
        values = {"endpoint": self.hub.url, "timeout": 5, "retries": 3, "lock_timeout": 0.5, **more}
        limit = time.monotonic() + 60
        try:
            return download.Weights(request.Request(MODEL, str(self.dest), **values)).run()
        finally:
            assert time.monotonic() < limit, "took more than a minute"
            self.nothing_corrupt()

    def nothing_corrupt(self) -> None:
        """Whatever has a final name is right."""
        for path in self.dest.rglob("*"):
            relative = path.relative_to(self.dest)
            if path.is_file() and relative.parts[0] != WORK and not path.name.startswith(".yitiji-"):
                assert path.read_bytes() == (self.repo / relative).read_bytes(), f"{relative} is corrupt"

    def complete(self) -> None:
        for path in self.repo.rglob("*"):
            if path.is_file():
                assert (self.dest / path.relative_to(self.repo)).read_bytes() == path.read_bytes()
        assert check_stamp(str(self.dest), MODEL).valid
        assert not (self.dest / WORK).exists()

    @property
    def stamped(self) -> bool:
        return (self.dest / STAMP).exists()

    @property
    def listed(self) -> bool:
        return (self.dest / MANIFEST).exists()


@pytest.fixture
def site(repo: Path, tmp_path: Path, hub: Running) -> Site:
    return Site(repo, tmp_path / "dest", hub)
