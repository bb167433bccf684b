# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity over the shipped collection: python -m tests.checkers.sanity 2.17 [test ...]

It runs without containers and fetches nothing but what pip installs: pip itself comes from get_pip.py, which
ansible-test finds in the cache of a home of its own. Modules are imported by every Python that is on this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pythons

from tests.checkers.cores import CACHE, CORES, environment, shipped

HOME = CACHE / "home"
TARGETS = [f"3.{minor}" for minor in range(8, 15)]


def home(bin_: Path) -> None:
    """A home with pip's settings of this machine, which ansible-test hides from pip otherwise, and our get-pip."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8", check=True
    )
    rows = re.findall(r"^(?:global|:env:)\.([a-z-]+)='(.*)'$", said.stdout, re.MULTILINE)
    (HOME / ".config/pip").mkdir(parents=True, exist_ok=True)
    text = "".join(f"{key} = {value}\n" for key, value in dict(rows).items())
    (HOME / ".config/pip/pip.conf").write_text(f"[global]\n{text}", encoding="utf-8")
    slot = HOME / ".ansible/test/cache"
    slot.mkdir(parents=True, exist_ok=True)
    source = next(bin_.parent.glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py"))
    version = re.search(r"pip='([\d.]+)'", source.read_text(encoding="utf-8"))
    assert version, f"{source} names no pip"
    shutil.copy2(Path(__file__).with_name("get_pip.py"), slot / f"get_pip_{version[1].replace('.', '_')}.py")


def targets() -> Path:
    """A folder with the Pythons of this machine by name: a version manager's shims would only say what is missing."""
    folder = CACHE / "pythons"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version in TARGETS:
        found = pythons.find(version)
        if found:
            (folder / f"python{version}").symlink_to(found)
    return folder


def check(core: str, wanted: list[str]) -> list[str]:
    """Names of the tests that failed."""
    bin_ = environment(core)
    home(bin_)
    env = {"HOME": str(HOME), "PATH": f"{targets()}:{bin_}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    place, failed = shipped(), []
    listed = subprocess.run(
        [bin_ / "ansible-test", "sanity", "--list-tests"], cwd=place, env=env, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    names = listed.stdout.split()
    if not names or not set(wanted) <= set(names):
        sys.exit(f"core {core} knows no such test: {wanted}\n{listed.stderr}")
    for name in wanted or names:
        started = time.monotonic()
        done = subprocess.run(
            [bin_ / "ansible-test", "sanity", "--color", "no", "--test", name],
            cwd=place, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            check=False,
        )  # fmt: skip
        skipped = re.findall(r"^WARNING: Skipping.*$", done.stdout, re.MULTILINE)
        failed += [name] * bool(done.returncode)
        verdict = "FAILED" if done.returncode else "ok"
        print(
            f"core {core}: {name:24} {verdict:6} {time.monotonic() - started:4.0f} s", *skipped, sep="\n  ", flush=True
        )
        if done.returncode:
            print(done.stdout, flush=True)
    return failed


if __name__ == "__main__":
    os.umask(0o022)
    if len(sys.argv) < 2 or sys.argv[1] not in CORES:
        sys.exit(__doc__)
    wrong = check(sys.argv[1], sys.argv[2:])
    print(f"core {sys.argv[1]}: {len(wrong)} of ansible-test's tests failed", *wrong)
    sys.exit(bool(wrong))
