# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back to a generation: its units and settings byte for byte, its images, and the page's data of then.

Everything that it needs is looked for before anything is changed. Killed on the way, it is done again from its start.
"""

from __future__ import annotations

import calendar
import contextlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import target
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as page
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.restore import Restore, reachable

BACK = "rolled back"
RECORD = "/var/lib/yitiji/open-webui.json"
UNITS = "/etc/systemd/system/"
RELOADED = "run/yitiji-reloaded/nginx"  # what nginx loaded last: without it the next run looks for itself
POSTGRESQL = "postgresql"  # the site's own database: nothing here brings its data back
SNAPSHOT = "open-webui-before-upgrade"  # role open_webui makes it before another image takes over the data
SHARED = ("/etc/systemd/system", "/etc/yitiji", "/etc/yitiji/secrets", "/var/lib/yitiji")  # of all services
Row = generations.Row
Do = Callable[[List[str], float], str]


class Way(NamedTuple):
    """What is other than in the generation, and what that means for services."""

    write: List[str]
    remove: List[str]
    stop: List[str]
    enable: List[str]
    restart: List[str]
    nginx: str  # what to do with it: reload, restart or nothing
    starts: Dict[str, str]  # every unit of the generation that starts at boot, with its text


def way(row: Row, there: Mapping[str, Row]) -> Way:
    """From the files that are there to those of the generation."""
    other = generations.edited(row, there)
    write = [path for path in other if path in row["files"]]
    remove = [path for path in other if path not in row["files"]]
    units = {name: file["text"] for path, file in row["files"].items() for name in [_unit(path)] if name}
    starts = {name: text for name, text in units.items() if "\n[Install]\n" in text}
    enable = [name for name in starts if UNITS + name in write]
    restart = [
        name for name, text in starts.items() if name in enable or any(_needs(name, text, path) for path in other)
    ]
    stop = [name for name in map(_unit, remove) if name]
    nginx = "reload" if any(path.startswith("/etc/nginx/") for path in other) else ""
    nginx = "restart" if any(path.startswith(UNITS + "nginx.service.d/") for path in other) else nginx
    return Way(write, remove, stop, enable, restart, nginx, starts)


def stale(units: Mapping[str, str]) -> List[str]:
    """Services that do not run from the files that are there now, by their own notes (`systemd.note`)."""
    found = []
    for name, text in units.items():
        notes = [line for line in text.splitlines() if line.startswith("ExecStartPre=") and ">/run/%N/inputs" in line]
        paths = re.findall(r'"(/[^"]+)"', "".join(notes))
        if paths and systemd.digest(paths) != systemd.started_from(name[: -len(".service")]):
            found.append(name)
    return found


def _unit(path: str) -> str:
    name = path[len(UNITS) :] if path.startswith(UNITS) else ""
    return name if name.endswith((".service", ".timer")) and "/" not in name and "@." not in name else ""


def _needs(name: str, text: str, path: str) -> bool:
    folder = os.path.dirname(path)
    inside = folder not in SHARED and f"{folder}/" in text
    return path in text or inside or path.startswith(f"{UNITS}{name}.d/")


def taken_over(row: Row, there: Mapping[str, Row], folder: str, page_data: Path, arrived: bool) -> Tuple[bool, str]:
    """Whether another image changed the page's data since, and the archive of those that the generation can read.

    `arrived`: the other one served. A migration that failed may have changed more than the revision says.
    """
    old, new = records(row, there)
    if not (old and new and data.changes_image(old, new)) or old.get("database") == POSTGRESQL:
        return False, ""
    found, revision = snapshot(folder, row["at"], old)
    # What is of the same revision is read by either, with all that people wrote meanwhile.
    same = arrived and revision and data.info(page_data).get("revision") == revision
    return not same, found


def records(row: Row, there: Mapping[str, Row]) -> Tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Of whose the page's data are: the generation's, and what is there; {} without a page."""
    old, new = (json.loads(files[RECORD]["text"]) if RECORD in files else {} for files in (row["files"], there))
    return old, new


def snapshot(folder: str, since: int, record: Mapping[str, Any]) -> Tuple[str, str]:
    """The newest that is of the generation's own image, and its database's revision.

    An older one lacks what people wrote since; one of another image may be of changed data.
    """
    for path in reversed(page.series(Path(folder), SNAPSHOT)):
        made = calendar.timegm(time.strptime(path.name[len(SNAPSHOT) + 1 : -len(".tar.gz")], "%Y%m%dT%H%M%SZ"))
        if made < since:
            break
        manifest = page.read(path)
        if not data.changes_image(record, manifest.get("image") or {}):
            return str(path), str(manifest.get("revision") or "")
    return "", ""


def judge(row: Row, archive: str, moves: bool, ask: Do) -> None:
    """Refuses a way back that lacks something, with nothing changed (LLM583)."""
    gone = [f"{ref} {identity}" for ref, identity in row["images"].items()
            if not ask(["docker", "image", "inspect", "--format", "{{.Id}}", identity], 60).strip()]  # fmt: skip
    gone += [model["stamp"] for model in models_of(row["plan"]) if not os.path.exists(model["stamp"])]
    gone += [f"{SNAPSHOT}-*.tar.gz"] if moves and not archive else []
    if gone:
        missing = ", ".join(gone)
        raise Refusal("LLM583", why=Text(f"gone: {missing}", f"缺少 {missing}"))


class Back:
    """`params`: {data_dir, secrets_dir, owner, unit, admin} of the page; `do` runs a command that must succeed."""

    def __init__(self, row: Row, params: Mapping[str, Any], do: Do, root: str = "/") -> None:
        self.row, self.params, self.do, self.root = row, params, do, root

    def images(self) -> None:
        """Names mean again what they meant."""
        for ref, identity in self.row["images"].items():
            self.do(["docker", "image", "tag", identity, ref], 60)

    def files(self, found: Way) -> None:
        """Units first: whatever starts from now on is of the generation."""
        if found.stop:
            self.do(["systemctl", "disable", "--now", "--quiet", *found.stop], 300)
        for path in found.write:
            if path != RECORD:
                self._write(path)
        for path in found.remove:
            os.unlink(self.root + path[1:])
        self.do(["systemctl", "daemon-reload"], 120)

    def data(self, archive: str) -> str:
        """The data of the snapshot in place of those of now, which stay beside them; where they are."""
        image = json.loads(self.row["files"][RECORD]["text"])
        work = Restore({**self.params, "archive": archive, "image": image, "replace": True})
        try:
            work.judge()
            work.unpack()
            work.swap()
        finally:
            shutil.rmtree(str(work.stage), ignore_errors=True)
        return str(work.before)

    def start(self, found: Way, again: bool) -> None:
        """The record of whose the data are comes last: until then a repeated run brings them back once more.

        `again`: what a killed run wrote is no difference any more, but may not have been started.
        """
        if RECORD in found.write:
            self._write(RECORD)
        enable = list(found.starts) if again else found.enable
        if enable:
            self.do(["systemctl", "enable", "--quiet", *enable], 120)
        restart = sorted({*found.restart, *stale(found.starts)})
        if restart:
            self.do(["systemctl", "reset-failed", *restart], 60)
            self.do(["systemctl", "restart", *restart], 600)
        gateway = any(path.startswith("/etc/nginx/") for path in self.row["files"])  # the head's alone
        verb = found.nginx or ("reload" if again and gateway else "")
        if verb:
            self.do(["systemctl", verb, "nginx"], 120)
            Path(self.root + RELOADED).unlink(missing_ok=True)

    def _write(self, path: str) -> None:
        file = self.row["files"][path]
        reachable(Path(self.root + path[1:]).parent)  # it may have gone with the last file in it
        write_atomic(self.root + path[1:], file["text"], file["mode"], file["uid"], file["gid"])


def reason(failed: Mapping[str, Any]) -> str:
    """What a task said that failed; of a loop, the first item that did."""
    items = [item for item in failed.get("results") or [] if item.get("failed")]
    return str((items or [failed])[0].get("msg") or "")[:1200]


def begin(number: int, data_dir: str, folder: str = generations.ROOT) -> bool:
    """Notes what serves, before it is changed; what a killed way back had unpacked goes."""
    shutil.rmtree(data_dir + ".restore", ignore_errors=True)
    return history.begin(number, folder)


def go(params: Mapping[str, Any], ask: Do, do: Do, check: bool = False, root: str = "/") -> Dict[str, Any]:
    """To the generation of `target.choose`. The note of what served stays until `history.finish`: whoever repeats this
    before everything was asked from outside comes to the same."""
    folder = root + generations.ROOT[1:]
    kept, mark = generations.rows(folder), generations.unfinished(folder)
    wanted, node = params.get("wanted") or {}, str(params.get("node") or "")
    row = target.choose(kept, mark, generations.behind(folder), wanted, node)
    there, of_page = generations.look(root), params["page"]
    found, arrived = way(row, there), kept[-1]["number"] != row["number"]
    moves, archive = taken_over(row, there, of_page["backups"], Path(of_page["data_dir"]), arrived)
    judge(row, archive, moves, ask)
    result = {"number": row["number"], "plan": wanted or row["plan"], "state": row["state"], "before": ""}
    old, new = records(row, there)
    own = bool(old and new) and old.get("database") == POSTGRESQL and data.changes_image(old, new)
    stays = not mark and row is kept[-1]
    result.update(why=reason(params["failed"]), changed=not stays, database=POSTGRESQL if own else "")
    if check or stays:
        return result
    again = not begin(row["number"], of_page["data_dir"], folder)
    work = Back(row, of_page, do, root)
    work.images()
    work.files(found)
    if moves:
        result["before"] = work.data(archive)
    work.start(found, again)
    newest = kept[-1]
    if mark == newest["number"] or (newest["verdict"], newest["digest"]) != (BACK, row["digest"]):  # else told already
        history.keep({**row, "verdict": BACK, "by": params["by"], "why": result["why"]}, folder, row["of"])
    return result


STARTED = "Application startup complete|Uvicorn running|fired up and ready|server is listening"


def start_seconds(row: Row, ask: Do) -> int:
    """How long the generation's slowest engine took to its first answer, by its journal; 0 where nothing says so."""
    names = {unit["name"] for node in row["plan"]["nodes"].values() for unit in node["units"]}
    longest = 0.0
    for name in sorted(names):
        began = ask(["systemctl", "show", "--value", "-p", "ExecMainStartTimestamp", "--timestamp=unix", name], 30)
        words = ["journalctl", "--unit", name, "--output=short-unix", "--no-pager", "--quiet", f"--grep={STARTED}"]
        said = ask([*words, "--lines=1"], 60).split()
        with contextlib.suppress(ValueError, IndexError):
            longest = max(longest, float(said[0]) - float(began.strip().lstrip("@")))
    return round(longest)
