# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a module's parameters to a bundle that is complete, signed and, if asked for, split into volumes."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import finish, signers
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import volumes as split
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.make import Maker
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import Bundle
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import TOOLS, Spec, run, summary, target_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


class Progress:
    """A line a second: what comes, sizes, rate, time left."""

    def __init__(self, path: Optional[str]) -> None:
        self.path, self.report = path, Reporter(path, "bundle")

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.report.what != what:
            self.report = Reporter(self.path, what)
            self.report.text("…")
        elif total:
            self.report.bytes(done, total)


def produce(params: Dict[str, Any], dry: bool) -> Dict[str, Any]:
    catalog = params["catalog"]
    targets: List[Dict[str, Any]] = [target_of(target, catalog.get("targets") or {}) for target in params["targets"]]
    spec = Spec(
        os.path.abspath(params["path"]),
        targets,
        params["packages"],
        params["images"],
        params["downloads"],
        params["models"],
        catalog.get("licences") or {},
        params["licences"],
        params["ca_path"] or "",
        params["repositories"],
    )
    size = split.size_of(params["split"]) if params["split"] else 0
    say = Progress(params["progress"])
    maker = Maker(spec, say)
    nothing: Dict[str, Any] = {"kinds": {}, "bytes": 0, "fetched": 0, "signer": "", "volumes": []}
    if dry:
        maker.judge()
        return {"changed": True, **nothing}
    managers = dict.fromkeys(str(target["manager"]) for target in targets)
    tools = ["ssh-keygen", "gpg", *(tool for manager in managers for tool in TOOLS[manager])]
    for tool in tools:  # missing ones are refused before a byte comes
        run([tool, "--version"] if tool != "ssh-keygen" else [tool, "-?"])
    if params["state"] == "resolved":
        maker.resolve()
        return {"changed": False, **nothing}
    finish.ensure_key(params["key"])
    files = maker.make()
    names = ("distribution", "release", "version", "architecture", "manager")
    told = tuple({name: str(target[name]) for name in names} for target in targets)
    bundle = Bundle(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), params["version"], told, maker.holds, tuple(files)
    )
    bundle, changed = finish.close(spec.dest, bundle, params["check_script"], params["key"], spec.licences)
    signers.remember(params["signers"], finish.public_key(params["key"]))
    volumes: List[str] = []
    if size:
        volumes, written = split.split(
            bundle, spec.dest, size, params["join_script"], lambda done, total: say("volumes", done, total)
        )
        changed = changed or written
    return {
        "changed": changed,
        "volumes": volumes,
        "kinds": summary(bundle.files),
        "bytes": bundle.size,
        "fetched": maker.work.fetched,
        "signer": finish.public_key(params["key"]),
    }
