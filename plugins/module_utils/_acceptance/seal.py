# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report's files: written, signed, and judged by their signature."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import Comparison
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.page import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.report import KIND
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.sheet import sheet
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import Vendor
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signature
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

REPORT = "report.json"
PUBLIC = "report.pub"
NAMESPACE = "yitiji-acceptance"
WHO = "acceptance"
COMMENT = "yitiji acceptance"


def write(folder: str, report: Mapping[str, Any], key: str, pdf: str = "", vendor: Vendor = None) -> List[str]:
    """Pages and PDFs, the data that names their digests, its signature and the public key; -> their names.

    `pdf`: the Python of the environment that makes PDFs; empty makes none.
    """
    os.makedirs(folder, 0o755, exist_ok=True)
    try:
        signature.ensure_key(key, COMMENT)
        own = signature.public_key(key)
    except (signature.Unsigned, OSError) as error:
        raise Refusal("LLM924", key=key, detail=str(error)) from error
    shown = {**report, "signer": signature.fingerprint(own)}
    pages = {f"report.{language}.html": page(shown, language, vendor=vendor).encode() for language in LANGUAGES}
    if pdf:
        pages.update({f"report.{language}.pdf": sheet(shown, language, pdf, vendor) for language in LANGUAGES})
    names = [*pages, REPORT, REPORT + signature.SUFFIX, PUBLIC]
    for name in strange(folder, names):  # of an earlier report
        os.unlink(os.path.join(folder, name))
    for name, content in pages.items():
        path = os.path.join(folder, name)
        Path(path).write_bytes(content)
        os.chmod(path, 0o644)
    path = os.path.join(folder, REPORT)
    whole = {**shown, "files": {name: hashlib.sha256(content).hexdigest() for name, content in pages.items()}}
    write_atomic(path, json.dumps(whole, ensure_ascii=False, indent=1) + "\n", 0o644)
    try:
        signature.sign(path, key, NAMESPACE)
    except (signature.Unsigned, OSError) as error:
        raise Refusal("LLM924", key=key, detail=str(error)) from error
    write_atomic(os.path.join(folder, PUBLIC), own + "\n", 0o644)
    return names


def strange(folder: str, names: Sequence[str]) -> List[str]:
    """Files that are called as a report's are and are none of it: no signature covers them."""
    return sorted(name for name in os.listdir(folder) if name.lower().startswith("report.") and name not in names)


def compared(folder: str, report: Mapping[str, Any]) -> List[str]:
    """What changed since an earlier report (`against` in this one), as a page in each language; -> their names."""
    os.makedirs(folder, 0o755, exist_ok=True)
    names = {language: f"changes.{language}.html" for language in LANGUAGES}
    for language, name in names.items():
        write_atomic(os.path.join(folder, name), page(report, language, Comparison), 0o644)
    return list(names.values())


def _sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if os.path.isfile(path) else ""


def read(folder: str, signer: str) -> Dict[str, Any]:
    """The report, if it is whole and by the key that counts, and its pages with it (LLM854)."""
    path = os.path.join(folder, REPORT)
    try:
        own = read_text(os.path.join(folder, PUBLIC))
    except (OSError, ValueError):  # it is for the reader's comparison alone
        own = ""
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
        if _sha256(os.path.join(folder, name)) != wanted:
            raise _bad(os.path.join(folder, name), own, "the report was changed")
    for name in strange(folder, [*report["files"], REPORT, REPORT + signature.SUFFIX, PUBLIC]):
        raise _bad(os.path.join(folder, name), own, "no part of the report")
    return report


def _bad(path: str, own: str, why: str) -> Refusal:
    return Refusal("LLM854", path=path, why=say(why), own=signature.fingerprint(own) if own else "-")
