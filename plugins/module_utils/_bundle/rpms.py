# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPMs of a bundle: dnf resolves and fetches them in a root of its own, here they become a repository."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, dnf, fetch, vendors
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import target_name
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.packages import linked, present
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.passing_key import KEY
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import Watch, Work, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf import spec


class Rpms:
    def __init__(self, work: Work) -> None:
        self.work = work

    def _needs(self, target: Mapping[str, Any]) -> List[Dict[str, Any]]:
        name = target_name(dict(target))
        return [need for need in self.work.spec.packages if need["target"] == name and need["names"]]

    def _rows(self, target: Mapping[str, Any]) -> List[Dict[str, Any]]:
        name = target_name(dict(target))
        return dnf.repositories(target, [row for row in self.work.spec.repositories if row["target"] == name])

    def check(self, target: Mapping[str, Any]) -> None:
        if self._needs(target):
            dnf.check(target, self._rows(target))

    def _folder(self, target: Mapping[str, Any]) -> str:
        return os.path.join(self.work.folder, "dnf-" + target_name(dict(target)))

    def _dnf(self, target: Mapping[str, Any]) -> List[str]:
        return dnf.words(target, self._folder(target), os.geteuid() == 0)

    def _state(self, target: Mapping[str, Any], rows: List[Dict[str, Any]]) -> None:
        folder = self._folder(target)
        for name in ("root", "repos", "keys"):  # and with them the keys that an earlier run trusted
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        for pubring in glob.glob(os.path.join(glob.escape(folder), "cache", "*", "pubring")):
            shutil.rmtree(pubring, ignore_errors=True)
        for name in ("root", "repos", "keys", "cache", "persist", "log", "none", "packages"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        write_atomic(os.path.join(folder, "dnf.conf"), dnf.configuration(folder), 0o644)
        texts = []
        for row in rows:
            key = os.path.join(folder, "keys", str(row["name"]) + ".asc")
            if not row.get("trusted"):
                write_atomic(key, vendors.key(row), 0o644)
            texts.append(dnf.section(row, key))
        write_atomic(os.path.join(folder, "repos", "all.repo"), "\n".join(texts), 0o600)
        for stream in [stream for row in rows for stream in row.get("streams") or []]:
            code, out, err = run([*self._dnf(target), "module", "enable", stream])
            if code != 0:
                raise fetch.failed(f"module stream {stream}", " ".join((err or out).split())[-400:])

    def resolve(self, target: Dict[str, Any]) -> Dict[str, dnf.Package]:
        """File name -> package, of all that the roles need there."""
        name, needs = target_name(target), self._needs(target)
        if not needs:
            return {}
        rows = self._rows(target)
        dnf.check(target, rows)
        self._state(target, rows)
        self.work.say(f"package lists of {name}", 0, 0)
        code, out, err = run([*self._dnf(target), "makecache", "--refresh"])
        if code != 0:
            raise apt.unresolved(name, needs[0]["names"], needs[0]["role"], " ".join((err or out).split())[-400:])
        found: Dict[str, dnf.Package] = {}
        for need in needs:
            names = [spec(each) for each in need["names"]]
            packages, why = dnf.resolve(run, self._dnf(target), names, rows, dnf.machine(target))
            if why:
                raise apt.unresolved(name, need["names"], need["role"], why)
            found.update({package.file: package for package in packages})
        return found

    def bring(self, target: Dict[str, Any], wanted: Dict[str, dnf.Package]) -> None:
        if not wanted:
            return
        name, place = target_name(target), os.path.join(self._folder(target), "packages")
        total, before = sum(package.size for package in wanted.values()), present(place, wanted)
        with Watch(lambda: self.work.say(f"packages of {name}", present(place, wanted), total)):
            for need in self._needs(target):
                names = [spec(each) for each in need["names"]]
                code, out, err = run(
                    [*self._dnf(target), "-q", "install", "--downloadonly", f"--destdir={place}", *names]
                )
                if code != 0:
                    raise fetch.failed(f"packages of {name}", " ".join((err or out).split())[-400:])
        self.work.fetched += total - before
        for file in os.listdir(place):
            if file not in wanted:
                os.unlink(os.path.join(place, file))
        self._repository(target, place, wanted)

    def _repository(self, target: Dict[str, Any], packages: str, wanted: Dict[str, dnf.Package]) -> None:
        place = f"dnf/{target_name(target)}"
        full = self.work.path(place)
        os.makedirs(full, exist_ok=True)
        rows = []
        for file, package in sorted(wanted.items()):
            path, source = os.path.join(full, file), os.path.join(packages, file)
            if not os.path.exists(path) or not os.path.samefile(path, source):  # dnf has checked this one
                linked(source, path)
            added = self.work.add(
                f"{place}/{file}",
                "package",
                name=package.name,
                version=package.version,
                licence=self.work.licence_of("packages", package.name) or package.licence,
                source=apt.plain_uri(package.uri),
            )
            rows.append(f"{file} {added.sha256}\n")
        state = [hashlib.sha256("".join(rows).encode("utf-8")).hexdigest()]
        if self.work.known.get("index " + place) != state or not os.path.exists(os.path.join(full, dnf.SIGNED)):
            self._index(full, place, set(wanted))
            self.work.known["index " + place] = state
        for folder, _folders, names in os.walk(os.path.join(full, "repodata")):
            for name in sorted(names):
                self.work.add(os.path.relpath(os.path.join(folder, name), self.work.spec.dest), "index")
        self.work.add(f"{place}/{KEY}", "index")

    def _index(self, full: str, place: str, wanted: Any) -> None:
        for file in os.listdir(full):  # what lies there would be in the index, too
            if file.endswith(".rpm") and file not in wanted:
                os.unlink(os.path.join(full, file))
        shutil.rmtree(os.path.join(full, "repodata"), ignore_errors=True)
        self.work.say(f"index of {place}: {len(wanted)} packages", 0, 0)
        code, out, err = run(["createrepo_c", "--quiet", "--no-database", "--simple-md-filenames", full])
        why = (err or out).strip()[-300:] if code != 0 else dnf.sign(run, full)
        if why:
            raise fetch.failed(f"the index of {place}", why)
