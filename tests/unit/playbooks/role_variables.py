# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles' own variables as Ansible fills them in, in a process of its own: Ansible's loader wants to be the first there.

Reads rows [role, variables that are set, names] on standard input and writes their values.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ansible.release
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

ROOT = Path(__file__).resolve().parents[3]
LOADER = DataLoader()
# from core 2.19 on, only text that is trusted is a template
TRUST = {"trusted_as_template": True} if tuple(map(int, ansible.release.__version__.split(".")[:2])) > (2, 18) else {}


def load(path: str) -> dict[str, Any]:
    return LOADER.load_from_file(str(ROOT / path), **TRUST) or {}


def main() -> None:
    init_plugin_loader([str(ROOT / ".collections")])
    answers = []
    for role, given, names in json.load(sys.stdin):
        files = ("roles/shared_variables/defaults", f"roles/{role}/defaults", f"roles/{role}/vars")
        known = {name: value for path in files for name, value in load(f"{path}/main.yml").items()}
        templar = Templar(loader=LOADER, variables={**known, "inventory_hostname": "gpu01", **given})
        answers.append({name: templar.template(known[name]) for name in names})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
