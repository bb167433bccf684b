# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade runs what site.yml runs: the same roles, in the same order, under the same conditions."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"


def load(name):
    return yaml.safe_load((PLAYBOOKS / name).read_text(encoding="utf-8"))


SITE, UPGRADE = load("site.yml"), load("upgrade.yml")


def plain(condition, variables):
    """The condition with the upgrade's own names replaced by what they stand for."""
    text = re.sub(r"^{{ (.*) }}$", r"\1", str(condition))
    for name in ("__head", "__monitored"):
        text = text.replace(name, re.sub(r"^{{ (.*) }}$", r"\1", variables[name]))
    return text


def test_the_switch_is_sites_own_list():
    roles = [(task["ansible.builtin.import_role"]["name"].rpartition(".")[2], str(task.get("when", True)))
             for task in SITE[1]["tasks"] if "ansible.builtin.import_role" in task]  # fmt: skip
    variables = UPGRADE[2]["vars"]
    assert [(role, plain(when, variables)) for role, when in variables["__switch"]] == roles


def test_it_verifies_what_site_verifies():
    def told(tasks, verb):
        inner = [task for outer in tasks for task in outer.get("block", [outer])]
        return [(task[verb]["name"], task[verb].get("tasks_from")) for task in inner if verb in task]

    switch = next(task for task in UPGRADE[2]["tasks"] if "rescue" in task)
    block = next(task for task in switch["block"] if task["name"] == "Verify it")
    assert told([block], "ansible.builtin.include_role") == told(SITE[2]["tasks"], "ansible.builtin.import_role")
