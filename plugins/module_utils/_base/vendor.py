# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose product an appliance is, as its pages show it: `appliance_vendor` with the logo's file as data."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

KINDS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".svg": "svg+xml"}
MOST = 65536  # bytes of the file: it stands in every page
COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
DATA = re.compile(r"data:image/(?:png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+")


def vendor(given: Mapping[str, Any]) -> Dict[str, str]:
    """`name`, `logo` and `color`, each where it is given; refused (LLM588) where one can't be shown."""
    strange = sorted(set(map(str, given)) - {"name", "logo", "color"})
    if strange:
        raise Refusal("LLM588", what=", ".join(strange))
    told = {key: str(value).strip() for key, value in given.items() if str(value or "").strip()}
    if "color" in told and not COLOR.fullmatch(told["color"]):
        raise Refusal("LLM588", what=told["color"])
    if "logo" in told and not DATA.fullmatch(told["logo"]):
        told["logo"] = _data(os.path.expanduser(told["logo"]))
    return told


def _data(path: str) -> str:
    kind = KINDS.get(os.path.splitext(path)[1].lower())
    if not kind:
        raise Refusal("LLM588", what=path)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Refusal("LLM588", what=f"{path}: {error.strerror}") from error
    if not 0 < len(content) <= MOST:
        raise Refusal("LLM588", what=f"{path}, {len(content)} B")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
