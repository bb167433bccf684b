# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distributions that are served, and their own names for what the roles want (docs/distributions.md)."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System, matches
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import overlaid

Entry = Dict[str, Any]
KIND = "distributions"
MANAGERS = {"apt": "apt-get", "dnf": "dnf"}  # those that _system/packages knows, and their commands
TESTED = ("real", "lab", "data", "no")
# What every entry must name: the roles ask for these. None says that the distribution has no such thing.
NAMES: Dict[str, Tuple[str, ...]] = {
    "packages": (
        "docker", "docker_vendor", "nginx", "njs", "nftables", "openssl", "logrotate", "cryptography", "certbot",
        "chrony", "keepalived",
        "prometheus", "node_exporter", "nginx_exporter", "alertmanager", "zstd", "redis", "age", "rclone", "resolved",
        "ansible", "python_venv", "python_headers", "compiler", "selinux", "toolkit", "compliance", "aide", "clamav",
        "syslog_tls",
    ),
    "units": (
        "docker", "nginx", "nftables", "chrony", "redis", "prometheus", "node_exporter", "nginx_exporter",
        "alertmanager", "certbot", "ssh",
    ),
    "paths": (
        "nginx_conf", "nginx_sites", "nginx_modules_conf", "nginx_modules", "nginx_default_site", "chrony_conf",
        "chrony_sources", "nftables_conf", "grub_settings", "ca_dir", "ca_bundle", "redis_server", "prometheus",
        "node_exporter", "nginx_exporter", "alertmanager", "pam_profiles",
    ),
    "commands": ("grub", "ca", "faillock", "no_faillock"),
    "users": ("nginx", "chrony", "redis", "prometheus"),
}  # fmt: skip
PLAIN: Dict[str, Tuple[type, ...]] = {
    "name": (str,), "ids": (list,), "versions": (list,), "family": (str,), "manager": (str,), "tested": (str,),
    "architectures": (dict,), "kernel": (str,), "glibc": (str,), "systemd": (int,), "cgroup": (int,), "python": (dict,),
    "packages": (dict,), "sources": (dict,), "units": (dict,), "paths": (dict,), "commands": (dict,), "users": (dict,),
    "repositories": (dict,), "conflicts": (dict,),
}  # fmt: skip
TOLD = ("key", "name", "ids", "versions", "tested")  # what the doctor wants to know
MORE = {"from", "why", "key", "lineage", "bundle"}  # `why`: with `tested: no`, in both languages
# Where the packages of an offline bundle come from; only where a bundle can be made for it.
BUNDLE: Dict[str, Dict[str, type]] = {
    "apt": {"release": str, "suites": list, "components": list, "keyring": str, "kernel": str, "controller": list},
    "dnf": {"release": str, "platform": str, "base": str, "repositories": list},
}


def resolved(entries: Mapping[str, Entry]) -> Dict[str, Entry]:
    """Every entry with what it takes over from another (`from`), checked (LLM520)."""
    found = {name: _whole(entries, name, ()) for name in entries}
    for name, entry in found.items():
        wrong = problems(entry)
        if wrong:
            raise bad(name, wrong)
    return found


def _whole(entries: Mapping[str, Entry], name: str, seen: Tuple[str, ...]) -> Entry:
    if name not in entries or name in seen:
        raise bad(seen[-1] if seen else name, [f"from: {name}"])
    own = {key: value for key, value in entries[name].items() if key != "from"}
    base = entries[name].get("from")
    whole = overlaid(_whole(entries, str(base), (*seen, name)), own) if base else overlaid({}, own)
    if "tested" in own:
        whole["tested"] = "no" if own["tested"] is False else str(own["tested"])  # YAML reads a bare no as False
        if whole["tested"] != "no":
            whole.pop("why", None)
    elif base and whole.get("tested") in ("real", "lab"):
        whole["tested"] = "data"  # what was seen on one distribution was not seen on another
    return {**whole, "key": name, "lineage": [name, *whole.get("lineage", [])]}


def problems(entry: Mapping[str, Any]) -> List[str]:
    """What is wrong with a whole entry, in the words of its file."""
    wrong = [f"{key}: missing" for key in PLAIN if key not in entry]
    wrong += [f"{key}: unknown" for key in entry if key not in PLAIN and key not in MORE]
    wrong += [
        f"{key}: {entry[key]!r}" for key, kinds in PLAIN.items() if key in entry and not isinstance(entry[key], kinds)
    ]
    if wrong:
        return wrong
    for section, names in NAMES.items():
        given = entry[section]
        wrong += [f"{section}.{name}: missing" for name in names if name not in given]
        wrong += [f"{section}.{name}: unknown" for name in given if name not in names]
        listed = section in ("packages", "commands")
        for name in names:
            value = given.get(name)
            good = isinstance(value, list) and all(isinstance(word, str) for word in value)
            if value is not None and not (good if listed else isinstance(value, str)):
                wrong.append(f"{section}.{name}: {value!r}")
    for name, repository in entry["sources"].items():
        if name not in entry["packages"] or (repository is not None and repository not in entry["repositories"]):
            wrong.append(f"sources.{name}: {repository!r}")
    for name, own in entry["conflicts"].items():
        if name not in entry["packages"] or not isinstance(own, list) or not all(isinstance(word, str) for word in own):
            wrong.append(f"conflicts.{name}: {own!r}")
    if "bundle" in entry:
        wrong += _bundle(entry["bundle"], BUNDLE.get(entry["manager"], {}))
    if entry["tested"] not in TESTED or (entry["tested"] == "no") != ("why" in entry):
        wrong.append(f"tested: {entry['tested']!r}")
    if not all(isinstance(value, str) for value in [*entry["ids"], *entry["versions"]]):
        wrong.append("ids, versions: not text")
    return wrong


def _bundle(given: Any, kinds: Mapping[str, type]) -> List[str]:
    if not isinstance(given, Mapping):
        return [f"bundle: {given!r}"]
    wrong = [f"bundle.{key}: {given.get(key)!r}" for key, kind in kinds.items() if not isinstance(given.get(key), kind)]
    return wrong + [f"bundle.{key}: unknown" for key in given if key not in kinds]


def targets(entries: Mapping[str, Entry]) -> Dict[str, Entry]:
    """What an offline bundle can be made for, by the release's name; who only takes a release over is not it."""
    found: Dict[str, Entry] = {}
    for entry in sorted(entries.values(), key=lambda entry: len(entry["lineage"])):
        if "bundle" in entry:
            more = {key: value for key, value in entry["bundle"].items() if key != "release"}
            told = {"distribution": entry["ids"][0], "version": entry["versions"][0], "manager": entry["manager"]}
            target = {**told, **more}
            found.setdefault(entry["bundle"]["release"], target)
    return found


def bad(name: str, wrong: Sequence[str]) -> Refusal:
    return Refusal("LLM520", problem=say("distribution.bad", name=name, wrong="; ".join(wrong)))


def find(entries: Mapping[str, Entry], system: System, like: str = "") -> Entry:
    """The whole entry of a node's distribution; `like` names the entry to use instead.

    Refused (LLM105) where there is none, or none that can work; nothing was changed then.
    """
    if like and like not in entries:
        raise Refusal("LLM155", name=like, known=", ".join(sorted(entries)))
    chosen = [entries[like]] if like else [entry for entry in entries.values() if matches(entry, system)]
    label = system.label or f"{system.id} {system.version}".strip() or "?"
    if not chosen:
        raise unserved(entries, say("distribution.unknown", label=label))
    entry = chosen[0]
    if entry["tested"] == "no" and not like:
        why = Text(str(entry["why"]["en"]), str(entry["why"]["zh"]))
        raise unserved(entries, say("distribution.no", label=label, why=why))
    if entry["manager"] not in MANAGERS:
        raise unserved(entries, say("distribution.manager", label=label, manager=entry["manager"]))
    command = MANAGERS[entry["manager"]]
    if system.commands is not None and command not in system.commands:
        raise unserved(entries, say("distribution.command", label=label, command=command))
    if system.architecture not in entry["architectures"]:
        raise unserved(entries, say("distribution.architecture", label=label, architecture=system.architecture))
    return {
        **entry,
        "architecture": system.architecture,
        "package_architecture": entry["architectures"][system.architecture],
        "told": {**{key: entry[key] for key in TOLD}, "like": like},
    }


def unserved(entries: Mapping[str, Entry], problem: Text) -> Refusal:
    return Refusal("LLM105", problem=problem, served=", ".join(served(entries)))


def served(entries: Mapping[str, Entry]) -> List[str]:
    """Names of the distributions that are not refused, those that were tested first."""
    rows = [row for row in entries.values() if row["tested"] != "no" and row["manager"] in MANAGERS]
    return [str(row["name"]) for row in sorted(rows, key=lambda row: TESTED.index(row["tested"]))]


def packages(distribution: Mapping[str, Any], *names: str) -> List[str]:
    """The distribution's own names for what a role wants, each once; refused where it has none (LLM156)."""
    found: List[str] = []
    for name in names:
        own = distribution["packages"].get(name)
        if own is None:
            raise Refusal("LLM156", name=name, distribution=distribution["name"])
        found += [package for package in own if package not in found]
    return found
