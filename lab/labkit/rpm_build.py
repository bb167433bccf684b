# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages as RPMs under the names and in the layout of the RPM family (lab/rpm/packages.toml)."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .shell import LabError, run

MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr on every system of today
LIBRARY = re.compile(r"usr/lib/[a-z0-9_]+-linux-gnu/[^/]+\.so[^/]*$")
MACROS = {
    "_binary_payload": "w1.gzdio",
    "_build_id_links": "none",
    "__os_install_post": "%{nil}",
    "debug_package": "%{nil}",
    "_buildhost": "lab",
    "_topdir": "/build",
}


@dataclass(frozen=True)
class Package:
    name: str
    debs: list[str]
    repository: str = "os"
    epoch: int = 0
    only: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    move: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    requires: list[str] = field(default_factory=list)
    provides: list[str] = field(default_factory=list)
    user: str = ""
    group: str = ""
    home: str = "/"
    owned: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Deb:
    """One downloaded archive: what its control file says."""

    name: str
    version: str
    summary: str
    depends: list[list[str]]  # one of each
    provides: list[str] = field(default_factory=list)


def table(data: Mapping[str, Any], debs: Iterable[str]) -> list[Package]:
    """Those of the table, and each other Debian package as it is."""
    named = [Package(name=name, **said) for name, said in data["package"].items()]
    taken = {deb for package in named for deb in package.debs}
    left = [deb for deb in debs if deb not in taken and not _any(deb, data["unwanted"])]
    return named + [Package(name=deb.replace("_", "-"), debs=[deb]) for deb in sorted(left)]


def read(archive: Path) -> Deb:
    fields = "${Package}\n${Version}\n${Pre-Depends}, ${Depends}\n${Provides}\n${binary:Summary}\n"
    said = run("dpkg-deb", "-W", f"--showformat={fields}", archive).stdout.splitlines()
    name, version, depends, provides, summary = said[:5]
    return Deb(name, version, summary, parse_depends(depends), [group[0] for group in parse_depends(provides)])


def parse_depends(text: str) -> list[list[str]]:
    """Names only: `a (>= 1) | b, c:any` is [[a, b], [c]]."""
    groups = [[re.split(r"[ (:\[]", word.strip())[0] for word in group.split("|")] for group in text.split(",")]
    return [names for names in ([name for name in group if name] for group in groups) if names]


def parse_version(text: str) -> tuple[str, str]:
    """RPM's version and release: `5:7.0.15-1~deb12u10` is 7.0.15 and 1~deb12u10.el9."""
    upstream, _sign, revision = text.partition(":")[2 if ":" in text else 0].partition("-")
    version = re.split(r"[+~](?:dfsg|ds)", upstream)[0]
    release = re.sub(r"[^A-Za-z0-9.~]", ".", revision) or "0"
    return re.sub(r"[^A-Za-z0-9.~^_+]", ".", version), f"{release}.el9"


def owners(packages: list[Package], debs: Mapping[str, Deb]) -> dict[str, str]:
    """Which package here has what Debian calls so: by its name, or by what it provides."""
    named = {deb: package.name for package in reversed(packages) for deb in package.debs}
    provided = {name: named[deb.name] for deb in debs.values() if deb.name in named for name in deb.provides}
    return {**provided, **named}


def requires(package: Package, debs: Mapping[str, Deb], owner: Mapping[str, str]) -> list[str]:
    """What Debian's dependencies are called here; what the base tree has needs no name."""
    names = set(package.requires)
    for deb in package.debs if not package.only else []:
        for group in debs[deb].depends:
            found = [owner[name] for name in group if name in owner]
            names |= set(found[:1]) - {package.name}
    return sorted(names)


def unpack(package: Package, archives: Mapping[str, Path], drop: list[str], own: Path, tree: Path) -> None:
    """The package's files as the family has them."""
    for deb in package.debs:
        run("dpkg-deb", "-x", archives[deb], tree)
    for name in MERGED:
        if (tree / name).is_dir() and not (tree / name).is_symlink():
            shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / name)
    for old, new in package.move.items():
        (tree / new).parent.mkdir(parents=True, exist_ok=True)
        (tree / new).unlink(missing_ok=True)
        (tree / old).rename(tree / new)
    for path in sorted(tree.rglob("*"), reverse=True):
        said = str(path.relative_to(tree))
        kept = not package.only or _under(said, package.only) or (path.is_dir() and any(path.iterdir()))
        if not kept or _under(said, [*drop, *package.drop]):
            path.unlink() if path.is_symlink() or not path.is_dir() else shutil.rmtree(path)
    for name, target in package.links.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(target)
    for directory in package.owned:
        (tree / directory.lstrip("/")).mkdir(parents=True, exist_ok=True)
    if own.exists():
        shutil.copytree(own, tree, symlinks=True, dirs_exist_ok=True)


def spec(package: Package, version: tuple[str, str], summary: str, needs: list[str], tree: Path, base: Path) -> str:
    lines = [
        f"Name: {package.name}", f"Version: {version[0]}", f"Release: {version[1]}",
        f"Summary: {summary or package.name}", "License: see Debian's", "BuildArch: x86_64", "AutoReqProv: no",
    ]  # fmt: skip
    lines += [f"Epoch: {package.epoch}"] if package.epoch else []
    lines += [f"Requires: {name}" for name in needs] + [f"Provides: {name}" for name in package.provides]
    lines += ["%description", summary or package.name]
    tree_there = f"/build/trees/{package.name}/."
    lines += ["%install", f"mkdir -p %{{buildroot}} && cp -a --reflink=auto {tree_there} %{{buildroot}}/"]
    listed, libraries = _files(package, tree, base)
    return "\n".join([*lines, *_scripts(package, libraries), "%files", "%defattr(-,root,root,-)", *listed]) + "\n"


def _files(package: Package, tree: Path, base: Path) -> tuple[list[str], bool]:
    lines, libraries = [], False
    for path in sorted(tree.rglob("*")):
        said = path.relative_to(tree)
        if path.is_dir() and not path.is_symlink():
            if f"/{said}" in package.owned:
                lines.append(f'%dir %attr(0750,{package.user},{package.user}) "/{said}"')
            elif not (base / said).exists():
                lines.append(f'%dir "/{said}"')
            continue
        config = "%config(noreplace) " if said.parts[0] == "etc" else ""
        lines.append(f'{config}"/{said}"')
        libraries = libraries or bool(LIBRARY.match(str(said)))
    return lines, libraries


def _scripts(package: Package, libraries: bool) -> list[str]:
    units, group = " ".join(package.units), package.user or package.group
    pre = [f"getent group {group} >/dev/null || groupadd -r {group}"] if group else []
    if package.user:
        account = f"useradd -r -g {group} -d {package.home} -s /sbin/nologin {package.user}"
        pre.append(f"getent passwd {package.user} >/dev/null || {account}")
    cache = ["/sbin/ldconfig || :"] if libraries else []
    again = ["systemctl daemon-reload >/dev/null 2>&1 || :"] if units else []
    preset = [f'[ "$1" -ne 1 ] || systemctl --no-reload preset {units} >/dev/null 2>&1 || :'] if units else []
    stop = [f'[ "$1" -ne 0 ] || systemctl --no-reload disable --now {units} >/dev/null 2>&1 || :'] if units else []
    parts = {"pre": pre, "post": cache + again + preset, "preun": stop, "postun": cache + again}
    return [line for name, script in parts.items() if script for line in (f"%{name}", *script)]


def build(root: Path, specs: Mapping[str, str], log: Path) -> None:
    """All RPMs, into /build/RPMS of the tree."""

    def one(name: str) -> None:
        (root / f"build/{name}.spec").write_text(specs[name])
        words = [word for key, value in MACROS.items() for word in ("--define", f"{key} {value}")]
        said = root / f"build/{name}.log"
        run("chroot", root, "rpmbuild", "-bb", "--quiet", *words, f"/build/{name}.spec", log=said)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(one, name) for name in specs]:
            done.result()
    built = {path.name.rsplit("-", 2)[0] for path in (root / "build/RPMS").rglob("*.rpm")}
    if missing := set(specs) - built:
        raise LabError(f"not built: {', '.join(sorted(missing))}; see {log}")


def _under(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path or a folder above it is named."""
    parts = path.split("/")
    tops = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return any(_any(top, patterns) for top in tops)


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
