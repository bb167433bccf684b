# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a node before any Python runs on it: one shell script, and what its answer says."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.system import parse_os_release

# Each part begins with `@ name`. Nothing in it fails, writes, or needs root.
SCRIPT = r"""
LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
echo "@ os"; cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
echo "@ machine"; uname -m
echo "@ kernel"; uname -r
echo "@ glibc"; getconf GNU_LIBC_VERSION 2>/dev/null
echo "@ cgroup"; stat -fc %T /sys/fs/cgroup 2>/dev/null
echo "@ commands"; for each in apt-get dnf yum zypper; do command -v "$each"; done
echo "@ pythons"; for each in python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3 \
/usr/libexec/platform-python /usr/bin/python3 /usr/local/bin/python3 /opt/*/bin/python3; do
found=$(command -v "$each") &&
echo "$found $("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
done
echo "@ end"
"""
OLDEST = (3, 8)
# What is said where there is no Python, or one that can't read the modules.
NO_PYTHON = re.compile(
    r"minimum of Python version|annotations is not defined|SyntaxError|cannot import name|interpreter"
    r"|python[\d.]*:? (?:command )?not found|python[\d.]*: No such file|No python interpreters found"
)
# The package that brings a newer one: nothing else is known of a system that is not served.
NEWER = {"dnf": "dnf install python3.11", "yum": "yum install python38", "apt-get": "apt-get install python3"}


def parse(text: str) -> Dict[str, Any]:
    """{os, machine, kernel, glibc, cgroup, commands, pythons} from the script's answer; `{}` where it did not run."""
    parts: Dict[str, List[str]] = {}
    lines: List[str] = []
    for line in text.splitlines():
        if line.startswith("@ "):
            lines = parts.setdefault(line[2:].strip(), [])
        else:
            lines.append(line)
    if "end" not in parts:
        return {}
    glibc = re.search(r"(\d+\.\d+)", " ".join(parts["glibc"]))
    cgroup = " ".join(parts["cgroup"]).strip()
    return {
        "os": parse_os_release("\n".join(parts["os"])),
        "machine": " ".join(parts["machine"]).strip(),
        "kernel": " ".join(parts["kernel"]).strip(),
        "glibc": glibc.group(1) if glibc else "",
        "cgroup": 2 if cgroup == "cgroup2fs" else 1 if cgroup else 0,
        "commands": [line.rpartition("/")[2].strip() for line in parts["commands"] if line.strip()],
        "pythons": pythons(parts["pythons"]),
    }


def pythons(lines: List[str]) -> List[Tuple[str, str]]:
    """(path, version), each path once, in the order in which they were found."""
    found: Dict[str, str] = {}
    for line in lines:
        words = line.split()
        if len(words) == 2 and words[0].startswith("/"):
            found.setdefault(words[0], words[1])
    return list(found.items())


def number(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def usable(found: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Those that can run the modules."""
    return [(path, version) for path, version in found if number(version) >= OLDEST]


def of_python(said: str) -> bool:
    return bool(NO_PYTHON.search(said))


def python_trouble(found: Dict[str, Any], used: str, said: str) -> Optional[Refusal]:
    """Refuses (LLM106) a Python that is too old for the modules or not there, and says which one to take instead."""
    there: List[Tuple[str, str]] = found.get("pythons") or []
    version = dict(there).get(used, "")
    if not found or (not said and (not version or number(version) >= OLDEST)):
        return None
    good = usable(there)
    if said and version and number(version) >= OLDEST:
        return None  # it is good: something else is wrong
    listed = ", ".join(f"{path} ({has})" for path, has in there) or "-"
    if good:
        remedy = say("python.name", path=good[0][0])
    else:
        command = next((NEWER[name] for name in found["commands"] if name in NEWER), "")
        remedy = say("python.install", command=command or "-")
    last = next((line for line in reversed(said.strip().splitlines()) if line.strip()), "")
    return Refusal("LLM106", found=listed, used=used or "?", remedies=[remedy], evidence=[last] if last else [])
