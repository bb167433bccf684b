# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a download, and what came of it. Times in seconds."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import size_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import reason
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import Unfit, judge
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, Entry, Manifest

SHOWN = 50  # files in a diff


class Request(NamedTuple):
    model: str
    dest: str
    revision: str = "master"
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    endpoint: str = "https://www.modelscope.cn"
    token: str = ""
    source: str = "modelscope"
    source_dir: str = ""
    mirrors: Sequence[str] = ()
    identity: str = ""  # file with this node's key and certificate of the run
    peers: str = ""  # file with the certificates of the nodes it may take from
    files: Sequence[Entry] = ()  # as the plan saw them; none: whatever is listed
    manifest_sha256: str = ""  # digest of the manifest, from whoever vouches for the files
    allow_pickle: str = ""  # the site's reason; none: not allowed
    allow_remote_code: str = ""
    workers: int = 8
    verify: str = "stamp"
    update: bool = False
    prune: bool = True
    timeout: float = 60.0
    retries: int = 6
    lock_timeout: float = 90.0
    lease: float = 0.0
    mirror_wait: float = 300.0
    ca_path: str = ""
    validate_certs: bool = True
    check: bool = False


def request_of(options: Mapping[str, Any]) -> Request:
    """From a module's options; the planned files are judged like any list."""
    known = {name: options[name] for name in Request._fields if options.get(name) is not None}
    try:
        rows = judge((file["path"], file["size"], file["sha256"]) for file in options.get("files") or ())
    except Unfit as error:
        raise Refusal("LLM610", model=options["model"], detail=f"as planned: {error}") from error
    known.update({name: reason(name, options.get(name)) for name in ("allow_pickle", "allow_remote_code")})
    known["files"] = [Entry(*row) for row in rows]
    return Request(**known)


class Outcome:
    def __init__(self, request: Request) -> None:
        self.changed = False
        self.fetched = 0
        self.verified = False
        self.manifest: Optional[Manifest] = None
        self.to_fetch: List[Entry] = []
        self.to_fetch_bytes = 0
        self.repaired: List[str] = []
        self.removed: List[str] = []
        self.moved: List[str] = []
        self.warnings: List[str] = []
        self.left_out: List[str] = []
        self.request = request

    def result(self) -> Dict[str, Any]:
        manifest = self.manifest
        return {
            "changed": self.changed,
            "path": self.request.dest,
            "model": self.request.model,
            "revision": manifest.revision if manifest else self.request.revision,
            "files": len(manifest.files) if manifest else 0,
            "bytes_total": manifest.bytes_total if manifest else 0,
            "bytes_fetched": self.fetched,
            "bytes_to_fetch": self.to_fetch_bytes,
            "verified": self.verified,
            "repaired": self.repaired,
            "removed": self.removed,
            "moved": self.moved,
            "left_out": self.left_out,
            "manifest": {"path": os.path.join(self.request.dest, MANIFEST), "sha256": manifest.digest()}
            if manifest
            else None,
            "stamp": os.path.join(self.request.dest, STAMP),
        }

    def diff(self) -> Dict[str, str]:
        dest = self.request.dest
        after = [f"{entry.path} ({size_text(entry.size)})" for entry in self.to_fetch[:SHOWN]]
        if len(self.to_fetch) > SHOWN:
            after.append(f"and {len(self.to_fetch) - SHOWN} more")
        if self.changed:
            after.append(f"verified: {len(self.manifest.files) if self.manifest else 0} files")
        return {"before": as_lines(self.removed), "after": as_lines(after), "before_header": dest, "after_header": dest}


def as_lines(rows: Sequence[str]) -> str:
    return "".join(row + "\n" for row in rows)
