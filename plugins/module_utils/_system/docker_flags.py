# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags with which docker.service starts Docker.

An option that stands both there and in daemon.json keeps Docker from starting, whatever the two values are.
"""

from __future__ import annotations

import json
import re
import shlex
from difflib import get_close_matches
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

UNIT = "docker.service"
PROPERTIES = "LoadState,ExecStart,Environment,EnvironmentFiles,FragmentPath,DropInPaths"
QUESTION = ["systemctl", "show", UNIT, f"--property={PROPERTIES}"]
DROP_INS = "/etc/systemd/system/docker.service.d"
DAEMON_JSON = "/etc/docker/daemon.json"
PACKAGED = "the unit of the package"
# What the units of Debian, Docker and the RPM families have in common.
USUAL = "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
# Flags whose option has another name than the flag itself (moby, cmd/dockerd).
NAMED = {
    "H": "hosts", "host": "hosts", "D": "debug", "l": "log-level", "G": "group", "g": "data-root", "p": "pidfile",
    "s": "storage-driver", "graph": "data-root", "label": "labels", "registry-mirror": "registry-mirrors",
    "insecure-registry": "insecure-registries", "exec-opt": "exec-opts", "log-opt": "log-opts",
    "storage-opt": "storage-opts", "dns-opt": "dns-opts", "authorization-plugin": "authorization-plugins",
    "default-ulimit": "default-ulimits", "default-address-pool": "default-address-pools",
    "node-generic-resource": "node-generic-resources", "feature": "features", "cdi-spec-dir": "cdi-spec-dirs",
    "allow-nondistributable-artifacts": "allow-nondistributable-artifacts",
}  # fmt: skip
# Options of daemon.json from Docker 20.10 to 29 (docs.docker.com, reference of dockerd).
KNOWN = """
allow-direct-routing allow-nondistributable-artifacts api-cors-header authorization-plugins bip bip6 bridge
bridge-accept-fwmark builder cdi-spec-dirs cgroup-parent cluster-advertise cluster-store cluster-store-opts containerd
containerd-namespace containerd-plugins-namespace cpu-rt-period cpu-rt-runtime data-root debug default-address-pools
default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opts default-runtime
default-shm-size default-ulimits dns dns-opts dns-search exec-opts exec-root experimental features firewall-backend
fixed-cidr fixed-cidr-v6 graph group host-gateway-ip host-gateway-ips hosts http-proxy https-proxy icc init init-path
insecure-registries ip ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 labels live-restore log-driver
log-format log-level log-opts max-concurrent-downloads max-concurrent-uploads max-download-attempts metrics-addr
min-api-version mtu network-control-plane-mtu no-new-privileges no-proxy node-generic-resources oom-score-adjust pidfile
proxies raw-logs registry-mirrors rootless runtimes seccomp-profile selinux-enabled shutdown-timeout storage-driver
storage-opts swarm-default-advertise-addr tls tlscacert tlscert tlskey tlsverify userland-proxy userland-proxy-path
userns-remap validate
""".split()
VALUED = ("H", "l", "G", "g", "p", "s")  # short flags that take the next word
BOTH = ("runtimes",)  # may stand in both places
ALIASES = {"graph": "data-root"}
Read = Callable[[str], Optional[str]]


class Start(NamedTuple):
    """How Docker is started: its words, and the files that may hold them, the last word first."""

    words: List[str]
    files: List[str]


class Clash(NamedTuple):
    option: str
    flag: str  # as it is written
    file: str  # where


def started(answer: str, read: Read, names: Callable[[str], Sequence[str]]) -> Start:
    """From what systemd says of the unit; where there is none yet, from what its package will bring and drop-ins."""
    values = dict(line.partition("=")[::2] for line in answer.splitlines())
    if values.get("LoadState") == "loaded":
        argv = re.search(r"argv\[\]=(.*?) ; ignore_errors=", answer)
        files = [*reversed(values.get("DropInPaths", "").split()), values.get("FragmentPath", "")]
        sources = re.findall(r"^EnvironmentFiles=(\S+)", answer, re.MULTILINE)
        known = _variables(values.get("Environment", ""))
        for source in sources:
            known.update(_variables(_plain_lines(read(source) or "")))
        return Start(_words(argv.group(1) if argv else "", known), [*files, *sources])
    line, files = USUAL, [PACKAGED]
    for name in sorted(name for name in names(DROP_INS) if name.endswith(".conf")):
        for row in (read(f"{DROP_INS}/{name}") or "").splitlines():
            if re.match(r"\s*ExecStart\s*=", row):
                line = row.partition("=")[2].strip()
                files.insert(0, f"{DROP_INS}/{name}")
    return Start(_words(line.lstrip("-@:+!"), {}), files)


def _plain_lines(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip() and line.strip()[0] not in "#;")


def _variables(text: str) -> Dict[str, str]:
    return dict(word.split("=", 1) for word in _split(text) if "=" in word)


def _split(text: str) -> List[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _words(line: str, known: Mapping[str, str]) -> List[str]:
    words: List[str] = []
    for word in _split(line):
        if re.match(r"^\$\w+$", word):  # a variable that is a word of its own is divided at its blanks
            words += _split(known.get(word[1:], ""))
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda found: known.get(found.group(1), ""), word))
    return words


def options(words: Sequence[str]) -> Dict[str, str]:
    """Options of daemon.json that these words give, each with its flag as it is written."""
    found: Dict[str, str] = {}
    for word in words[1:]:
        if re.match(r"^--\w", word):
            flag = word[2:].partition("=")[0]
        elif re.match(r"^-\w", word) and (len(word) == 2 or word[1] in VALUED):
            flag = word[1]
        else:
            continue
        found.setdefault(NAMED.get(flag, flag), word)
    return found


def misspelt(live: Mapping[str, Any]) -> Dict[str, str]:
    """Options that no Docker knows and that look like one it does know; others may be of a newer Docker."""
    odd = {key: get_close_matches(key, KNOWN, 1, 0.8) for key in live if key not in KNOWN}
    return {key: found[0] for key, found in odd.items() if found}


def config_file(words: Sequence[str]) -> str:
    """The file from which Docker reads its options."""
    for number, word in enumerate(words):
        if word == "--config-file" and number + 1 < len(words):
            return words[number + 1]
        if word.startswith("--config-file="):
            return word.partition("=")[2]
    return DAEMON_JSON


def clashes(live: Mapping[str, Any], start: Start, read: Read) -> List[Clash]:
    """Options that stand in daemon.json and on the command line."""
    given = options(start.words)
    return [
        Clash(key, given[ALIASES.get(key, key)], _where(given[ALIASES.get(key, key)], start, read))
        for key in sorted(live)
        if ALIASES.get(key, key) in given and key not in BOTH
    ]


def _where(flag: str, start: Start, read: Read) -> str:
    """The file that holds a flag; the command line is that of the last drop-in."""
    name = flag.partition("=")[0]
    for file in start.files:
        if re.search(r"(^|[\s='\"])" + re.escape(name) + r"($|[\s='\"])", read(file) or "", re.MULTILINE):
            return file
    return start.files[-1] if start.files else UNIT


def loaded(text: str) -> Dict[str, Any]:
    """The object in a daemon.json; {} for anything else."""
    try:
        found = json.loads(text) if text.strip() else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
