# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizing: accuracy on published starts, golden plans, parser checks. Makes the collection importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".collections"))
