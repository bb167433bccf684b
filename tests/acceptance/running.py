# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lab's appliance is deployed and accepted: few steps, short prompts, a team of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import labctl
import sitectl

from tests.acceptance import generators

KEY = labctl.OUTPUT / "acceptance-key"
REPORT = labctl.OUTPUT / "acceptance"
TEAMS = [
    {"name": "default"},
    {"name": "acceptance", "rate": 0, "concurrency": 0},
    {"name": "slow", "rate": 6, "burst": 2},
]
ASKED = {
    "gateway_keys": TEAMS,
    "acceptance_team": "acceptance",
    "acceptance_dir": str(REPORT),
    "acceptance_signing_key": str(KEY),
    "acceptance_tools_dir": str(labctl.OUTPUT / "acceptance-tools"),
    "acceptance_lengths": [{"prompt": 256, "answer": 64}],
    "acceptance_at_once": [1, 4],
    "acceptance_rounds": 2,
    "acceptance_least": 6,
    "acceptance_soak_minutes": 0,
}


def play(name: str, playbook: str = "playbooks/acceptance.yml", watch: Any = None, **more: object) -> sitectl.Run:
    path = labctl.OUTPUT / f"{name}.json"
    path.write_text(json.dumps({**ASKED, **more}), encoding="utf-8")
    return sitectl.site(name, "-e", f"@{path}", playbook=playbook, watch=watch)


def prepare() -> None:
    """An empty node, and the tools that the acceptance would fetch: what asks is in the lab's network, without PyPI."""
    labctl.hub_reset()
    labctl.OUTPUT.mkdir(parents=True, exist_ok=True)
    for folder in labctl.OUTPUT.glob("acceptance*"):
        if folder.is_dir() and folder.name != "acceptance-tools":
            shutil.rmtree(folder)
    tools = Path(str(ASKED["acceptance_tools_dir"]))
    tools.mkdir(exist_ok=True)
    for name, folder in (("aiperf", "venv"), ("pdf", "pdf")):
        if not (tools / folder).exists():
            (tools / folder).symlink_to(generators.environment(name).parent)
    labctl.clean_node()
