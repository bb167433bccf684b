# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of tests/gpu that run without a card: stand-ins, thin libraries, the engine's log, the run's end."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

GPU = Path(__file__).resolve().parents[2] / "gpu"
sys.path.insert(0, str(GPU))

import engine
import judge
import machine
import scrub
import thin


def scrubbed(text: str, host: str = "node-17") -> str:
    return scrub.Scrubber(host).text(text)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("<serial>1650012345678</serial>", "1650012345678"),
        ("    Serial Number                     : 1650012345678", "1650012345678"),
        ("GPU UUID: GPU-1a2b3c4d-1111-2222-3333-444455556666", "1a2b3c4d"),
        ("<pdi>0xdeadbeef12345678</pdi>", "deadbeef12345678"),
        ("inet 10.20.30.40/24 dev eth0", "10.20.30.40"),
        ("inet6 fe80::fc:ff:fe00:1/64", "fe80::fc:ff:fe00:1"),
        ("link/ether 52:54:00:ab:cd:ef", "52:54:00:ab:cd:ef"),
        ("node-17 kernel: hello", "node-17"),
        ("Release Build  (someone@somewhere)", "someone@somewhere"),
    ],
)
def test_what_names_a_machine_goes(text, gone):
    new = scrubbed(text)
    assert gone not in new and new != text


@pytest.mark.parametrize(
    "text",
    ["driver 580.159.04, 0000:00:06.0", "127.0.0.1", "0.0.0.0", "<serial>N/A</serial>", "96.00.A5.00.1A", "10de:2335",
     "[    1.325408] NVRM: Xid (PCI:0000:17:00): 79"],
)  # fmt: skip
def test_what_tells_of_a_card_stays(text):
    assert scrubbed(text) == text


def test_stand_ins_keep_form_and_identity():
    scrubber = scrub.Scrubber("n")
    first, second = "GPU-1a2b3c4d-1111-2222-3333-444455556666", "GPU-1a2b3c4d-1111-2222-3333-444455556667"
    assert scrubber.text(first) == scrubber.text(first) != scrubber.text(second)
    assert len(scrubber.text(first)) == len(first)
    assert scrubber.all({first: [first, 3, None]}) == {scrubber.text(first): [scrubber.text(first), 3, None]}


def fat_library(images: list[tuple[int, int, bytes]]) -> bytearray:
    """An ELF file with one section of device code."""
    body = b"".join(
        struct.pack("<HHIQ", kind, 0x101, 64, len(data)) + bytes(12) + struct.pack("<I", card) + bytes(32) + data
        for kind, card, data in images
    )
    region = struct.pack("<IHHQ", thin.REGION, 1, 16, len(body)) + body
    names = b"\0.nv_fatbin\0.shstrtab\0"
    table = 64 + len(region) + len(names)
    head = bytearray(64)
    head[:5] = b"\x7fELF\x02"
    struct.pack_into("<Q", head, 0x28, table)
    struct.pack_into("<HHH", head, 0x3A, 64, 3, 2)

    def row(name: int, kind: int, offset: int, size: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 0, 0)

    rows = row(0, 0, 0, 0) + row(1, 1, 64, len(region)) + row(12, 3, 64 + len(region), len(names))
    return head + bytearray(region) + bytearray(names) + bytearray(rows)


def test_other_cards_code_is_emptied_in_place():
    own, other, source = b"own-code" * 4, b"other!!!" * 4, b"some-ptx" * 4
    data = fat_library([(thin.ELF, 90, own), (thin.ELF, 100, other), (thin.PTX, 80, source)])
    size = len(data)
    assert thin.thin(data, 90) == len(other) + len(source)
    assert len(data) == size and own in data and other not in data and source not in data


def test_without_own_code_the_newest_older_source_stays():
    old, new, newer = b"ptx-of75" * 2, b"ptx-of80" * 2, b"ptx-o100" * 2
    data = fat_library([(thin.PTX, 75, old), (thin.PTX, 80, new), (thin.PTX, 100, newer)])
    thin.thin(data, 90)
    assert new in data and old not in data and newer not in data


def test_a_file_that_is_no_library_stays():
    data = bytearray(b"#!/bin/sh\n" * 100)
    assert thin.thin(data, 90) == 0


LOG = """\
INFO Model loading took 14.32 GiB and 3.1 seconds
DEBUG Memory profiling takes 20.00 seconds. Total non KV cache memory: 15.67GiB; torch peak memory increase: 1.13GiB; \
non-torch forward increase memory: 0.23GiB; weights memory: 14.32GiB.
INFO Estimated CUDA graph memory: 0.36 GiB total
INFO Available KV cache memory: 112.58 GiB
INFO GPU KV cache size: 2,107,984 tokens
INFO Graph capturing finished in 9 secs, took 0.46 GiB
"""


def test_the_engines_log_is_read():
    assert judge.read_log(LOG) == {
        "weights": 14.32, "kv": 112.58, "activation": 1.13, "non_torch": 0.23, "graph_estimate": 0.36, "graphs": 0.46,
        "tokens": 2107984,
    }  # fmt: skip
    assert judge.read_log("nothing") == {}


def test_planned_and_measured_side_by_side():
    setting = {"predicted": {"weights": 14.2, "activation": 1.0, "non_torch": 0.1, "graphs": 0.9, "kv": 112.4},
               "tokens": 2103808, "tokens_promised": 2045840}  # fmt: skip
    found = judge.compare(setting, judge.read_log(LOG))
    assert found["safe"] and abs(found["error"]) < 0.01
    assert found["gib"]["graphs"] == {"planned": 0.9, "measured": 0.36}
    assert any("2,107,984" in line for line in judge.table("x", found))
    found = judge.compare({**setting, "tokens_promised": 3000000}, judge.read_log(LOG))
    assert "PROMISED TOO MUCH" in "\n".join(judge.table("x", found))


def test_the_servers_own_flags_are_left_out():
    args = ["--served-model-name", "r1", "--host", "0.0.0.0", "--port", "8000", "--disable-fastapi-docs",
            "--reasoning-parser", "deepseek_r1", "--max-model-len", "16384"]  # fmt: skip
    assert engine.for_engine(args) == ["--served-model-name", "r1", "--max-model-len", "16384"]


def test_arguments_of_a_plan():
    assert machine.args_of({"nodes": {"a": {"units": [{"args": ["/models/x", "--port", "1"]}]}}}) == ["--port", "1"]
    assert machine.args_of({"nodes": {"a": {"args": ["--port", "1"]}}}) == ["--port", "1"]


def test_a_machine_without_a_card_is_told_so(tmp_path):
    """The whole run, to its end here."""
    done = subprocess.run(
        [sys.executable, str(GPU / "run"), "--out", str(tmp_path), "--seconds", "60", "--skip", "card,engine"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (tmp_path / "results.tar.gz").exists(), done.stdout + done.stderr
    plans = json.loads((tmp_path / "parts" / "serving.json").read_text(encoding="utf-8"))
    assert len(plans) >= 3
    if done.returncode:  # where the tests run on a machine with a card, nothing is amiss
        assert done.returncode == 77 and "not done:" in done.stdout
