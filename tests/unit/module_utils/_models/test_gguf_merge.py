# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a GGUF become one file.

`data/` holds what the real tool made: `llama-gguf-split --split --split-max-tensors 2`, then `--merge`, of llama.cpp
0.7.0 (build 11669), from a small file with texts, arrays and tensors whose sizes are no multiple of the alignment.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import NotGguf, read_header
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf_merge import content, look, parts_of

DATA = Path(__file__).resolve().parents[1] / "data"


FIRST = "small-00001-of-00003.gguf"


@pytest.fixture
def folder(tmp_path):
    for path in DATA.glob("small-0*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def merged(folder):
    whole = look(parts_of(str(folder / FIRST)))
    made = b"".join(content(whole))
    assert len(made) == whole.size
    return made


def test_byte_for_byte_what_the_tool_writes(folder):
    assert merged(folder) == (DATA / "small-merged.gguf").read_bytes()


def test_padding_at_the_end_of_a_part_may_be_missing(folder):
    """Tools differ in whether the last tensor of a file is padded."""
    for path in folder.glob("small-0*"):
        path.write_bytes(path.read_bytes().rstrip(b"\0"))
    assert merged(folder) == (DATA / "small-merged.gguf").read_bytes()


def test_names_of_parts():
    assert parts_of("/m/x-00002-of-00003.gguf") == [f"/m/x-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    assert parts_of("/m/whole.gguf") == ["/m/whole.gguf"]


def test_parts_that_do_not_belong_together_are_refused(folder):
    shutil.copy(folder / "small-00002-of-00003.gguf", folder / "small-00003-of-00003.gguf")
    with pytest.raises(NotGguf, match=r"small-00003-of-00003\.gguf is not part 3 of 3"):
        merged(folder)


def test_a_file_that_is_no_part_is_refused(folder):
    shutil.copy(DATA / "small-merged.gguf", folder / FIRST)
    with pytest.raises(NotGguf, match="is not part 1 of 3"):
        merged(folder)


def test_a_missing_part_is_told(folder):
    (folder / "small-00002-of-00003.gguf").unlink()
    with pytest.raises(FileNotFoundError):
        merged(folder)


def test_header_of_the_merged_file(folder):
    with (DATA / "small-merged.gguf").open("rb") as stream:
        header = read_header(stream)
    assert [tensor.name for tensor in header.tensors] == [
        "token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_up.weight", "output_norm.weight", "output.weight",
    ]  # fmt: skip
    assert header.fields[-1][0] == "split.count" and header.field("split.count")[-2:] == b"\0\0"
    assert header.size % header.alignment == 0
