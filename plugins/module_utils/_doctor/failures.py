# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for failures of modules that are not ours: what was being done, what was said, and what to look at (LLM196)."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say

OURS = re.compile(r"\[LLM\d{3}\]")
# What was said decides first (a phrase `failed.<kind>`), then which module it was.
SAID: Mapping[str, Sequence[str]] = {
    "full": ("No space left on device", "Disk quota exceeded", "空间不足", "没有空间"),
    "read_only": ("Read-only file system", "只读文件系统"),
    "locale": (
        "[Uu]nsupported locale", "[Ll]ocale.*(not supported|cannot|can't)", "codec can't", "Unicode(De|En)codeError",
        "surrogates not allowed",
    ),
    "lock": (
        "[Cc]ould not get lock", "is (locked|held) by", "dpkg was interrupted", "[Ww]aiting for (process|cache) lock",
    ),
    "library": ("Failed to import the required Python library", "No module named", "ModuleNotFoundError"),
    "network": (
        "Temporary failure (in name resolution|resolving)", "Could not resolve", "urlopen error", r"HTTP Error \d",
        "[Cc]onnection (refused|reset|timed out)", "Failed to (fetch|download)", "Network is unreachable",
        "Request failed", "CERTIFICATE_VERIFY_FAILED",
    ),
    "rights": (
        "[Pp]ermission denied", "Operation not permitted", "权限不够", "Interactive authentication required",
    ),
}  # fmt: skip
MODULES: Mapping[str, Sequence[str]] = {
    "unit": ("systemd_service", "systemd", "service"),
    "packages": ("apt", "dnf", "dnf5", "yum", "package", "apt_repository", "apt_key"),
    "command": ("command", "shell", "script", "raw"),
    "network": ("uri", "get_url", "wait_for"),
    "file": ("copy", "template", "file", "lineinfile", "blockinfile", "slurp", "fetch", "stat", "unarchive"),
    "user": ("user", "group"),
    "certificate": ("openssl_privatekey", "openssl_csr_pipe", "x509_certificate", "x509_certificate_info"),
    "reboot": ("reboot", "wait_for_connection"),
}  # fmt: skip
RULES = [(kind, re.compile("|".join(patterns))) for kind, patterns in SAID.items()]
KINDS = {module: kind for kind, modules in MODULES.items() for module in modules}
LONGEST = 300


def explained(step: str, action: str, args: Mapping[str, Any], answer: Mapping[str, Any]) -> Optional[Refusal]:
    """A failed step in our words; None where the answer has them already."""
    text = "\n".join(_texts(answer))
    if OURS.search(text):
        return None
    hidden = bool(answer.get("_ansible_no_log") or answer.get("censored"))
    module = action.rpartition(".")[2]
    kind = next((kind for kind, rule in RULES if rule.search(text)), "") or KINDS.get(module, "other")
    said = "" if hidden else _decisive(text, kind)
    values = {"name": str(args.get("name") or "NAME"), "module": module}
    why: Dict[str, Any] = {"step": step, "said": said or say("failed.silent"), "how": say(f"failed.{kind}", **values)}
    return Refusal("LLM196", **why)


def _texts(answer: Mapping[str, Any]) -> Iterator[str]:
    """Everything a module may have said, of the first item that failed where it went over several."""
    for key in ("msg", "stderr", "module_stderr", "exception", "stdout", "module_stdout"):
        if answer.get(key):
            yield str(answer[key])
    for item in answer.get("results") or []:
        if isinstance(item, Mapping) and item.get("failed"):
            yield from _texts(item)
            return


def _decisive(text: str, kind: str) -> str:
    """The line that led to the kind, else the first that says more than that something failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    rule = dict(RULES).get(kind)
    found = next((line for line in lines if rule and rule.search(line)), "")
    empty = re.compile(
        r"^((The command exited with a )?non-zero return code|MODULE FAILURE|One or more items failed|"
        r"All items completed|Traceback)"
    )
    return (found or next((line for line in lines if not empty.search(line)), "") or "".join(lines[:1]))[:LONGEST]
