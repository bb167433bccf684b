# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's files, folders and links as one list: what differs from it on this node, and what ends that."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

DEFAULT_MODES = {"file": 0o644, "directory": 0o755}
UNITS = "/etc/systemd/system/"
LONGEST_DIFF = 100_000  # characters; what is longer is named, not shown

Run = Callable[[List[str]], Any]  # -> something with returncode, stdout, stderr


class Wanted(NamedTuple):
    """One path as it shall be."""

    path: str
    state: str  # file, directory, link, absent
    content: str
    target: str  # of a link
    mode: int
    owner: str
    group: str
    validate: str


class Found(NamedTuple):
    """One path as it is. `text` is None where there is no text to compare."""

    kind: str  # file, directory, link, absent, other
    text: Optional[str]
    target: str
    mode: int
    uid: int
    gid: int


def wanted(rows: Sequence[Mapping[str, Any]]) -> List[Wanted]:
    """The list of a task, each row judged before anything is changed (LLM197)."""
    found = []
    seen: Dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        state = row["state"]
        path = os.path.normpath(row["path"])
        if not os.path.isabs(path) or path == "/":
            raise _wrong(number, row["path"], say("files_absolute"))
        if path in seen:
            raise _wrong(number, path, say("files_twice", number=seen[path]))
        seen[path] = number
        for option, kind in (("content", "file"), ("copy_of", "file"), ("target", "link"), ("validate", "file")):
            if row.get(option) is not None and state != kind:
                raise _wrong(number, path, say("files_option", option=option, state=state))
        for option, needed in (("content", "file"), ("target", "link")):
            if row.get(option) is None and state == needed and not row.get("copy_of"):
                raise _wrong(number, path, say("files_missing", option=option))
        if not isinstance(row.get("content") or "", str):
            raise _wrong(number, path, say("files_text"))
        check = row.get("validate") or ""
        if check and "%s" not in check:
            raise _wrong(number, path, say("files_validate"))
        text = _text_of(row["copy_of"]) if row.get("copy_of") else row.get("content") or ""
        if text is None:
            continue
        found.append(
            Wanted(
                path=path,
                state=state,
                content=text,
                target=row.get("target") or "",
                mode=_mode(number, path, row.get("mode"), state),
                owner=row.get("owner") or "root",
                group=row.get("group") or "root",
                validate=check,
            )
        )
    return found


def _text_of(path: str) -> Optional[str]:
    """None where there is no such file, or not yet."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _mode(number: int, path: str, text: Optional[str], state: str) -> int:
    if not text:
        return DEFAULT_MODES.get(state, 0)
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 < mode <= 0o7777:
        raise _wrong(number, path, say("files_mode", mode=text))
    return mode


def _wrong(number: int, path: str, why: Text) -> Refusal:
    return Refusal("LLM197", number=number, path=path, why=why)


def look(path: str, read: bool = True) -> Found:
    """`read`: its text too; what is to go may be an image of a disk."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Found("absent", None, "", 0, 0, 0)
    kind, text, target = "other", None, ""
    if stat.S_ISLNK(info.st_mode):
        kind, target = "link", os.readlink(path)
    elif stat.S_ISDIR(info.st_mode):
        kind = "directory"
    elif stat.S_ISREG(info.st_mode):
        kind = "file"
        try:
            text = Path(path).read_bytes().decode("utf-8") if read else None
        except UnicodeDecodeError:
            text = None
    return Found(kind, text, target, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)


def differences(row: Wanted, now: Found) -> List[str]:
    """What has to change, in the order in which it is done; nothing where all is right."""
    if row.state == "absent":
        return [] if now.kind == "absent" else ["there"]
    if now.kind != row.state:
        return ["missing" if now.kind == "absent" else "kind"]
    if row.state == "link":
        return [] if now.target == row.target else ["target"]
    found = []
    if row.state == "file" and now.text != row.content:
        found.append("content")
    if now.mode != row.mode:
        found.append("mode")
    if (_uid(row), _gid(row)) != (now.uid, now.gid):
        found.append("owner")
    return found


def _uid(row: Wanted) -> int:
    """-1: that user is made later in this run, which only check mode comes to see."""
    try:
        return int(row.owner) if row.owner.isdigit() else pwd.getpwnam(row.owner).pw_uid
    except KeyError:
        return -1


def _gid(row: Wanted) -> int:
    try:
        return int(row.group) if row.group.isdigit() else grp.getgrnam(row.group).gr_gid
    except KeyError:
        return -1


def refuse(row: Wanted, now: Found, differs: Sequence[str]) -> None:
    """Refuses what could not be done: another kind in the way (LLM171), a user that is not there (LLM172)."""
    if "kind" in differs and (now.kind == "other" or "directory" in (now.kind, row.state)):
        raise Refusal("LLM171", path=row.path, kind=now.kind, wanted=row.state)
    if row.state in DEFAULT_MODES and -1 in (_uid(row), _gid(row)):
        raise Refusal("LLM172", path=row.path, owner=row.owner, group=row.group)


def validate(row: Wanted, differs: Sequence[str], run: Run) -> None:
    """Refuses a new text that its own program rejects (LLM173)."""
    if not row.validate or not {"content", "missing", "kind"} & set(differs):
        return
    handle, temporary = tempfile.mkstemp(prefix=".yitiji-check-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(row.content)
        words = [word.replace("%s", temporary) for word in shlex.split(row.validate)]
        done = run(words)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or str(done.returncode)).replace(temporary, row.path)
            raise Refusal("LLM173", path=row.path, said=said.splitlines()[-1], evidence=said.splitlines()[-20:])
    finally:
        os.unlink(temporary)


def apply(row: Wanted, now: Found, differs: Sequence[str]) -> None:
    """Ends the differences of one path; readers see the old file or the new one."""
    if row.state == "absent":
        _remove(row.path, now)
    elif row.state == "link":
        _link(row)
    elif row.state == "directory":
        os.makedirs(row.path, mode=0o755, exist_ok=True)
        os.chown(row.path, _uid(row), _gid(row))
        os.chmod(row.path, row.mode)
    elif {"content", "missing", "kind"} & set(differs):
        write_atomic(row.path, row.content, row.mode, _uid(row), _gid(row))
    else:
        os.chown(row.path, _uid(row), _gid(row))
        os.chmod(row.path, row.mode)


def _remove(path: str, now: Found) -> None:
    if not os.path.lexists(path):
        return  # with a folder of the same list
    if now.kind != "directory":
        os.unlink(path)
        return
    for top, folders, files in os.walk(path, topdown=False, followlinks=False):
        for name in files:
            os.unlink(os.path.join(top, name))
        for name in folders:
            place = os.path.join(top, name)
            (os.unlink if os.path.islink(place) else os.rmdir)(place)
    os.rmdir(path)


def _link(row: Wanted) -> None:
    """Made beside it and renamed over it."""
    os.makedirs(os.path.dirname(row.path), mode=0o755, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=".yitiji-", dir=os.path.dirname(row.path))
    try:
        place = os.path.join(folder, "link")
        os.symlink(row.target, place)
        os.replace(place, row.path)
    finally:
        os.rmdir(folder)


def units(paths: Iterable[str]) -> bool:
    """Whether systemd has to read its units again."""
    return any(path.startswith(UNITS) for path in paths)


def diff(row: Wanted, now: Found, differs: Sequence[str]) -> Dict[str, str]:
    """Before and after, as `--diff` shows them."""
    if "content" in differs or (row.state == "file" and {"missing", "kind"} & set(differs)):
        before, after = now.text or "", row.content
        if max(len(before), len(after)) > LONGEST_DIFF:
            before, after = f"{len(before)} characters\n", f"{len(after)} characters\n"
    else:
        before, after = _told(now), _told_wanted(row)
    return {"before": before, "after": after, "before_header": row.path, "after_header": row.path}


def _told(now: Found) -> str:
    if now.kind in DEFAULT_MODES:
        return f"{now.kind}, mode {now.mode:04o}, owner {now.uid}:{now.gid}\n"
    return f"link to {now.target}\n" if now.kind == "link" else f"{now.kind}\n"


def _told_wanted(row: Wanted) -> str:
    if row.state in DEFAULT_MODES:
        return f"{row.state}, mode {row.mode:04o}, owner {_uid(row)}:{_gid(row)}\n"
    return f"link to {row.target}\n" if row.state == "link" else f"{row.state}\n"
