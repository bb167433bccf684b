# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of role backup, found before anything is changed (LLM740, LLM741)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import age, keep
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

WORD = re.compile(r"[A-Za-z0-9._@-]{1,200}")
SCHEDULE = re.compile(r"[A-Za-z0-9*,./: -]{1,100}")
HOST_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]{40,2000}")
PATH = re.compile(r"[A-Za-z0-9._/-]{1,400}")
KEEP = ("last", *keep.PERIODS)


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables; of the two secrets only whether they are given."""
    found: List[Refusal] = [*forms.path_problems(settings["paths"])]
    if not SCHEDULE.fullmatch(str(settings["backup_schedule"])):
        found.append(_wrong("backup_schedule", settings["backup_schedule"], "an example schedule"))
    for name in ("backup_keep", "backup_remote_keep"):
        rule = settings[name]
        if set(rule) != set(KEEP) or not all(_whole(rule[part]) for part in rule) or int(rule["last"]) < 1:
            found.append(_wrong(name, rule, "how to write what is kept"))
    for text in settings["backup_recipients"]:
        if not age.is_recipient(str(text)):
            found.append(_wrong("backup_recipients", str(text)[:20], "how to write a recipient"))
    if settings["backup_remote"]:
        found += _remote(settings)
    plain = not settings["backup_recipients"] and not settings["backup_allow_plain"]
    leaving = [name for name in ("backup_remote", "backup_fetch_dir") if settings[name]]
    if plain and leaving:
        found.append(Refusal("LLM741", names=leaving))
    return found


def _remote(settings: Mapping[str, Any]) -> List[Refusal]:
    remote: Dict[str, Any] = settings["backup_remote"]
    kind = remote.get("kind")
    checks: Dict[str, Any] = {"path": PATH}
    if kind == "sftp":
        checks.update(host=forms.is_host, user=WORD, host_key=HOST_KEY)
        needs = {"backup_ssh_key": settings["backup_ssh_key"]}
    elif kind == "s3":
        checks.update(endpoint=lambda text: forms.is_url(text) and text.startswith("https://"), access_key=WORD)
        needs = {"backup_s3_secret_key": settings["backup_s3_secret_key"]}
    else:
        return [_wrong("backup_remote", kind, "kinds of remotes")]
    optional = {"port", "region", "provider", "ca_file", "kind"}
    found = [
        _wrong(f"backup_remote.{name}", remote.get(name, ""), "how to write a remote")
        for name, form in checks.items()
        if not _fits(form, str(remote.get(name, "")))
    ]
    found += [
        _wrong(f"backup_remote.{name}", remote[name], "how to write a remote")
        for name in sorted(set(remote) - set(checks))
        if name not in optional or not _fits(PATH, str(remote[name]))
    ]
    found += [_wrong(name, "", "a secret of the remote") for name, given in needs.items() if not given]
    return found


def _fits(form: Any, text: str) -> bool:
    return bool(form.fullmatch(text) if isinstance(form, re.Pattern) else form(text)) and ".." not in text


def _whole(value: Any) -> bool:
    return str(value).isdigit() and int(str(value)) <= 1000


def _wrong(name: str, value: Any, how: str) -> Refusal:
    told: Text = say(how)
    return Refusal("LLM740", name=name, value=value, how=told)
