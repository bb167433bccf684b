# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf 4.14 said on a node with a small repository (tests/fixtures/dnf): (status, text)."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[4] / "fixtures" / "dnf"


def said(name: str) -> tuple[int, str]:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("$ ") and lines[-1].startswith("= ")
    return int(lines[-1][2:]), "\n".join(lines[1:-1]) + "\n"
