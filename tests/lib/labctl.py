# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as the tests use it: lab/lab by its command line, the hub by its control addresses."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "tests/output"
LAB = ROOT / "lab/lab"
CACHE = Path(os.environ.get("YITIJI_LAB_DIR", "/var/cache/yitiji-lab"))
HUB = "http://10.77.0.1:8801"
NODE, ADDRESS, OCTET = "gpu01", "10.77.0.11", "11"  # of inventories/lab
MODEL = "yitiji-lab/tiny-r1-distill"
WEIGHTS = f"/srv/models/{MODEL}"
ANSWER = "Hello from the appliance"
THINKING = "the lab model recites"
RPM_CATALOGUE = CACHE / "rpm-catalogue"  # the lab's places of the vendors' RPM repositories
PASSWORD_FILE = "/etc/yitiji/secrets/open-webui-admin"
# What a run could leave behind. Volatile files and Ansible's own temporary folders are not listed.
FINGERPRINT = """
{ dpkg-query -W; rpm -qa | sort; } 2>/dev/null | md5sum
find /etc /usr /srv /opt /root /var/lib/yitiji /var/lib/docker -xdev \
    -not -path '*/.ansible*' -not -path '*/__pycache__*' -printf '%p %y %m %U %s %l\\n' 2>/dev/null | sort | md5sum
systemctl list-unit-files --no-legend | md5sum
systemctl list-units --type service --state running --plain --no-legend | cut -d' ' -f1 | grep -v @ | sort | md5sum
{ docker ps --all --quiet; nft --stateless list ruleset; } 2>/dev/null | md5sum
cat /etc/passwd /etc/group | md5sum
"""
os.environ.setdefault("YITIJI_LAB", "test")


def lab(*args: str, check: bool = True, timeout: float = 900) -> str:
    """Run a lab command; its output, or with check an error that shows it."""
    done = subprocess.run([str(LAB), *args], capture_output=True, text=True, check=False, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"lab/lab {' '.join(args)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


def clean_node(name: str = NODE, octet: str = OCTET, base: str = "bookworm") -> None:
    """A fresh node, like bare metal: what was there is gone."""
    if any(line.split()[0] == name for line in lab("ls").splitlines()):
        lab("down", name)
    lab("up", name, "--octet", octet, "--base", base)


def node(command: str, name: str = NODE, check: bool = True, timeout: float = 120) -> str:
    """A shell command as root on a node."""
    return lab("ssh", name, command, check=check, timeout=timeout)


def fingerprint(name: str = NODE) -> str:
    """The node's files, packages, units, containers, packet rules and users in a few lines."""
    return node(FINGERPRINT, name)


def put(machine: str, user: str, files: dict[str, bytes | Path], private: bool = False) -> None:
    """Files below a user's home; private: nobody else can read them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600 if private else 0o644
            tar.addfile(info, io.BytesIO(data))
    unpack = "umask 077; tar x" if private else "tar x"
    command = [str(LAB), "ssh", machine, f"runuser -l {user} -c '{unpack}'"]
    subprocess.run(command, input=packed.getvalue(), check=True, timeout=300)


def curl(*args: str, check: bool = True) -> str:
    """curl from a machine on the appliance's LAN."""
    return lab("run", "curl", "-sSk", "-m", "60", *args, check=check)


def hub_fault(**fault: Any) -> None:
    curl("-f", "-X", "POST", "-d", json.dumps(fault), f"{HUB}/__fault")


def hub_reset() -> None:
    curl("-f", "-X", "POST", "-d", "{}", f"{HUB}/__reset")


def hub_log() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(curl("-f", f"{HUB}/__log"))["Data"]
    return found


def model_files(pattern: str) -> list[Path]:
    """Files of the lab model as the hub holds them."""
    return sorted((CACHE / "models" / MODEL).glob(pattern))


def journal(name: str = NODE, lines: int = 60) -> str:
    """What a failing test prints: the units that failed and the end of the journal."""
    return node(f"systemctl --failed --no-legend; journalctl -n {lines} --no-pager -o short", name, check=False)
