# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a node back from a backup: the page's data, keys, passwords, certificates. The roles make the rest of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import contents
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.rehearse import rehearse
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as page
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import restore as of_the_page


class Restore(of_the_page.Restore):
    contents = contents.CONTENTS

    def __init__(self, params: Dict[str, Any]) -> None:
        self.config = params["config"]
        own = {"data_dir": self.config["page"]["data_dir"], "secrets_dir": self.config["secrets_dir"]}
        here = {"owner": self.config["page"]["owner"], "unit": self.config["page"]["unit"]}
        super().__init__({**params, **own, **here})

    def judge(self) -> Dict[str, Any]:
        manifest = super().judge()
        same_database(manifest, self.config)
        return manifest

    def keep(self) -> None:
        """All that is replaced."""
        for name, path in contents.members(self.config).items():
            of_the_page.copy(path, self.kept / name)
        if self.kept.is_dir():
            for folder in (self.kept, *self.kept.iterdir()):
                os.chmod(str(folder), 0o700)

    def put(self) -> None:
        for file in list(tree.walk(self.stage)):
            target = None if file.name.startswith("data/") else contents.target(file.name, self.config)
            if target:
                tls = file.name.startswith("tls/")
                if tls:
                    of_the_page.reachable(target.parent)
                public = file.name.endswith(".crt")
                of_the_page.copy(self.stage / file.name, target, 0o644 if public else 0o600)

    def rehearse(self) -> Dict[str, Any]:
        """What a restore would bring, proved in a folder of its own; nothing else is touched."""
        page.read(self.archive, None, self.free, self.contents)
        return rehearse(self.archive, self.stage, self.params["owner"])

    def clear(self) -> None:
        shutil.rmtree(str(self.stage), ignore_errors=True)


def same_database(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """A backup of data in PostgreSQL holds everything but these, and the other way round."""
    had, here = str(manifest.get("database") or "sqlite"), config["page"]["database"]
    if had != here and (of_the_page.holds_page(manifest) or had == "postgresql"):
        raise Refusal("LLM727", had=had, database=here)


def summary(manifest: Mapping[str, Any]) -> Dict[str, Any]:
    """What people and roles ask of an archive; no value of it is trusted further than a text."""
    names: List[str] = sorted(manifest["members"])
    found = {name: str(manifest.get(name) or "") for name in ("host", "made_at", "version", "deployment", "database")}
    return {
        **found,
        "members": len(names),
        "bytes": page.space_needed(manifest),
        "page": of_the_page.holds_page(manifest),
        "secrets": [name[len("secrets/") :] for name in names if name.startswith("secrets/")],
        "counts": {name: manifest[name] for name in data.COUNTED if isinstance(manifest.get(name), int)},
    }


def judged(archive: Path, image: Mapping[str, Any], admin: str, config: Mapping[str, Any]) -> Dict[str, Any]:
    """On the controller, before anything is changed anywhere."""
    manifest = page.read(archive, None, 1 << 44, contents.CONTENTS)
    if of_the_page.holds_page(manifest) and image:
        page.fits(str(archive), manifest, data.version_of(str(image.get("ref") or "")), admin)
    if config:
        same_database(manifest, config)
    return summary(manifest)
