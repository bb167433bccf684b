#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for apt-get, apt-mark, apt-config, dpkg, dpkg-query and systemctl by the name it is called by.

State, in $FAKE_APT/state.json:
`offered` (name -> versions, depends, conflicts, units), `installed` (name -> version, auto),
`config` (removed, not purged), `held`, `newer` (offered only where lists were read into a folder of their own).
Every call is a line of $FAKE_APT/calls. Files there switch faults on:
`broken` (the installation fails), `slow` (it, or the removal, lasts until the file is gone; `working` says so).
"""

import fnmatch
import json
import os
import pathlib
import sys
import time

home = pathlib.Path(os.environ["FAKE_APT"])
state = json.loads((home / "state.json").read_text())
offered, installed, config, held = state["offered"], state["installed"], state["config"], state["held"]
program, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
if any(word.startswith("Dir::State::lists=") for word in words):
    offered = {**offered, **state.get("newer", {})}
with (home / "calls").open("a") as calls:
    print(program, *words, file=calls)


def save():
    beside = home / f"state.{os.getpid()}"  # renamed, as a test may read it meanwhile
    beside.write_text(json.dumps(state, indent=1))
    beside.replace(home / "state.json")


def work():
    while (home / "slow").exists():
        (home / "working").write_text("")
        time.sleep(0.02)


def needed_by(name):
    return [other for other in installed if name in offered.get(other, {}).get("depends", [])]


def version_for(spec):
    name, _sign, wanted = spec.partition("=")
    if name not in offered:
        sys.exit(f"E: Unable to locate package {name}")
    fit = [v for v in offered[name]["versions"] if not wanted or fnmatch.fnmatchcase(v, wanted)]
    if not fit:
        sys.exit(f"E: Version '{wanted}' for '{name}' was not found")
    return fit[-1]


def install(specs, simulate, only_upgrade):
    todo = {}

    def want(spec, asked):
        name, version = spec.partition("=")[0], version_for(spec)
        if name in installed and (not asked or installed[name]["version"] == version):
            return
        if only_upgrade and name not in installed and asked:
            return
        for dependency in offered[name].get("depends", []):
            want(dependency, False)
        todo[name] = (version, not asked)

    for spec in specs:
        want(spec, True)
    blocked = [
        name for name in todo if name in installed and name in held and "--allow-change-held-packages" not in words
    ]
    if blocked:
        sys.exit("E: Held packages were changed and -y was used without --allow-change-held-packages.")
    gone = [other for name in todo for other in offered[name].get("conflicts", []) if other in installed]
    if gone and "--no-remove" in words:
        sys.exit("E: Packages need to be removed but remove is disabled.")
    for name in gone:
        print(f"Remv {name} [{installed[name]['version']}]")
    for name, (version, _auto) in todo.items():
        old = f" [{installed[name]['version']}]" if name in installed else ""
        print(f"Inst {name}{old} ({version} Fake:1 [amd64])")
    if simulate:
        return
    if (home / "broken").exists():
        sys.exit("E: Failed to fetch http://example.invalid/x.deb  404  Not Found")
    work()
    for name in gone:
        del installed[name]
        config.append(name)
    units = home / "root/usr/lib/systemd/system"
    masked = home / "root/run/systemd/system"
    for name, (version, auto) in todo.items():
        installed[name] = {"version": version, "auto": installed.get(name, {}).get("auto", auto)}
        for unit in offered[name].get("units", []):
            # a package's own script starts its unit, unless it is masked
            if not (masked / unit).is_symlink() and not (home / "root/etc/systemd/system" / unit).is_symlink():
                (home / "started").write_text(unit)
            units.mkdir(parents=True, exist_ok=True)
            (units / unit).write_text("")


def closure(names):
    """These and what depends on them."""
    gone = [name for name in names if name in installed]
    for name in gone:
        gone += [other for other in needed_by(name) if other not in gone]
    return gone


def unneeded(without):
    gone = list(without)
    while True:
        more = [n for n in installed if n not in gone and installed[n]["auto"] and set(needed_by(n)) <= set(gone)]
        if not more:
            return gone
        gone += more


def remove(names, purge, auto, simulate):
    gone = closure(names)
    if (set(gone) - set(names)) & set(held) and "APT::Ignore-Hold=true" not in words:  # as apt 3 has it
        sys.exit("E: Error, pkgProblemResolver::Resolve generated breaks, this may be caused by held packages.")
    gone = unneeded(gone) if auto else gone
    for name in gone:
        print(f"{'Purg' if purge else 'Remv'} {name} [{installed[name]['version']}]")
    if simulate:
        return
    work()
    for name in gone:
        del installed[name]
        if not purge:
            config.append(name)


def apt_get():
    simulate, rest, skip = "-s" in words, [], False
    for word in words:
        if skip or word.startswith("-"):
            skip = word in ("-o", "-t") and not skip
            continue
        rest.append(word)
    verb, names = rest[0], rest[1:]
    if verb == "update":
        print(state.get("says", ""), end="")
        if (home / "unreachable").exists():
            sys.exit("E: Failed to fetch http://example.invalid/InRelease  Could not connect")
    elif verb == "install":
        install(names, simulate, "--only-upgrade" in words)
    else:
        remove(names, verb == "purge", verb == "autoremove" or "--auto-remove" in words, simulate)
    if not simulate:
        save()


def main():
    if program == "apt-get":
        apt_get()
    elif program == "apt-mark":
        if words[0] == "showhold":
            print("\n".join(held))
        elif words[0] == "showauto":
            print("\n".join(n for n in installed if installed[n]["auto"]))
        elif words[0] == "hold":
            held.extend(n for n in words[1:] if n not in held)
        else:
            held[:] = [n for n in held if n not in words[1:]]
        save()
    elif program == "apt-config":
        print(f"status='{home}/dpkg/status'\nlists='{home}/lists/'\narchives='{home}/archives/'")
    elif program == "dpkg-query":
        for name, package in installed.items():
            print(f"{package.get('status', 'installed')}/{name}/amd64/{package['version']}")
        for name in config:
            print(f"config-files/{name}/amd64/1")
    elif program == "dpkg" and words == ["--print-architecture"]:
        print("amd64")
    elif program == "dpkg":
        for package in installed.values():
            package.pop("status", None)
        save()


main()
