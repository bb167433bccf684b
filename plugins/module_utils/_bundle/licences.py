# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Licences that must be accepted before their software is fetched."""

from __future__ import annotations

import fnmatch
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text

KINDS = ("packages", "images", "models", "downloads")


def applying(licences: Mapping[str, Mapping[str, Any]], kind: str, name: str) -> List[str]:
    """Ids of the licences whose patterns match a name."""
    found = []
    for key, entry in licences.items():
        if any(fnmatch.fnmatchcase(name, str(pattern)) for pattern in entry.get(kind) or []):
            found.append(key)
    return found


def title(licences: Mapping[str, Mapping[str, Any]], kind: str, name: str) -> str:
    """What the manifest says of a file's licence; empty where it is not recorded."""
    return "; ".join(str(licences[key].get("spdx") or key) for key in applying(licences, kind, name))


def wanting(
    licences: Mapping[str, Mapping[str, Any]], accepted: Sequence[str], named: Sequence[Tuple[str, str]]
) -> Dict[str, List[str]]:
    """Licences without consent -> what asks for them. `named`: (kind, name) of all that would come."""
    missing: Dict[str, List[str]] = {}
    for kind, name in named:
        for key in applying(licences, kind, name):
            if licences[key].get("consent") and key not in accepted and name not in missing.setdefault(key, []):
                missing[key].append(name)
    return {key: names for key, names in missing.items() if names}


def refusal(licences: Mapping[str, Mapping[str, Any]], missing: Mapping[str, Sequence[str]]) -> Refusal:
    parts_en, parts_zh = [], []
    for key, names in sorted(missing.items()):
        entry = licences[key]
        what = ", ".join(names[:4]) + (f" (+{len(names) - 4})" if len(names) > 4 else "")
        parts_en.append(f"{entry['title']['en']} ({entry['url']}) for {what}")
        parts_zh.append(f"{entry['title']['zh']}（{entry['url']}）：{what}")
    return Refusal("LLM910", parts=Text("; ".join(parts_en), "；".join(parts_zh)), missing=", ".join(sorted(missing)))


def unknown(licences: Mapping[str, Mapping[str, Any]], accepted: Sequence[str]) -> List[str]:
    return [key for key in accepted if key not in licences]
