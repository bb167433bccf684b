# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volumes of one size: their sizes in words, and that together they are the tar."""

from __future__ import annotations

import io
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
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
        assert tar.extractfile("bundle/a/x").read() == b"x" * 1000
