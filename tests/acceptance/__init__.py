# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance: what it measures is true, and it finds faults. Makes the collection importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".collections"))
