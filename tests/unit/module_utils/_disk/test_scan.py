# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are found in a disk image, as text, in binaries and as keys."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.scan import CHUNK, scan

WORD = "PRIVATE"


def test_the_search_finds_text_binary_and_keys(tmp_path):
    image, machine = tmp_path / "disk.raw", "0123456789abcdef0123456789abcdef"
    body = "A" * 64
    with image.open("wb") as f:
        f.truncate(3 * CHUNK)
        f.seek(CHUNK - 3)
        f.write(b"builder.example")  # across two blocks
        f.seek(2 * CHUNK)
        f.write(bytes.fromhex(machine))
        f.write(f"-----BEGIN {WORD} KEY-----\n{body}\n{body}\n".encode())
        f.write(f"-----BEGIN {WORD} KEY-----\0its own words".encode())
    hits = scan(str(image), {"host": "builder.example", "id": machine, "not there": "nowhere.example"})
    assert [(h.what, h.offset) for h in hits] == [
        ("host", CHUNK - 3), ("id", 2 * CHUNK), ("private key", 2 * CHUNK + 16)]  # fmt: skip


def test_a_key_that_is_published_anyway_is_let_pass(tmp_path):
    image = tmp_path / "disk.raw"
    text = "-----BEGIN RSA " + WORD + " KEY-----\n" + ("B" * 64 + "\n") * 3 + "-----END RSA PRIVATE KEY-----\n"
    image.write_text(text)
    found = scan(str(image), {})
    assert len(found) == 1
    assert scan(str(image), {}, published=[found[0].digest]) == []
