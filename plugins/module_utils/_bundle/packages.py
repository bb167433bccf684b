# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution packages of a bundle: apt resolves and fetches them in its own state, here they become a repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, fetch, vendors
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import target_name
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.passing_key import KEY
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import Watch, Work, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic


class Packages:
    def __init__(self, work: Work) -> None:
        self.work = work

    def _state(self, target: Dict[str, Any]) -> str:
        folder = os.path.join(self.work.folder, "apt-" + target_name(target))
        for name in ("keys", "sources.d"):  # and with them the repositories of an earlier run
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        for name in ("state", "lists/partial", "archives/partial", "none/partial", "keys", "sources.d"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        write_atomic(os.path.join(folder, "status"), "", 0o644)
        write_atomic(os.path.join(folder, "apt.conf"), apt.configuration(folder, target["architecture"]), 0o644)
        return folder

    def _needs(self, target: Dict[str, Any]) -> List[Dict[str, Any]]:
        return [
            package
            for package in self.work.spec.packages
            if package["target"] == target_name(target) and package["names"]
        ]

    def _rows(self, target: Dict[str, Any]) -> List[vendors.Row]:
        return [row for row in self.work.spec.repositories if row["target"] == target_name(target)]

    def _vendors(self, target: Dict[str, Any]) -> List[vendors.Row]:
        return vendors.others(self._rows(target), target.get("sources") or [], str(target["architecture"]))

    def check(self, target: Dict[str, Any]) -> None:
        rows = self._vendors(target)
        if target.get("sources"):  # which may have what a repository without an address would bring
            rows = [row for row in rows if row.get("url")]
        if self._needs(target):
            vendors.check(target_name(target), rows)

    def resolve(self, target: Dict[str, Any]) -> Dict[str, apt.Package]:
        """File name -> package, of all that the roles need there."""
        name, needs = target_name(target), self._needs(target)
        if not needs:
            return {}
        folder = self._state(target)
        config = os.path.join(folder, "apt.conf")
        told = run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(SUITE)|$(REPO_URI)"])[1]
        lines = apt.sources(target, {**apt.mirrors(told, target["distribution"]), **(target.get("mirrors") or {})})
        if not lines:
            raise apt.unresolved(name, needs[0]["names"], needs[0]["role"], "no mirror of it is known here")
        rows, own = self._rows(target), bool(target.get("sources"))
        more = list(self._vendors(target))
        if not own:
            vendors.check(name, more)
        write_atomic(os.path.join(folder, "sources.list"), apt.copied("\n".join(lines) + "\n"), 0o600)
        self.work.say(f"package lists of {name}", 0, 0)
        lost: Dict[str, Refusal] = {}  # by role: the target's own lines may name a mirror of it
        for row in list(more):
            try:
                vendors.check(name, [row])
                vendors.write(folder, name, row)
            except Refusal as refusal:
                if not own:
                    raise
                lost.setdefault(str(row["role"]), refusal)
                more.remove(row)
        update = ["apt-get", "-c", config, "-qq", "-o", "APT::Update::Error-Mode=any", "update"]
        code, out, err = run(update)
        faulty = vendors.at_fault(more, target["architecture"], err or out) if code and own else []
        if faulty:
            for row in faulty:
                lost.setdefault(str(row["role"]), self._unread(target, [row], err or out))
                vendors.forget(folder, row)
            code, out, err = run(update)
        if code != 0:
            raise self._unread(target, more, err or out)
        told = run(["apt-get", "-c", config, *vendors.ASK])[1] if rows else ""
        text = vendors.preferences(rows, told, target["architecture"])
        write_atomic(os.path.join(folder, "preferences"), text, 0o644)
        found: Dict[str, apt.Package] = {}
        for need in needs:
            packages, why = apt.resolve(run, config, need["names"], os.path.join(folder, "none"))
            if why and need["role"] in lost:
                raise lost[need["role"]]
            if why:
                asked = [f"{row['name']} {apt.plain_uri(row['url'])}" for row in rows if row["role"] == need["role"]]
                raise apt.unresolved(name, need["names"], need["role"], " | ".join([why, *asked]))
            found.update({package.file: package for package in packages})
        return found

    def _unread(self, target: Dict[str, Any], rows: Sequence[vendors.Row], said: str) -> Refusal:
        """Of the lists: of the role whose repository it is, else of the first that needs anything."""
        name, first, why = target_name(target), self._needs(target)[0], " ".join(said.split())[-400:]
        for row in vendors.at_fault(rows, target["architecture"], said):
            return vendors.unusable(name, row, Text(why, why))
        return apt.unresolved(name, first["names"], first["role"], why)

    def bring(self, target: Dict[str, Any], wanted: Dict[str, apt.Package]) -> None:
        if not wanted:
            return
        name = target_name(target)
        folder = os.path.join(self.work.folder, "apt-" + name)
        archives = os.path.join(folder, "archives")
        total = sum(package.size for package in wanted.values())
        before = present(archives, wanted)
        with Watch(lambda: self.work.say(f"packages of {name}", present(archives, wanted, True), total)):
            for need in self._needs(target):
                code, out, err = run(
                    [
                        "apt-get",
                        "-c",
                        os.path.join(folder, "apt.conf"),
                        "-qq",
                        "--download-only",
                        "install",
                        *need["names"],
                    ]
                )
                if code != 0:
                    raise fetch.failed(f"packages of {name}", " ".join((err or out).split())[-400:])
        self.work.fetched += total - before
        for file in os.listdir(archives):
            if file.endswith(".deb") and file not in wanted:
                os.unlink(os.path.join(archives, file))
        self._repository(target, archives, wanted)

    def _repository(self, target: Dict[str, Any], archives: str, wanted: Dict[str, apt.Package]) -> None:
        name = target_name(target)
        place = f"apt/{name}"
        os.makedirs(self.work.path(place), exist_ok=True)
        index: List[str] = []
        for file, package in sorted(wanted.items()):
            self.work.say(f"index of {name}: {len(index)} of {len(wanted)} packages", 0, 0)
            path = f"{place}/{apt.repository_name(file)}"
            source = os.path.join(archives, file)
            if not os.path.exists(self.work.path(path)) or os.path.getsize(self.work.path(path)) != package.size:
                linked(source, self.work.path(path))
            control, terms = self._about(path, source)
            added = self.work.add(
                path,
                "package",
                name=apt.field(control, "Package"),
                version=apt.field(control, "Version"),
                licence=self.work.licence_of("packages", apt.field(control, "Package")) or terms,
                source=apt.plain_uri(package.uri),
            )
            index.append(apt.stanza(control, apt.repository_name(file), added.size, added.sha256))
        text = apt.release(target, "\n".join(index))
        if not os.path.exists(self.work.path(place, apt.SIGNED)) or _text(self.work.path(place, apt.RELEASE)) != text:
            write_atomic(self.work.path(place, apt.INDEX), "\n".join(index), 0o644)
            write_atomic(self.work.path(place, apt.RELEASE), text, 0o644)
            why = apt.sign(run, self.work.path(place))
            if why:
                raise fetch.failed(f"the signature of {place}", why)
        for file in (apt.INDEX, apt.RELEASE, apt.SIGNED, KEY):
            self.work.add(f"{place}/{file}", "index")

    def _about(self, path: str, source: str) -> Tuple[str, str]:
        """Control file and licences of a package; read once, then remembered by its name."""
        known = self.work.known.get("about " + path)
        if known:
            return str(known[0]), str(known[1])
        control = run(["dpkg-deb", "--field", source])[1]
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", source], stdout=subprocess.PIPE) as tree:
            text = apt.read_copyright(tree.stdout, apt.field(control, "Package"))
            tree.kill()
        self.work.known["about " + path] = [control, apt.licences(text) or "see its copyright file"]
        return control, str(self.work.known["about " + path][1])


def present(archives: str, wanted: Mapping[str, Any], partial: bool = False) -> int:
    """Bytes that are there of what is wanted."""
    total = 0
    for folder in (archives, os.path.join(archives, "partial")) if partial else (archives,):
        for name in os.listdir(folder):
            try:
                total += os.path.getsize(os.path.join(folder, name)) if name in wanted else 0
            except OSError:  # apt moved it meanwhile
                continue
    return total


def linked(source: str, path: str) -> None:
    """The file at `path` too, by a link where that is possible."""
    if os.path.exists(path):
        os.unlink(path)
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()
