# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a backup of this node: written, read back and looked at, encrypted, copied elsewhere, the old ones removed."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import age, contents, keep, record
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.rehearse import rehearse
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.remote import Remote
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data, make_backup


def make(config: Mapping[str, Any]) -> Dict[str, Any]:
    """What was made. A copy elsewhere that failed is told in `problem`: the backup itself stands."""
    folder = Path(config["directory"])
    try:
        secrets.private_folder(str(folder))
        with make_backup.alone(folder):
            made = _make(config, folder)
    except BaseException as error:
        record.failed(config["note"], "made", str(error))
        raise
    record.note(config["note"], "made", **made)
    told: Dict[str, Any] = {**made, "path": str(folder / made["name"]), "problem": ""}
    if config["remote"]:
        told.update(_send(config, folder / made["name"], made["sha256"]))
    return told


MADE = ".yitiji-made-"


def _make(config: Mapping[str, Any], folder: Path) -> Dict[str, Any]:
    page = config["page"]
    top = Path(page["data_dir"])
    for left in folder.glob(MADE + "*"):  # of one that was killed: all data, and not encrypted
        shutil.rmtree(str(left), ignore_errors=True)
    make_backup.room_for(folder, top)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    # Until it was read back it has a name that no rule takes for a backup.
    work = folder / (MADE + stamp)
    work.mkdir(mode=0o700)
    try:
        plain = work / "{}-{}.tar.gz".format(config["name"], stamp)
        about = {
            **make_backup.told_of(_image(config)),
            "database": page["database"],
            "deployment": config["deployment"],
        }
        kept = contents.members(config)
        manifest = make_backup.written(plain, top, kept, about, page["unit"], True, contents.CONTENTS)
        found = rehearse(plain, top.with_name(top.name + ".rehearsal"), page["owner"])
        whole = plain
        if config["recipients"]:
            whole = Path(str(plain) + age.SUFFIX)
            age.encrypt(plain, whole, config["recipients"])
        sha256 = make_backup.digest_of(whole)
        target = folder / whole.name
        os.replace(str(whole), str(target))
    finally:
        shutil.rmtree(str(work), ignore_errors=True)
    return {
        "name": target.name,
        "sha256": sha256,
        "bytes": target.stat().st_size,
        "encrypted": bool(config["recipients"]),
        "members": found["members"],
        "counts": {name: manifest[name] for name in data.COUNTED if name in manifest},
        "left_out": [*manifest["left_out"], *contents.missed(config)],
        "removed": prune(folder, config, target.name),
    }


def _image(config: Mapping[str, Any]) -> Dict[str, Any]:
    try:
        told = json.loads(Path(config["state"]["open-webui.json"]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def prune(folder: Path, config: Mapping[str, Any], made: str) -> List[str]:
    names = [path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    gone = keep.doomed(names, config["name"], config["keep"], made)
    for name in gone:
        (folder / name).unlink()
    return gone


def _send(config: Mapping[str, Any], path: Path, sha256: str) -> Dict[str, Any]:
    there = Remote(config["remote"], config["remote"]["seconds"])
    try:
        there.send(str(path), path.name, sha256)
        gone = there.prune(config["name"], config["remote"]["keep"], path.name) if config["remote"]["prune"] else []
    except (OSError, ValueError) as error:
        record.failed(config["note"], "sent", str(error))
        return {"problem": str(error), "sent": ""}
    record.note(config["note"], "sent", name=path.name, sha256=sha256)
    return {"sent": f"{there.base}/{path.name}", "removed_there": gone}
