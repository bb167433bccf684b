# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hardware that a lab node does not have: a recorded machine of tests/fixtures laid over its /proc, /sys and tools.

The doctor's own command then runs on the node as ever; what it reads of the cards is the recording.
"""

from __future__ import annotations

import shlex
from typing import Any

OVERLAID = ("/sys/bus/pci/devices", "/proc/driver")
MADE = "/var/tmp/feigned"
NUMBERS = {"/dev/nvidia0": "195 0", "/dev/nvidiactl": "195 255", "/dev/nvidia-uvm": "510 0"}
BEGIN = f"set -e; mkdir -p {MADE}; mount -o remount,rw /sys\n"
END = f"""for place in {" ".join(OVERLAID)} /proc/cmdline; do while mountpoint -q $place; do umount $place; done; done
[ ! -e {MADE}/list ] || tac {MADE}/list | while read -r path; do rm -rf "$path"; done
rm -rf {MADE}; mount -o remount,ro /sys
"""


def machine(capture: dict[str, Any]) -> str:
    """A script that makes a node look like the captured machine; `END` undoes it."""
    lines = [BEGIN, *(f"mountpoint -q {place} || mount -t tmpfs none {place}" for place in OVERLAID)]
    files = dict(capture.get("files", {}))
    for line in files.pop("/proc/modules", "").splitlines():  # can't be laid over where the kernel has no modules
        files[f"/sys/module/{line.split()[0]}/initstate"] = "live\n"
    lines += [_file(path, content) for path, content in files.items() if not path.startswith("/sys/kernel/")]
    for path, target in capture.get("links", {}).items():
        lines.append(f"mkdir -p $(dirname {path}); ln -sfn {shlex.quote(target)} {path}; {_note(path)}")
    for path in capture.get("directories", []):  # of these only devices are recorded, without their numbers
        lines.append(f"mknod {path} c {NUMBERS[path]}; {_note(path)}")
    tools: dict[str, list[str]] = {}
    for key, said in capture.get("commands", {}).items():
        name, _space, arguments = key.partition(" ")
        answer = {"rc": 0, "out": said} if isinstance(said, str) else said
        reply = f"printf %s {shlex.quote(answer.get('out', ''))}; exit {answer.get('rc', 0)}"
        tools.setdefault(name, []).append(f"{shlex.quote(arguments)}) {reply} ;;")
    for name, cases in tools.items():
        script = '#!/bin/sh\ncase "$*" in\n' + "\n".join(cases) + "\nesac\nexit 1\n"
        lines.append(_file(f"/usr/local/sbin/{name}", script) + f"; chmod 755 /usr/local/sbin/{name}")
    return "\n".join(lines) + "\n"


def _file(path: str, content: str) -> str:
    text = f"mkdir -p $(dirname {path}); printf %s {shlex.quote(content)} > {path}"
    return text if path.startswith(OVERLAID) else f"{text}; {_note(path)}"


def _note(path: str) -> str:
    """So that `END` removes it: the highest folder that only this made."""
    return f"echo {path} >> {MADE}/list"
