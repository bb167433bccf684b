# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this machine is: the settings of the stick, the host's name, its network and its SSH keys."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import match
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import settings as settings_
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import stick
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot.stick import SIGNATURE, SMALL, Stick
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

# Labels of the stick or the seed; FAT has capital letters alone, ISO 9660 has what its maker wrote.
LABELS = ("YITIJI", "yitiji", "CIDATA", "cidata")
CONFIG = "/etc/yitiji/first-boot.json"  # from the bake: {deployment, playbook, variables, signers}
NETWORK = "/etc/systemd/network/20-yitiji.network"
KEYS = os.path.expanduser("~root") + "/.ssh/authorized_keys"
# Where there is no device for it: a file that was put there beforehand
LAID_DOWN = "/etc/yitiji/first-boot.d"


def read_stick() -> Optional[Stick]:
    """Settings from the stick or the seed; None when there is none."""
    if os.path.isdir(LAID_DOWN):
        return read_folder(LAID_DOWN, own=True)
    device = find_stick()
    if not device:
        return None
    with tempfile.TemporaryDirectory(prefix="yitiji-", dir="/run") as folder:
        options = ["-t", "vfat,iso9660", "-o", "ro,nosuid,nodev,noexec"]
        mounted = subprocess.run(["mount", *options, device, folder], capture_output=True, check=False)
        if mounted.returncode:
            said = mounted.stderr.decode("utf-8", "replace").strip()
            why = (f"the stick {device} cannot be read: {said}.", f"无法读取 U 盘 {device}：{said}。")
            return Stick({}, error=settings_.refuse(*why).message())
        try:
            return read_folder(folder)
        finally:
            subprocess.run(["umount", folder], check=False)


def find_stick(seconds: float = 120) -> str:
    """Its device, as soon as udev has seen it; none once udev has seen everything, or takes too long."""
    until = time.monotonic() + seconds
    while True:
        settled = subprocess.run(["udevadm", "settle", "--timeout=0"], capture_output=True, check=False).returncode == 0
        found = [f"/dev/disk/by-label/{name}" for name in LABELS if os.path.exists(f"/dev/disk/by-label/{name}")]
        if found or settled or time.monotonic() > until:
            return found[0] if found else ""
        time.sleep(0.5)


def read_folder(folder: str, own: bool = False, keys: Optional[Sequence[str]] = None) -> Optional[Stick]:
    """The small file wins over a NoCloud seed. `keys`: whose signature counts; None: this machine's administrators."""
    names = {name.lower(): name for name in os.listdir(folder)}
    try:
        if SMALL in names:
            text = stick.read_small(folder, names[SMALL])
            found = settings_.parse(text.decode("utf-8", "replace"))
            signature = stick.read_small(folder, names[SIGNATURE]) if SIGNATURE in names else b""
            known = stick.administrators(read_text(KEYS), signers()) if keys is None else keys
            return Stick(found, own, stick.signed(text, signature, known))
        if "meta-data" not in names:
            return None
        parts = [_yaml(folder, names.get(part, "")) for part in ("meta-data", "network-config", "user-data")]
        return Stick(settings_.from_nocloud(*parts), own)
    except Refusal as refusal:
        return Stick({}, own, error=refusal.message())
    except (OSError, AttributeError, TypeError, ValueError, LookupError) as error:  # a seed may have any shape
        refused = settings_.refuse(f"it cannot be read: {error}.", f"无法读取：{error}。")
        return Stick({}, own, error=refused.message())


def signers() -> List[str]:
    """Keys of the vendor that may sign later sticks, from the bake."""
    try:
        return [str(key) for key in json.loads(read_text(CONFIG) or "{}").get("signers") or []]
    except ValueError:
        return []


def _yaml(folder: str, name: str) -> Dict[str, Any]:
    if not name:
        return {}
    # Ansible brings PyYAML; a core's own imports are the standard library's alone
    loader = __import__("yaml")
    try:
        return dict(loader.safe_load(stick.read_small(folder, name).decode("utf-8", "replace")) or {})
    except (loader.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise settings_.refuse(
            f"{name} of the seed cannot be read: {error}.", f"无法读取种子文件 {name}：{error}。"
        ) from error


def wired(top: str = "/sys/class/net") -> List[str]:
    """Interfaces of real cards: what is made of others (bridges, pairs, bonds) has no device behind it."""
    names = sorted(os.listdir(top)) if os.path.isdir(top) else []
    return [n for n in names if os.path.exists(f"{top}/{n}/device") and read_text(f"{top}/{n}/type").strip() == "1"]


def _with_interface(found: Mapping[str, Any]) -> Dict[str, Any]:
    """One address belongs to one interface: of several, the one chosen before, else the first with a cable."""
    if found.get("interface") or found.get("address", "dhcp") == "dhcp" or len(wired()) < 2:
        return dict(found)
    names = wired()
    for name in names:
        if read_text(NETWORK) == settings_.network_file({**found, "interface": name}):
            return {**found, "interface": name}
        subprocess.run(["ip", "link", "set", name, "up"], check=False)
    until = time.monotonic() + 15  # switches take their time
    plugged: List[str] = []
    while not plugged and time.monotonic() < until:
        time.sleep(0.5)
        plugged = [name for name in names if read_text(f"/sys/class/net/{name}/carrier").strip() == "1"]
    return {**found, "interface": (plugged or names)[0]}


def take(found: Mapping[str, Any]) -> None:
    """Applies it; what is already so is not touched."""
    name = str(found.get("hostname") or read_text("/etc/hostname").strip() or "yitiji").lower()
    if read_text("/etc/hostname").strip() != name:
        write_atomic("/etc/hostname", name + "\n", 0o644)
    if socket.gethostname() != name:
        socket.sethostname(name)
    hosts = f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {name}\n"
    if f" {name}\n" not in read_text("/etc/hosts"):
        write_atomic("/etc/hosts", hosts, 0o644)
    network = settings_.network_file(_with_interface(found))
    if read_text(NETWORK) != network:
        write_atomic(NETWORK, network, 0o644)
    key = str(found.get("ssh_key") or "")
    if key and key not in read_text(KEYS).splitlines():
        os.makedirs(os.path.dirname(KEYS), mode=0o700, exist_ok=True)
        write_atomic(KEYS, read_text(KEYS) + key + "\n", 0o600)
    if not match("/", "etc/ssh/ssh_host_*_key"):
        subprocess.run(["ssh-keygen", "-A"], check=False, stdout=subprocess.DEVNULL)
