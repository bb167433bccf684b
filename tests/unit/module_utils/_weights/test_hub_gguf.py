# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of tensors by ranged reads: a header costs its own bytes, not the file's."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import hub_gguf as core

DATA = Path(__file__).resolve().parents[1] / "data"


SIZES = {"token_embd.weight": 48, "blk.0.attn_q.weight": 20}


def test_headers_alone_are_read(monkeypatch):
    monkeypatch.setattr(core, "FIRST", 100)
    asked = []

    def read(path, first, last):
        asked.append((path, first, last))
        return (DATA / path).read_bytes()[first:last]

    names = sorted(path.name for path in DATA.glob("small-0*"))
    listing = [Entry(name, 10**9, "") for name in names] + [Entry("README.md", 5, ""), Entry("other.gguf", 5, "")]
    found = core.tensors(listing, ["small-*"], read, [])
    assert sorted(found) == names and found[names[0]] == SIZES
    spans = [(first, last) for path, first, last in asked if path == names[0]]
    assert spans == [(0, 100), (100, 500)]


def test_without_patterns_nothing_is_read():
    def read(*_args):
        raise AssertionError

    assert core.tensors([Entry("small.gguf", 10, "")], [], read, []) == {}


def test_a_header_that_cannot_be_read_is_a_doubt():
    doubts = []
    assert core.tensors([Entry("x.gguf", 7, "")], ["*"], lambda *_args: b"version", doubts) == {}
    assert [doubt.rule for doubt in doubts] == ["LLM602"] and "x.gguf" in doubts[0].reason.en
