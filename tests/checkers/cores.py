# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every supported ansible-core in an environment of its own, and the collection as it is shipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Callable

import pythons

from release import dist

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yitiji-checkers"
# Each core, and the Python it runs on: 2.20 and later want 3.12 at least.
CORES = {
    "2.17": ("2.17.14", "3.11"),
    "2.18": ("2.18.19", "3.11"),
    "2.19": ("2.19.14", "3.11"),
    "2.20": ("2.20.10", "3.13"),
    "2.21": ("2.21.5", "3.13"),
}
OLDEST = min(CORES, key=lambda core: int(core[2:]))


def run(*words: str | Path, cwd: Path = ROOT, **env: str) -> None:
    subprocess.run([str(w) for w in words], cwd=cwd, env={**os.environ, **env}, check=True)


def environment(core: str, python: str = "", extra: tuple[str, ...] = ()) -> Path:
    """Folder of programs with this core; made once, again when what belongs into it changes."""
    release, own = CORES[core]
    python = python or own
    interpreter = pythons.find(python)
    if not interpreter:
        sys.exit(f"core {core} is tested on Python {python}, which is not on this machine: "
                 f"set PYTHON{python.replace('.', '')} to the path of one")  # fmt: skip
    place = CACHE / "-".join([f"core-{core}-py{python}", *(["with", extra[0].split("==")[0]] if extra else [])])
    wanted = json.dumps([interpreter, release, extra])
    if not (place / "made").is_file() or (place / "made").read_text(encoding="utf-8") != wanted:
        shutil.rmtree(place, ignore_errors=True)
        run(BIN / "uv", "venv", "-q", "--python", interpreter, place)
        run(BIN / "uv", "pip", "install", "-q", "--python", place / "bin/python", f"ansible-core=={release}", *extra)
        (place / "made").write_text(wanted, encoding="utf-8")
    return place / "bin"


def tools() -> tuple[str, ...]:
    """What the unit tests need besides Ansible, at the versions of requirements-dev.txt."""
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    names = ("ansible-runner", "hypothesis", "jsonschema", "pytest", "pytest-xdist", "vulture", "zopfli")
    return (*(line for line in text.splitlines() if line.split("==")[0] in names), "PyYAML", "cryptography")


def artefact(top: Path) -> Path:
    """The collection as it is shipped, built in this folder from what git knows as it is in the working tree."""
    return made(dist.build, top)


def made(how: Callable[[Path, dict[str, str]], Path], top: Path) -> Path:
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    return how(top, dist.addresses("https://code.yitiji.internal/yitiji/deepseek"))


def shipped() -> Path:
    """The artefact's content where ansible-test wants a collection, with the lists of what it may ignore."""
    place = CACHE / "shipped/ansible_collections/yitiji/deepseek"
    shutil.rmtree(CACHE / "shipped", ignore_errors=True)
    place.mkdir(parents=True)
    with tarfile.open(made(dist.gathered, CACHE / "sanity")) as tar:
        tar.extractall(place, filter="data")
    shutil.copytree(ROOT / "tests/sanity", place / "tests/sanity", dirs_exist_ok=True)
    return place
