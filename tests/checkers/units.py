# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests on another core and Python: python -m tests.checkers.units 2.21 3.13 [pytest's arguments]"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.checkers.cores import CORES, ROOT, environment, tools

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in CORES:
        sys.exit(__doc__)
    bin_ = environment(sys.argv[1], sys.argv[2], tools())
    # the released collections that roles use are those of the controller's own environment
    released = Path(yaml.__file__).parents[1]
    places = f"{ROOT}/.collections:{released}"  # whole: some tests start Ansible in a folder of their own
    env = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "ANSIBLE_COLLECTIONS_PATH": places}
    print(f"==> unit tests on core {sys.argv[1]}, Python {sys.argv[2]}", flush=True)
    words = [bin_ / "python", "-m", "pytest", *(sys.argv[3:] or ["-n", "2", "tests/unit"])]
    sys.exit(subprocess.run(words, cwd=ROOT, env=env, check=False).returncode)
