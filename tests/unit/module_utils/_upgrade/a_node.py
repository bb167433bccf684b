# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node in a folder: its files are real, Docker and systemd are a note of what they were told last.

A job on it runs in a process of its own, which a kill may end before any of its changes to a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys
import time
import traceback
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import back
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup, data, restore

from tests.unit.module_utils._webui import page_data

KILLED, BROKEN = 9, 8
VLLM, PAGE, ENV = "yitiji-vllm", "yitiji-open-webui", "/etc/yitiji/secrets/yitiji-vllm.env"
SITE = "/etc/nginx/conf.d/yitiji.conf"
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")  # a file that is only begun has no name yet


def unit(name, image, extra=()):
    return f"[Service]\n{systemd.note(name, list(extra))}\nExecStart=docker run {image}\n\n[Install]\nWantedBy=a\n"


def wanted(version):
    """The files of a release: the page has another image, and the engine another unit and setting."""
    page = {"ref": f"r/open-webui:{version}.0", "id": f"sha256:page{version}", "digest": ""}
    files = {
        systemd.unit_path(VLLM): unit(VLLM, f"r/vllm:{version}", [ENV]),
        systemd.unit_path(PAGE): unit(PAGE, page["ref"]),
        ENV: f"LEVEL={version}\n",
        SITE: f"server v{version};\n",
    }
    if version == "2":
        files[systemd.unit_path("yitiji-more")] = unit("yitiji-more", "r/more:2")
    return page, files, {page["ref"]: page["id"], f"r/vllm:{version}": f"sha256:vllm{version}"}


class Node:
    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, f"{folder}/"
        self.note, self.kept = folder / "note.json", str(folder) + generations.ROOT
        self.data, self.backups = folder / "var/lib/yitiji/open-webui", folder / "var/lib/yitiji/backups"
        self.page = {
            "data_dir": str(self.data), "secrets_dir": str(folder / "etc/yitiji/secrets"), "owner": os.getuid(),
            "unit": PAGE, "admin": page_data.ADMIN, "backups": str(self.backups),
        }  # fmt: skip

    def copy(self, folder: Path) -> Node:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Node(folder)

    # -- what Docker and systemd know

    def known(self):
        return json.loads(self.text("/note.json") or '{"tags": {}, "ids": [], "runs": {}, "boot": []}')

    def text(self, path) -> str:
        place = Path(self.root + path[1:])
        return place.read_text(encoding="utf-8") if place.exists() else ""

    def tell(self, known) -> None:
        fresh = self.note.with_suffix(".new")
        fresh.write_text(json.dumps(known))
        os.rename(fresh, self.note)

    def digest(self, paths) -> str:
        return systemd_digest([self.root + path[1:] for path in paths])

    def inputs(self, name):
        lines = self.text(systemd.unit_path(name)).splitlines()
        return re.findall(r'"(/[^"]+)"', "".join(line for line in lines if "/run/%N/inputs" in line))

    def begins(self, known, name) -> None:
        known["runs"][name] = self.digest(self.inputs(name))
        if name == PAGE:  # its first start changes the database for good
            ref = re.search(r"docker run (\S+)", self.text(systemd.unit_path(name)))[1]
            with contextlib.closing(sqlite3.connect(self.data / data.DATABASE)) as db:
                (had,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
                assert int(had) <= int(ref[-3]), "a page that cannot read these data"
                db.execute("UPDATE alembic_version SET version_num = ?", (ref[-3],))
                db.commit()

    def do(self, words, _seconds=0.0) -> str:
        known = self.known()
        tool, verb, *rest = words
        names = [word[: -len(".service")] for word in rest if word.endswith(".service")]
        if tool == "docker":
            assert rest[1] in known["ids"]
            known["tags"][rest[2]] = rest[1]
        elif verb == "disable":
            known["boot"] = [name for name in known["boot"] if name not in names]
            known["runs"] = {name: row for name, row in known["runs"].items() if name not in names}
        elif verb == "enable":
            known["boot"] = sorted({*known["boot"], *names})
        elif verb == "stop":
            known["runs"].pop(rest[0], None)
        elif verb == "restart":
            for name in names:
                self.begins(known, name)
        elif verb in ("reload", "start"):
            known["runs"]["nginx"] = self.digest([SITE])
        self.tell(known)
        return ""

    def ask(self, words, _seconds=0.0) -> str:
        return words[-1] if words[-1] in self.known()["ids"] else ""

    # -- the two ways

    def upgrade(self, version) -> None:
        """As upgrade.yml does: a note, roles of which each looks what is there, then the generation."""
        page, files, images = wanted(version)
        row = generations.behind(self.kept)
        if row:
            back.begin(row["number"], str(self.data), self.kept)
        known = self.known()
        known["ids"] = sorted({*known["ids"], *images.values()})
        known["tags"].update(images)
        self.tell(known)
        had = json.loads(self.text(back.RECORD) or "{}")
        if had and data.changes_image(had, page):
            self.backups.mkdir(exist_ok=True)
            number = len(list(self.backups.iterdir()))
            name = time.strftime(f"{back.SNAPSHOT}-%Y%m%dT%H%M%SZ.tar.gz", time.gmtime(time.time() + number))
            backup.write(self.backups / name, self.data, {}, {"image": had, "version": had["ref"][-3:]})
        self.put(back.RECORD, json.dumps(page))
        for path, text in files.items():
            self.put(path, text)
        for path in files:
            name = back._unit(path)[: -len(".service")]
            known = self.known()
            if name and (name not in known["boot"] or known["runs"].get(name) != self.digest(self.inputs(name))):
                self.do(["systemctl", "enable", f"{name}.service"])
                self.do(["systemctl", "restart", f"{name}.service"])
        self.do(["systemctl", "reload", "nginx"])
        plan = {"model": {"stamp": "/"}, "models_beside": [], "nodes": {}}
        made = history.made(
            {"version": version}, images, generations.look(self.root), plan=plan, by="", verdict="there"
        )
        if not row or generations.rows(self.kept)[-1]["digest"] != made["digest"]:
            history.keep(made, self.kept)
        history.finish(self.kept)

    def put(self, path, text) -> None:
        place = Path(self.root + path[1:])
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.text(path) != text:
            write_atomic(str(place), text, 0o600, os.getuid(), os.getgid())

    def go(self) -> None:
        """As tasks/back.yml does: the note goes when everything was asked."""
        back.go({"page": self.page, "by": "", "failed": {}}, self.ask, self.do, root=self.root)
        history.finish(self.kept)

    # -- what came of it

    def serves(self):
        """All that a person or the next run could find other than before."""
        known = self.known()
        tags = {name: known["tags"][name] for name in self.newest()["images"]}
        rows = {path: (row["text"], row["mode"]) for path, row in generations.look(self.root).items()}
        revision = data.info(self.data)["revision"]
        return {"runs": known["runs"], "boot": known["boot"], "tags": tags, "files": rows, "data": revision}

    def newest(self):
        return generations.rows(self.kept)[-1]

    def chats(self):
        """Of the data that serve, then of those that stay beside them."""
        beside = [path for path in sorted(self.data.parent.glob("open-webui.before-*Z"))]
        return [data.info(folder).get("chats") for folder in (self.data, *beside)]

    def write_a_chat(self) -> None:
        with contextlib.closing(sqlite3.connect(self.data / data.DATABASE)) as db:
            db.execute("INSERT INTO chat VALUES (9)")
            db.commit()


def systemd_digest(paths) -> str:
    found = [Path(path).read_bytes() for path in paths if Path(path).exists()]
    return hashlib.sha256(b"".join(found)).hexdigest()


def run(node: Node, job, kill: int = 0) -> int:
    """In a process of its own; `kill`: it ends before that change, counted from 1. Its exit status."""
    child = os.fork()
    if child == 0:
        try:
            systemd.digest = node.digest
            systemd.started_from = lambda name: node.known()["runs"].get(name, "")
            restore.run = lambda words, _seconds: node.do(words)
            _count(kill)
            job()
        except BaseException:
            traceback.print_exc()
            os._exit(BROKEN)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _count(kill: int) -> None:
    left, me = [kill], os.getpid()

    def hook(event, _args) -> None:
        if event in CHANGES and os.getpid() == me:
            left[0] -= 1
            if left[0] == 0:
                os._exit(KILLED)

    if kill:
        sys.addaudithook(hook)
