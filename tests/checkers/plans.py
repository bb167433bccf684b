# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped collection makes the same plans on every core: python -m tests.checkers.plans [--ends | core ...]

Each core installs the artefact itself, into an empty folder, and plans the examples without any machine.
--ends takes the oldest and the newest of them whose Python this machine has, and names the others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pythons

from tests.checkers.cores import CACHE, CORES, ROOT, artefact, environment

PROFILES = ("basic", "standard", "flagship")


def plans(core: str, archive: Path) -> dict[str, Any]:
    """{profile: plan} that this core leads to."""
    bin_, place = environment(core), CACHE / f"installed-{core}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    env = {n: value for n, value in os.environ.items() if not n.startswith("ANSIBLE_")}
    env.update(PATH=f"{bin_}:{env['PATH']}", ANSIBLE_COLLECTIONS_PATH=str(place), ANSIBLE_HOME=str(place / "home"))
    command(
        ["ansible-galaxy", "collection", "install", str(archive), "--no-deps", "--offline", "-p", str(place)],
        place,
        env,
    )
    found = {}
    for profile in PROFILES:
        inventory = place / "inventories" / profile
        shutil.copytree(ROOT / "inventories" / profile, inventory, ignore=shutil.ignore_patterns(".plans"))
        said = command(["ansible-playbook", "yitiji.deepseek.plan", "-i", str(inventory)], place, env)
        assert "DEPRECATION" not in said, said
        made = sorted(inventory.glob(".plans/*/plan.json"))
        assert made, f"core {core} made no plan of {profile}: {said[-2000:]}"
        found[profile] = [json.loads(path.read_text(encoding="utf-8")) for path in made]
    return found


def command(words: list[str], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def main(cores: list[str]) -> int:
    archive, first, failed = artefact(CACHE / "plans"), {}, 0
    for core in cores:
        started = time.monotonic()
        try:
            made = plans(core, archive)
            first = first or made
            assert made == first, "the plans differ from those of the core before"
            verdict = "ok"
        except AssertionError as error:
            failed, verdict = failed + 1, f"FAILED: {error}"
        print(f"core {core}: plans of {', '.join(PROFILES)}: {time.monotonic() - started:.0f} s: {verdict}", flush=True)
    print(f"{len(cores) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(CORES)
    if chosen == ["--ends"]:
        here = [core for core, (_, python) in CORES.items() if pythons.find(python)]
        chosen = sorted({here[0], here[-1]})
        for core in sorted(set(CORES) - set(here)):
            print(f"core {core}: not tried, as this machine has no Python {CORES[core][1]}")
    sys.exit(main(chosen))
