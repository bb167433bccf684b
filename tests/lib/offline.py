# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle of the tests: made once, copied with links, harmed, signed again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import sitectl

PLACE = Path(os.environ.get("YITIJI_BUNDLE", "/var/tmp/yitiji-bundle-test"))
OUT, WORK, KEY = PLACE / "bundle", PLACE / "bundle.work", PLACE / "key"
SIGNERS = PLACE / "signers"
TARGETS = '{"bundle_targets": [{"release": "bookworm", "architecture": "amd64"}]}'

WATCHED = ("-e", "appliance_monitoring=true")  # as by default on a machine of a customer


def make(name: str, *more: str, **how: Any) -> sitectl.Run:
    # what an acceptance is made with is 0.3 GB more for each Python; tests/acceptance bundles and installs it
    given = f"'bundle_out={OUT} bundle_key={KEY} bundle_signers={SIGNERS} bundle_acceptance=false'"
    options = ["-e", given, "-e", f"'{TARGETS}'", *WATCHED, *more]
    return sitectl.site(name, *options, playbook="playbooks/bundle.yml", **how)


def install(name: str, folder: Path = OUT, *more: str, playbook: str = "site.yml") -> sitectl.Run:
    given = f"'appliance_source=bundle appliance_bundle={folder} bundle_signers={SIGNERS}'"
    return sitectl.site(name, "-e", given, *WATCHED, *more, playbook=playbook)


def check(folder: Path = OUT, *options: str) -> tuple[int, str]:
    done = subprocess.run(["sh", str(folder / "check.sh"), *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def copied(name: str) -> Path:
    """A copy that shares the files' bytes: what is changed in it must be replaced, not written into."""
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-al", str(OUT), str(folder)], check=True)
    return folder


def replaced(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    replaced(path, bytes(data))


def retargeted(folder: Path, **target: str) -> None:
    """The same bundle as if made for another machine, signed by its maker."""
    text = (folder / "MANIFEST.json").read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if line.startswith(' "targets": '))
    known = json.loads(lines[number].partition(":")[2].rstrip().rstrip(","))
    lines[number] = f' "targets": {json.dumps([{**known[0], **target}])},\n'
    replaced(folder / "MANIFEST.json", "".join(lines).encode("utf-8"))
    (folder / "MANIFEST.json.sig").unlink()
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "yitiji-bundle", "-f", str(KEY), str(folder / "MANIFEST.json")]
    subprocess.run(command, check=True, capture_output=True)


def signed_again(folder: Path) -> None:
    """Changed and signed anew by a stranger, so that everything in it fits together."""
    key = PLACE / "key-of-a-stranger"  # a copy of the bundle lies beside it under any other name
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (folder / "MANIFEST.json.sig").unlink()
    replaced(folder / "SIGNER.pub", Path(f"{key}.pub").read_bytes())
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "yitiji-bundle", "-f", str(key), str(folder / "MANIFEST.json")]
    subprocess.run(command, check=True, capture_output=True)


def clean() -> None:
    shutil.rmtree(PLACE, ignore_errors=True)
