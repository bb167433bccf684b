# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""galaxy-importer over the artefact, as Galaxy imports it: python -m tests.checkers.importer"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.checkers.cores import CACHE, artefact, environment

IMPORTER = "galaxy-importer==0.4.44"


def main() -> int:
    bin_, place = environment("2.19", extra=(IMPORTER,)), CACHE / "import"
    archive = artefact(place)
    env = {n: value for n, value in os.environ.items() if not n.startswith("ANSIBLE_")}
    env.update(
        PATH=f"{bin_}:{env['PATH']}", HOME=str(place),
        GALAXY_IMPORTER_CONFIG=str(Path(__file__).with_suffix(".cfg")),
    )  # fmt: skip
    done = subprocess.run(
        [bin_ / "python", "-m", "galaxy_importer.main", archive],
        cwd=place, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
    )  # fmt: skip
    told = [line for line in done.stdout.splitlines() if re.match(r"(ERROR|WARNING|CRITICAL)|Traceback", line)]
    print(*told, *done.stdout.splitlines()[-2:], sep="\n")
    good = done.returncode == 0 and not told and "completed successfully" in done.stdout
    print(f"{IMPORTER}: {int(good)} passed, {int(not good)} failed")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
