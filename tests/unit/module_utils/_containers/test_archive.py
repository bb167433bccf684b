# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image archives: what is in them, over HTTP ranges and from a file, and the stream out of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import archive
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream as http_stream

ID = "a" * 64


def tar_bytes(manifest, layers=3, first=False):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def put(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        parts = [(f"{n}/layer.tar", bytes(200_000)) for n in range(layers)]
        table = [] if manifest is None else [("manifest.json", json.dumps(manifest).encode())]
        for name, data in table + parts if first else parts + table:
            put(name, data)
    return buffer.getvalue()


ROWS = [{"Config": ID + ".json", "RepoTags": ["x/y:1"]}, {"Config": "blobs/sha256/" + "b" * 64, "RepoTags": None}]


WANT = [
    archive.Packed("sha256:" + ID, ["x/y:1"], ["sha256:" + ID]),
    archive.Packed("sha256:" + "b" * 64, [], ["sha256:" + "b" * 64]),
]


@pytest.mark.parametrize("first", [True, False])
def test_peek_over_ranges_reads_headers_only(server, first):
    handler, url = server
    handler.data = tar_bytes(ROWS, layers=20, first=first)
    assert archive.peek(url + "/i.tar") == WANT
    assert handler.sent < len(handler.data) / 2


def test_peek_into_a_file(tmp_path):
    (tmp_path / "i.tar").write_bytes(tar_bytes(ROWS))
    assert archive.peek(str(tmp_path / "i.tar")) == WANT


def test_unknown_without_reading_it_all(server, tmp_path):
    handler, url = server
    handler.data, handler.ranges = tar_bytes(ROWS), False
    assert archive.peek(url + "/i.tar") is None
    (tmp_path / "i.tar.gz").write_bytes(b"\x1f\x8b" + bytes(2000))
    assert archive.peek(str(tmp_path / "i.tar.gz")) is None


def test_unreadable(server, tmp_path):
    _handler, url = server
    (tmp_path / "no.tar").write_bytes(tar_bytes(None))
    (tmp_path / "bad.tar").write_bytes(tar_bytes([{"RepoTags": []}]))
    for source, reason in (
        (url + "/missing", "Not Found"),
        (str(tmp_path / "gone.tar"), "No such file"),
        (str(tmp_path / "no.tar"), "no manifest.json"),
        (str(tmp_path / "bad.tar"), "manifest cannot be read"),
        ("ftp://x/y", "only http"),
        ("http://127.0.0.1:1/x", "refused"),
    ):
        with pytest.raises(http_stream.Unreadable, match=reason):
            archive.peek(source)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def packed(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Made:
    """One image as `docker save` writes it: `old` before Docker 25 (no index), `oci` without Docker's own table."""

    def __init__(self, old=False, oci=False, nested=False, layer=b"layer" * 999):
        self.layer = layer
        diff = "sha256:" + sha(layer)
        self.config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [diff]}}).encode()
        blob = "blobs/sha256/"
        self.id = "sha256:" + sha(self.config)
        files = {blob + sha(layer): layer, blob + sha(self.config): self.config}
        manifest = json.dumps(
            {
                "config": {"digest": self.id, "size": len(self.config)},
                "layers": [{"digest": diff, "size": len(layer)}],
            }
        ).encode()
        self.manifest = "sha256:" + sha(manifest)
        entry = {"digest": self.manifest, "annotations": {"io.containerd.image.name": "docker.io/x/y:1"}}
        if not old:
            files[blob + sha(manifest)] = manifest
        if nested:
            inner = json.dumps({"manifests": [{"digest": self.manifest}, {"digest": "sha256:" + "0" * 64}]}).encode()
            files[blob + sha(inner)] = inner
            entry["digest"] = self.index = "sha256:" + sha(inner)
        if not old:
            files["index.json"] = json.dumps({"manifests": [entry]}).encode()
        if not oci:
            row = {"Config": blob + sha(self.config), "RepoTags": ["x/y:1"], "Layers": [blob + sha(layer)]}
            files["manifest.json"] = json.dumps([row]).encode()
        self.bytes = packed(files)


@pytest.mark.parametrize("how", ["plain", "gz", "zst", "http"])
@pytest.mark.parametrize("oci", [False, True])
def test_an_image_is_known_by_its_manifest_too(server, tmp_path, how, oci):
    made = Made(oci=oci)
    path = tmp_path / "i.tar"
    path.write_bytes(gzip.compress(made.bytes) if how == "gz" else made.bytes)
    if how == "zst":
        if not shutil.which("zstd"):
            pytest.skip("no zstd here")
        subprocess.run(["zstd", "-q", "--rm", str(path), "-o", str(tmp_path / "z")], check=True)
        path = tmp_path / "z"
    handler, url = server
    handler.data = made.bytes
    found = archive.peek(url + "/i.tar" if how == "http" else str(path))
    assert [(one.id, one.digests) for one in found] == [(made.id, [made.id, made.manifest])]
    assert found[0].tags == (["docker.io/x/y:1"] if oci else ["x/y:1"])


@pytest.mark.parametrize("how", ["file", "http"])
@pytest.mark.parametrize("name", ["blobs/sha256/" + ID, ID + ".json"])
def test_what_the_image_needs_stands_in_its_archive(server, tmp_path, how, name):
    config = json.dumps({"config": {"Env": ["PATH=/bin", "NVIDIA_REQUIRE_CUDA=cuda>=13.0 x=1", "ODD"]}}).encode()
    data = packed({name: config, "layer": bytes(300_000)})
    handler, url = server
    handler.data = data
    (tmp_path / "i.tar").write_bytes(data)
    source = url + "/i.tar" if how == "http" else str(tmp_path / "i.tar")
    env = {"PATH": "/bin", "NVIDIA_REQUIRE_CUDA": "cuda>=13.0 x=1"}
    assert archive.contents(source, "sha256:" + ID) == (300_000 + len(config), env)
    assert archive.contents(source, "sha256:" + "b" * 64) == (300_000 + len(config), {})
    handler.data = b"no archive"
    (tmp_path / "i.tar").write_bytes(b"no archive")
    with pytest.raises(http_stream.Unreadable):
        archive.contents(source, "sha256:" + ID)


def test_and_by_the_index_above_it(tmp_path):
    made = Made(nested=True)
    (tmp_path / "i.tar").write_bytes(made.bytes)
    assert archive.peek(str(tmp_path / "i.tar"))[0].digests == [made.id, made.manifest, made.index]


def test_an_archive_without_manifests_gets_the_one_that_containerd_will_make(tmp_path):
    made = Made(old=True)
    (tmp_path / "i.tar").write_bytes(made.bytes)
    layer, config = made.layer, made.config
    # Written out here as containerd writes it: order, spelling and all.
    text = (
        '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":'
        f'"application/vnd.docker.container.image.v1+json","digest":"{made.id}","size":{len(config)}}},"layers":['
        f'{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","digest":"sha256:{sha(layer)}",'
        f'"size":{len(layer)}}}]}}'
    )
    assert archive.peek(str(tmp_path / "i.tar"))[0].digests == [made.id, "sha256:" + sha(text.encode())]
    (tmp_path / "p.tar").write_bytes(Made(old=True, layer=gzip.compress(b"layer")).bytes)
    assert len(archive.peek(str(tmp_path / "p.tar"))[0].digests) == 1


def test_a_blob_that_is_not_what_its_name_says_is_no_pin(tmp_path):
    made = Made()
    wrong = made.bytes.replace(made.id.encode() + b'", "size"', b"sha256:" + b"e" * 64 + b'", "size"')
    assert wrong != made.bytes
    (tmp_path / "i.tar").write_bytes(wrong)
    with pytest.raises(http_stream.Unreadable, match="not what its name says"):
        archive.peek(str(tmp_path / "i.tar"))


def test_a_compressed_archive_that_takes_too_long_stays_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SECONDS", -1.0)
    (tmp_path / "i.tar.gz").write_bytes(gzip.compress(Made().bytes))
    assert archive.peek(str(tmp_path / "i.tar.gz")) is None
