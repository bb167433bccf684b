# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock as faces on the controller use it, and what this controller itself consists of."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Any, Dict

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.file import read
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import version
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._yaml import parse

WHEELS = ("ansible", "ansible-core", "paramiko")
NEEDED = "community.crypto"


def parsed(text: str) -> Any:
    """YAML; what is none is a ValueError that says where."""
    try:
        return parse(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def locked(path: str, deployment: str) -> Dict[str, Any]:
    """What is locked of a deployment; {} where nothing is."""
    return dict(read(path, parsed).get(deployment) or {})


def wheels() -> Dict[str, str]:
    """Versions of the controller's Python packages, and of the collection that this one needs."""
    found = {}
    for name in WHEELS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    try:
        found[NEEDED] = version(next(iter(import_module(f"ansible_collections.{NEEDED}").__path__)))
    except ImportError:
        return found
    return found
