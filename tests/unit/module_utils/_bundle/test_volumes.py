# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of one size: their sizes in words, and that together they are the tar."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import volumes as split


@pytest.mark.parametrize("text", ["", "4", "G", "-1G", "1.5G", "900K", "4 G x"])
def test_refuses_a_size_that_is_none(text):
    with pytest.raises(Refusal) as refused:
        split.size_of(text)
    assert refused.value.rule == "LLM923"


def test_sizes():
    assert [split.size_of(text) for text in ("4G", "700M", "1GiB", "2gb", "1048576")] == [
        4 << 30,
        700 << 20,
        1 << 30,
        2 << 30,
        1 << 20,
    ]


@pytest.mark.parametrize("size", [1, 511, 512, 513, 3000, 10240, 10**6])
def test_volumes_join_to_the_tar(tmp_path, size):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_bytes(b"x" * 1000)
    (tmp_path / ("a/" + "l" * 150)).write_bytes(b"")
    (tmp_path / "y.sh").write_bytes(b"y" * 512)
    found = split.pieces(str(tmp_path), ["a/" + "l" * 150, "a/x", "y.sh"])
    total = sum(piece.size for piece in found)
    parts = [b"".join(split.cut(found, begin, min(total, begin + size))) for begin in range(0, total, size)]
    assert all(len(part) == size for part in parts[:-1])
    with tarfile.open(fileobj=io.BytesIO(b"".join(parts))) as tar:
        assert {m.name: m.size for m in tar} == {"bundle/a/x": 1000, "bundle/a/" + "l" * 150: 0, "bundle/y.sh": 512}
        assert {m.name[-4:]: m.mode for m in tar} == {"/a/x": 0o644, "llll": 0o644, "y.sh": 0o755}
        assert tar.extractfile("bundle/a/x").read() == b"x" * 1000


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "b"
    place.mkdir()
    for name in (core.MANIFEST, core.SIGNATURE, core.SIGNER, core.SUMS):
        (place / name).write_text(name)
    (place / "data").write_bytes(b"d" * 5000)
    return place


def volumes(folder, size=4096, told=None):
    bundle = core.Bundle("", "", (), {}, (core.File("data", 5000, "a" * 64, "archive"),))
    tick = (lambda done, total: told.append((done, total))) if told is not None else (lambda _done, _total: None)
    return split.split(bundle, f"{folder}/", size, "#!/bin/sh\n", tick)


def test_a_bundle_becomes_volumes_beside_it_once(folder, tmp_path):
    told = []
    names, changed = volumes(folder, told=told)
    place = tmp_path / "b.volumes"
    assert changed and names == [f"{split.NAME}.{number:03d}" for number in range(len(names))] and len(names) > 2
    data = b"".join((place / name).read_bytes() for name in names)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert {m.name.partition("/")[2] for m in tar} == {
            "data", core.MANIFEST, core.SIGNATURE, core.SIGNER, core.SUMS,
        }  # fmt: skip
    assert told[-1] == (len(data), len(data)) and sorted(told) == told
    sums = [line.split() for line in (place / core.SUMS).read_text().splitlines()]
    assert sums == [[hashlib.sha256((place / name).read_bytes()).hexdigest(), name] for name in names]
    assert (place / core.SUMS).stat().st_mode & 0o777 == 0o644
    assert (place / "join.sh").stat().st_mode & 0o777 == 0o755 and not list(place.glob("*.part"))
    assert volumes(folder) == (names, False)


def test_what_is_lost_or_of_another_bundle_is_written_anew(folder, tmp_path):
    names, _changed = volumes(folder)
    place = tmp_path / "b.volumes"
    before = (place / names[0]).read_bytes()
    (place / names[1]).unlink()
    (place / names[0]).write_bytes(b"short")
    assert volumes(folder) == (names, True) and (place / names[0]).read_bytes() == before
    (folder / core.SIGNATURE).write_text("another")
    assert volumes(folder) == (names, True)
    (place / "mine").touch()
    fewer, changed = volumes(folder, 1 << 20)
    assert changed and fewer == names[:1]
    assert {path.name for path in place.glob(f"{split.NAME}.*")} == set(fewer) and (place / "mine").exists()
