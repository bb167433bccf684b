# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A safetensors file of a few bytes."""

from __future__ import annotations

import json
import struct


def tensors(end, size, header=None):
    text = header or json.dumps({"w": {"data_offsets": [0, end]}}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)
