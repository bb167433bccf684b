# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of an archive: what is written comes back, and every damage to it is told."""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive

CONTENTS = archive.Contents(
    "kind", (1,), lambda name: name.startswith("a/"), lambda name, data: Text("bad", "坏") if b"bad" in data else None,
    lambda name: archive.SMALL if name.startswith("a/small") else 0,
)  # fmt: skip
LONG = "a/" + "长" * 80 + "/" + "x" * 200


def written(folder: Path, files: dict[str, bytes]) -> Path:
    target = folder / "archive"
    with target.open("wb") as stream:
        writer = archive.Writer(stream)
        for name, content in files.items():
            source = folder / "source"
            source.write_bytes(content)
            with source.open("rb") as opened:
                writer.add(name, opened, 0o640)
        writer.close("kind", 1, {"host": "h"})
    return target


def test_what_was_written_comes_back(tmp_path):
    files = {"a/x": b"1" * 1000, "a/small": b"2", LONG: b"", "a/block": b"3" * 512}
    out: dict[str, io.BytesIO] = {}

    class Kept(io.BytesIO):
        def close(self) -> None:
            pass

    manifest = archive.read(
        written(tmp_path, files), CONTENTS, 1 << 20, lambda name, mode: out.setdefault(name, Kept())
    )
    assert {name: stream.getvalue() for name, stream in out.items()} == files
    assert manifest["host"] == "h" and manifest["members"]["a/x"][0] == 1000
    assert archive.space_needed(manifest) == 1513


@pytest.mark.parametrize(
    ("files", "most", "said"),
    [
        ({"b/x": b""}, 10, "b/x"),
        ({"a/small": b"bad"}, 10, "bad"),
        ({"a/small": b"x" * (archive.SMALL + 1)}, 1 << 20, "larger"),
        ({"a/x": b"12345", "a/y": b"123456"}, 10, "more room"),
    ],
)
def test_what_is_not_accepted_is_refused_by_name(tmp_path, files, most, said):
    with pytest.raises(Refusal) as caught:
        archive.read(written(tmp_path, files), CONTENTS, most)
    assert caught.value.rule == "LLM712" and said in caught.value.reason.en


def test_the_number_of_files_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MEMBERS", 2)
    path = written(tmp_path, {f"a/{number}": b"" for number in range(3)})
    with pytest.raises(Refusal, match="more than 2"):
        archive.read(path, CONTENTS, 10)


@pytest.mark.parametrize("data", [b"x", b"5 a=\n9", b"99 a=b\n", b"6 a=bX", b"0 a=\n", b"6 abc\n"])
def test_a_damaged_record_is_told(data):
    with pytest.raises(archive.tarfile.HeaderError):
        archive._records(data)


def test_records_are_read():
    assert archive._records(b"8 a=b=c\n11 path=\xc3\xa9\n") == {"a": "b=c", "path": "é"}


@pytest.mark.parametrize(("name", "fine"), [
    ("a", True), ("", False), ("x" * 255, True), ("x" * 256, False), ("/".join(["x" * 200] * 5), True),
    ("/".join(["x" * 204] * 5), True), ("/".join(["x" * 204] * 4 + ["x" * 205]), False), ("a//b", False),
    ("a/./b", False), ("../a", False), ("/a", False), ("a\x1f", False), ("a ", True), ("a\x7f", False), ("a~", True),
    ("a\x9f", False), ("a\xa0", True), ("a\ud800", False), ("a\ud7ff", True),
    ("a\ue000", True),
])  # fmt: skip
def test_names_that_a_folder_can_hold(name, fine):
    assert archive.plain(name) == fine


def test_names_are_no_deeper_than_a_tree_is():
    assert archive.plain("/".join("a" * (archive.tree.DEPTH + 2)))
    assert not archive.plain("/".join("a" * (archive.tree.DEPTH + 3)))


def test_the_shortest_record_has_an_empty_value():
    assert archive._records(b"5 a=\n") == {"a": ""} and archive._records(b"4 =\n") == {"": ""}


def test_an_end_without_a_word_is_told_by_its_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(archive.Reader, "_header", lambda self, stream: (_ for _ in ()).throw(EOFError()))
    with pytest.raises(Refusal, match="EOFError"):
        archive.read(written(tmp_path, {"a/x": b""}), CONTENTS, 10)


def spoilt(folder, change):
    """An archive whose tar was changed by somebody who can also seal it anew."""
    path = written(folder, {"a/x": b"1"})
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
    return path


def test_what_follows_the_end_is_refused(tmp_path):
    with pytest.raises(Refusal, match="follows"):
        archive.read(spoilt(tmp_path, lambda tar: tar + b"x" * 512), CONTENTS, 10)
    assert archive.read(spoilt(tmp_path, lambda tar: tar + b"\0" * 512), CONTENTS, 10)["host"] == "h"


def test_contents_other_than_the_manifests_are_refused(tmp_path):
    with pytest.raises(Refusal, match="other than when it was made: a/x"):
        archive.read(spoilt(tmp_path, lambda tar: tar[:512] + b"2" + tar[513:]), CONTENTS, 10)


def test_a_record_of_more_than_a_name_and_a_size_is_refused(tmp_path):
    target = tmp_path / "archive"
    with target.open("wb") as stream:
        writer = archive.Writer(stream)
        header = writer._header("a/x", 0, 0o600)
        header.pax_headers = {"comment": "odd"}
        writer.tar.addfile(header)
        writer.close("kind", 1, {})
    with pytest.raises(Refusal, match="it holds 'comment'"):
        archive.read(target, CONTENTS, 10)


def test_a_files_own_mode_is_kept_unless_another_is_named(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    source.chmod(0o751)
    writer = archive.Writer(io.BytesIO())
    with source.open("rb") as opened:
        writer.add("a/x", opened)
        opened.seek(0)
        writer.add("a/y", opened, 0o600)
    assert [entry.mode for entry in writer.entries.values()] == [0o751, 0o600]


def test_a_digest_is_of_what_is_left():
    stream = io.BytesIO(b"skip" + b"x" * 3000000)
    stream.read(4)
    assert archive.digest(stream) == hashlib.sha256(b"x" * 3000000).hexdigest()
