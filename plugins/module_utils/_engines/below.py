# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image or a program asks of the machine below it (`host` in the catalogue).

A container brings its own C library, but neither a kernel nor a CPU; a program on the node uses the node's library too.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key

# The levels of the x86-64 psABI beyond its baseline, by the kernel's names in /proc/cpuinfo.
V2 = frozenset("cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3".split())
V3 = V2 | frozenset("abm avx avx2 bmi1 bmi2 f16c fma movbe xsave".split())
V4 = V3 | frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split())
LEVELS: Dict[str, FrozenSet[str]] = {"x86-64-v2": V2, "x86-64-v3": V3, "x86-64-v4": V4}
KEYS = ("kernel", "libc", "cpu")


class Machine(NamedTuple):
    """What is known of a node; empty where nothing is."""

    architecture: str = ""
    kernel: str = ""
    libc: str = ""
    flags: Sequence[str] = ()


def machine_of(node: Mapping[str, Any]) -> Machine:
    """From the facts of `node_info`."""
    os, cpu = node.get("os") or {}, node.get("cpu") or {}
    return Machine(
        str(os.get("arch") or ""),
        str(node.get("kernel") or ""),
        str(os.get("libc") or ""),
        tuple(cpu.get("flags") or ()),
    )


def lacking(host: Mapping[str, Any], machine: Machine) -> List[Text]:
    """What the machine does not have, of what is known of it. `cpu`: architecture -> levels and flags that it needs.

    An architecture that `cpu` does not name is one for which it was not made.
    """
    found: List[Text] = []
    for key, there in (("kernel", machine.kernel), ("libc", machine.libc)):
        wanted = str(host.get(key) or "")
        if wanted and there and version_key(there)[:2] < version_key(wanted)[:2]:
            found.append(say(f"below.{key}", there=there, wanted=wanted))
    cpu = host.get("cpu")
    if cpu is None or not machine.architecture:
        return found
    if machine.architecture not in cpu:
        return [*found, say("below.architecture", there=machine.architecture, wanted=", ".join(sorted(cpu)))]
    for word in cpu[machine.architecture] or []:
        missing = sorted(LEVELS.get(word, {word}) - set(machine.flags))
        if missing and machine.flags:
            listed = "" if missing == [word] else f" ({', '.join(missing)})"
            found.append(say("below.cpu", wanted=word, missing=listed))
    return found


def unread(host: Mapping[str, Any], machine: Machine) -> bool:
    """Whether something that it asks for is not known of the machine."""
    flags = bool((host.get("cpu") or {}).get(machine.architecture)) and not machine.flags
    known = (not host.get("libc") or machine.libc) and (host.get("cpu") is None or machine.architecture)
    return flags or not known


def problems(host: Any) -> List[str]:
    """What is wrong with `host` itself, as a vendor may have written it."""
    if not isinstance(host, Mapping):
        return [f"host: {host!r}"]
    wrong = [f"host.{key}: unknown" for key in host if key not in KEYS]
    wrong += [
        f"host.{key}: {host[key]!r}" for key in ("kernel", "libc") if key in host and not isinstance(host[key], str)
    ]
    cpu = host.get("cpu", {})
    lists = isinstance(cpu, Mapping) and all(isinstance(words, list) for words in cpu.values())
    return wrong if lists else [*wrong, f"host.cpu: {cpu!r}"]
