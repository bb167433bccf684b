# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux must allow a service beyond its policy: switches, ports and labels of files; taken back afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
from subprocess import CompletedProcess
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

Run = Callable[[List[str], float], "CompletedProcess[str]"]
MARK = "sys/fs/selinux/enforce"
FOLDER = "selinux"
SECONDS = 300  # a policy is compiled anew


class Wanted(NamedTuple):
    """`ports` and `labels` by their type; a label is a folder and all in it."""

    switches: Sequence[str] = ()
    ports: Mapping[str, Sequence[int]] = {}
    labels: Mapping[str, Sequence[str]] = {}


class Selinux:
    def __init__(self, owner: str, state_dir: str, dry: bool, run: Run = run, root: str = "/") -> None:
        self.path = os.path.join(state_dir, FOLDER, f"{owner}.json")
        self.dry, self._run, self.root = dry, run, root
        self.record: Dict[str, Any] = json.loads(read_text(self.path) or "{}")
        self.done: List[str] = []

    def on(self) -> bool:
        """Whether the kernel has a policy; one that only warns is kept in step, as it may enforce tomorrow."""
        return os.path.exists(os.path.join(self.root, MARK))

    def present(self, wanted: Wanted) -> List[str]:
        if not self.on():
            return []
        self._tools()
        self._switches(wanted.switches)
        self._ports({str(port): kind for kind, ports in wanted.ports.items() for port in ports})
        self._labels({path: kind for kind, paths in wanted.labels.items() for path in paths})
        self._save()
        return self.done

    def absent(self) -> List[str]:
        """Without the tools nothing can be taken back: then the record stays, for a run that has them."""
        if self.on() and self.record and shutil.which("semanage"):
            self._switches(())
            self._ports({})
            self._labels({})
            if not self.dry and os.path.exists(self.path):
                os.unlink(self.path)
        return self.done

    def _tools(self) -> None:
        missing = [name for name in ("semanage", "setsebool", "getsebool", "restorecon") if not shutil.which(name)]
        if missing and not self.dry:
            raise Refusal("LLM331", tools=missing)

    def _switches(self, names: Sequence[str]) -> None:
        ours: List[str] = self.record.get("switches", [])
        for name in [name for name in ours if name not in names]:
            self._do(["setsebool", "-P", name, "off"])
        kept = [name for name in ours if name in names]
        for name in names:
            if self._said(["getsebool", name]).strip().endswith("off"):
                self._do(["setsebool", "-P", name, "on"])
                kept += [name] if name not in kept else []
        self.record["switches"] = kept

    def _ports(self, wanted: Mapping[str, str]) -> None:
        """A port has one type. One that the policy itself gives another type is given ours, and gets its own back."""
        ours: Dict[str, str] = self.record.get("ports", {})
        for port in [port for port in ours if port not in wanted]:
            self._do(["semanage", "port", "-d", "-p", "tcp", port])
        kept = {port: kind for port, kind in ours.items() if port in wanted}
        now = self._said(["semanage", "port", "-l", "-n"]) if wanted else ""
        for port, kind in wanted.items():
            types = port_types(now, int(port))
            if kind not in types:
                act = "-m" if types else "-a"
                self._do(["semanage", "port", act, "-t", kind, "-p", "tcp", port])
                kept[port] = kind
        self.record["ports"] = kept

    def _labels(self, wanted: Mapping[str, str]) -> None:
        ours: Dict[str, str] = self.record.get("labels", {})
        for path in [path for path in ours if path not in wanted]:
            self._fcontext(["-d"], pattern(path))
            self._relabel(path)
        kept = {path: kind for path, kind in ours.items() if path in wanted}
        now = self._said(["semanage", "fcontext", "-l", "-C", "-n"]) if wanted else ""
        for path, kind in wanted.items():
            if not re.search(rf"^(?:/var)?{re.escape(pattern(path))}\s.*:{re.escape(kind)}:", now, re.MULTILINE):
                self._fcontext(["-a", "-t", kind], pattern(path))
                kept[path] = kind
                self._relabel(path)
        self.record["labels"] = kept

    def _fcontext(self, act: List[str], name: str) -> None:
        """/run and /var/run are one place; by which name it is known differs, and semanage says the right one."""
        self.done.append(" ".join(["semanage", "fcontext", *act, name]))
        for _again in range(2):
            words = ["semanage", "fcontext", *act, name]
            done = None if self.dry else self._run(words, SECONDS)
            if done is None or done.returncode == 0:
                return
            other = re.search(r"[Tt]ry adding '([^']+)' instead", done.stderr)
            if not other:
                break
            name = other.group(1)
        raise Refusal("LLM141", command=self.done[-1], said=done.stderr.strip() if done else "")

    def _relabel(self, path: str) -> None:
        if os.path.exists(os.path.join(self.root, path.lstrip("/"))):
            self._do(["restorecon", "-R", path])

    def _do(self, words: List[str]) -> None:
        self.done.append(" ".join(words))
        if self.dry:
            return
        done = self._run(words, SECONDS)
        if done.returncode != 0:
            raise Refusal("LLM141", command=" ".join(words), said=done.stderr.strip() or done.stdout.strip())

    def _said(self, words: List[str]) -> str:
        return self._run(words, SECONDS).stdout if shutil.which(words[0]) else ""

    def _save(self) -> None:
        if not self.dry and (any(self.record.values()) or os.path.exists(self.path)):
            write_atomic(self.path, json.dumps(self.record, indent=2, sort_keys=True) + "\n", 0o600)


def pattern(path: str) -> str:
    """A folder and all in it, as file contexts are written."""
    return f"{path.rstrip('/')}(/.*)?"


def port_types(listed: str, port: int) -> List[str]:
    """The types of a TCP port, without those of whole ranges (the unreserved ports), by `semanage port -l -n`."""
    found = []
    for line in listed.splitlines():
        words = line.replace(",", " ").split()
        if len(words) > 2 and words[1] == "tcp" and str(port) in words[2:]:
            found.append(words[0])
    return found
