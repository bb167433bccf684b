# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One plan by every way to run Ansible: python -m tests.checkers.ways

ansible-playbook, ansible-navigator (no container, text mode), ansible-runner, and ansible-pull on the node itself; with
the inventory as a file, and built by the plugin `constructed` from bare facts of the site.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.checkers.cores import CACHE, ROOT, artefact, environment

EXTRA = ("ansible-navigator==26.10.0", "ansible-runner==2.4.3", "PyYAML")
NODE = socket.gethostname()  # ansible-pull runs for the host of this name alone


def inventories(place: Path) -> dict[str, Path]:
    """The basic profile's, its node this machine: as a file, and the same facts as a table that a plugin reads."""
    whole = yaml.safe_load((ROOT / "inventories/basic/hosts.yml").read_text(encoding="utf-8"))
    groups = whole["all"]["children"]["appliances"]["children"]
    [(group, body)] = groups.items()
    body["hosts"] = {NODE: {"ansible_connection": "local"}}
    settings = body["vars"]
    for way in ("playbook", "navigator", "runner", "pull"):
        (place / way).mkdir()
        (place / way / "hosts.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    built = place / "constructed"
    built.mkdir()
    site = {
        "site": settings["appliance_deployment"],
        "tier": settings["appliance_profile"],
        "ansible_connection": "local",
    }
    table = {"all": {"hosts": {NODE: {**site, "machine": settings["appliance_hardware"]}}}}
    rule = {
        "plugin": "ansible.builtin.constructed",
        "strict": True,
        "groups": {group: f"site == '{site['site']}'", "appliances": "true"},
        "compose": {"appliance_deployment": "site", "appliance_profile": "tier", "appliance_hardware": "machine"},
    }
    (built / "10-hosts.yml").write_text(yaml.safe_dump(table), encoding="utf-8")
    (built / "20-constructed.yml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    return {way: place / way for way in ("playbook", "navigator", "runner", "pull", "constructed")}


def main() -> int:
    bin_, place = environment("2.19", extra=EXTRA), CACHE / "ways"
    archive = artefact(place)
    env = {n: v for n, v in os.environ.items() if not n.startswith("ANSIBLE_")}
    # not this machine's whole path: a version manager's shims look like a Python to ansible-pull and are none
    env.update(PATH=f"{bin_}:/usr/bin:/bin", HOME=str(place), ANSIBLE_HOME=str(place / "home"))
    env.update(ANSIBLE_COLLECTIONS_PATH=str(place / "installed"))
    subprocess.run(
        ["ansible-galaxy", "collection", "install", archive, "--no-deps", "--offline", "-p", place / "installed"],
        cwd=place, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = inventories(place)
    shutil.copytree(found["runner"], place / "private/inventory")
    (place / "private/project").mkdir()
    name = "yitiji.deepseek.plan"
    navigator = ["ansible-navigator", "run", name, "--ee", "false", "-m", "stdout", "--pae", "false"]
    pull = ["ansible-pull", "-U", ROOT, "-C", "HEAD", "-d", place / "pulled", "playbooks/plan.yml"]
    ways = {
        "playbook": (["ansible-playbook", name, "-i", found["playbook"]], found["playbook"]),
        "navigator": ([*navigator, "-i", found["navigator"]], found["navigator"]),
        "runner": (["ansible-runner", "run", "private", "-p", name], place / "private/inventory"),
        "pull": ([*pull, "-i", found["pull"]], found["pull"]),
        "constructed": (["ansible-playbook", name, "-i", found["constructed"]], found["constructed"]),
    }
    first: Any = None
    failed = 0
    for way, (words, folder) in ways.items():
        own = {n: v for n, v in env.items() if way != "pull" or n != "ANSIBLE_COLLECTIONS_PATH"}  # it brings its own
        done = subprocess.run(
            words, cwd=place, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
        )
        made = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(".plans/*/plan.json"))]
        first = first or made
        good = done.returncode == 0 and made and made == first
        failed += not good
        print(f"{way}: {'the same plan' if good else 'FAILED'}", *([] if good else [done.stdout[-3000:]]), flush=True)
    print(f"ways: {len(ways) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
