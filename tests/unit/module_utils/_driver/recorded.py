# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers, dkms and initramfs tools really said (tests/fixtures/driver)."""

from __future__ import annotations

from pathlib import Path

SAID = Path(__file__).resolve().parents[3] / "fixtures" / "driver"


def said(name):
    return (SAID / name).read_text(encoding="utf-8")
