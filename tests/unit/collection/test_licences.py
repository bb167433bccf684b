# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file says its licence: in its head, or by a pattern of REUSE.toml where it can or must have none."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MARK = "SPDX-License-" + "Identifier: GPL-3.0-or-later"
TEXT = (ROOT / "REUSE.toml").read_text(encoding="utf-8")
PATTERNS = re.findall(r'"([^"]+)"', TEXT[TEXT.index("path = [") : TEXT.index("\n]")])
CODE = (".py", ".sh", ".yml", ".yaml", ".mjs", ".js")


def regex(pattern: str) -> re.Pattern[str]:
    """`*` stays within a folder, `**` does not, and `**/` may be nothing."""
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts) + "$")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    paths = (name for name in listed.stdout.split("\0") if name and name != "LICENSE")
    return [name for name in paths if (ROOT / name).is_file() and not (ROOT / name).is_symlink()]


def bare() -> list[str]:
    """Without a line of their own."""
    return [
        name for name in tracked() if MARK.encode() not in b"".join((ROOT / name).read_bytes().splitlines(True)[:10])
    ]


def test_every_file_says_its_licence():
    known = [regex(pattern) for pattern in PATTERNS]
    missing = [name for name in bare() if not any(k.match(name) for k in known)]
    assert missing == [], f"first lines: # {MARK}"


def test_code_says_it_itself():
    """But for what reaches a node as it is, what was recorded, and files without a line."""
    places = ("/files/", "/templates/", "/fixtures/", "changelogs/")
    code = [name for name in bare() if name.endswith(CODE) and not any(place in name for place in places)]
    assert [name for name in code if (ROOT / name).stat().st_size] == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_is_left_over(pattern):
    assert any(regex(pattern).match(name) for name in tracked())


def test_no_file_says_another():
    other = re.compile(rb"SPDX-License-" + rb"Identifier:? *=? *\"?(?!GPL-3\.0-or-later)[A-Z]")
    assert [name for name in tracked() if name.endswith(CODE) and other.search((ROOT / name).read_bytes())] == []
