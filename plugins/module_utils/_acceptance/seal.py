# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report's files: written, signed, and judged by their signature."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.page import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import KIND
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signature
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

REPORT = "report.json"
PUBLIC = "report.pub"
NAMESPACE = "yitiji-acceptance"
WHO = "acceptance"
COMMENT = "yitiji acceptance"


def write(folder: str, report: Mapping[str, Any], key: str) -> List[str]:
    """A page in each language, the data that names their digests, its signature and the public key; -> their names."""
    os.makedirs(folder, 0o755, exist_ok=True)
    pages = {f"report.{language}.html": page(report, language) for language in LANGUAGES}
    for name, text in pages.items():
        write_atomic(os.path.join(folder, name), text, 0o644)
    path = os.path.join(folder, REPORT)
    whole = {**report, "files": {name: _sha256(text) for name, text in pages.items()}}
    write_atomic(path, json.dumps(whole, ensure_ascii=False, indent=1) + "\n", 0o644)
    try:
        signature.ensure_key(key, COMMENT)
        signature.sign(path, key, NAMESPACE)
        own = signature.public_key(key)
    except (signature.Unsigned, OSError) as error:
        raise Refusal("LLM924", key=key, detail=str(error)) from error
    write_atomic(os.path.join(folder, PUBLIC), own + "\n", 0o644)
    return [*pages, REPORT, REPORT + signature.SUFFIX, PUBLIC]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read(folder: str, signer: str) -> Dict[str, Any]:
    """The report, if it is whole and by the key that counts, and its pages with it (LLM854)."""
    path = os.path.join(folder, REPORT)
    own = read_text(os.path.join(folder, PUBLIC))
    if not signer.strip():
        raise _bad(path, own, "no signer named")
    if not signature.belongs(path, signer, WHO, NAMESPACE):
        other = own and signature.belongs(path, own, WHO, NAMESPACE)
        raise _bad(path, own, "another signer" if other else "the report was changed")
    try:
        report = json.loads(read_text(path))
    except ValueError as error:
        raise _bad(path, own, "not a report") from error
    if not isinstance(report, dict) or report.get("kind") != KIND:
        raise _bad(path, own, "not a report")
    for name, wanted in report["files"].items():
        if _sha256(read_text(os.path.join(folder, name))) != wanted:
            raise _bad(os.path.join(folder, name), own, "the report was changed")
    return report


def _bad(path: str, own: str, why: str) -> Refusal:
    return Refusal("LLM854", path=path, why=say(why), own=signature.fingerprint(own) if own else "-")
