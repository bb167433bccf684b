# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Image archives: what is in them, over HTTP ranges and from a file, and the stream out of them."""

from __future__ import annotations

import io
import json
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


WANT = {"sha256:" + ID: ["x/y:1"], "sha256:" + "b" * 64: []}


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
