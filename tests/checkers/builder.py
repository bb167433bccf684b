# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment, as far as it goes without a registry: python -m tests.checkers.builder

ansible-builder makes the context of execution-environment.yml around the artefact; then what its Containerfile would do
with the collection is done here: it is installed from the context, its requirements are gathered and installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.checkers.cores import CACHE, ROOT, artefact, environment

BUILDER = "ansible-builder==3.2.0"


def main() -> int:
    bin_, place = environment("2.19", extra=(BUILDER, "bindep==2.13.0")), CACHE / "builder"
    archive = artefact(place)
    shutil.copy2(ROOT / "execution-environment.yml", place)
    (place / "build/dist").mkdir(parents=True)
    shutil.copy2(archive, place / "build/dist")
    env = {n: v for n, v in os.environ.items() if not n.startswith("ANSIBLE_")}
    env.update(PATH=f"{bin_}:{env['PATH']}", HOME=str(place))

    def run(*words: str | Path, cwd: Path = place) -> str:
        done = subprocess.run(
            words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
        )
        if done.returncode:
            print(done.stdout)
            print(f"{BUILDER}: 0 passed, 1 failed")
            sys.exit(1)
        return done.stdout

    words = ["create", "-f", "execution-environment.yml", "-c", "context", "--output-filename", "Containerfile"]
    run(bin_ / "ansible-builder", *words)
    recipe = (place / "context/Containerfile").read_text(encoding="utf-8")
    asked = re.search(r"RUN .*(ansible-galaxy collection install .*)$", recipe, re.MULTILINE)
    options = re.search(r'^ARG ANSIBLE_GALAXY_CLI_COLLECTION_OPTS="(.*)"$', recipe, re.MULTILINE)
    assert asked and options, recipe
    install = asked[1].replace("$ANSIBLE_GALAXY_CLI_COLLECTION_OPTS", options[1])
    install = re.sub(r'"[^"]*/collections"', str(place / "installed"), install)
    run(*install.split(), cwd=place / "context/_build")
    introspect = place / "context/_build/scripts/introspect.py"
    run(
        bin_ / "python", introspect, "introspect", "installed", "--write-pip", "pip.txt", "--write-bindep", "bindep.txt"
    )
    for name, wanted in (("pip.txt", "cryptography"), ("bindep.txt", "openssh-client ")):
        text = (place / name).read_text(encoding="utf-8")
        assert wanted in text and "yitiji.deepseek" in text, f"{name}: {text}"
    run(bin_ / "python", "-m", "bindep", "-l", "newline", "-f", "bindep.txt")
    shutil.rmtree(place / "clean", ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    run(uv, "venv", "-q", "--python", bin_ / "python", "clean")
    run(uv, "pip", "install", "-q", "--python", "clean/bin/python", "-r", "pip.txt")
    run(place / "clean/bin/python", "-c", "import cryptography")
    print(f"{BUILDER}: 1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
