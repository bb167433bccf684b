# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a download, and what came of it. Times in seconds."""

from __future__ import annotations

import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, Entry, Manifest


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
    files: Sequence[Entry] = ()  # as the plan saw them; none: whatever is listed
    manifest_sha256: str = ""  # digest of the manifest, from whoever vouches for the files
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
            "manifest": {"path": os.path.join(self.request.dest, MANIFEST), "sha256": manifest.digest()}
            if manifest
            else None,
            "stamp": os.path.join(self.request.dest, STAMP),
        }
