# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one form of a refusal: rule id, hosts, what is wrong, what to do; in English and Chinese.

The texts are in `messages/`, by the rule's id; whoever refuses gives the id and the values.
"""

from __future__ import annotations

import os
import re
import socket
from typing import Any, Dict, List, Mapping, NoReturn, Optional, Sequence, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES, PHRASES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text, in_language, joined

HOSTS_SHOWN = 8
STOPS = (".", "!", "?", "。", "！", "？", "…")
BOTH = ("en", "zh")
# What appliance_language says: plays hand it to modules, callback `explained` to actions and filters.
LANGUAGE = "YITIJI_LANGUAGE"
# A remedy that names a setting says where it is written; one that names nothing to run says what to run then.
SETTING = re.compile(
    r"(?<![A-Za-z0-9_/`.-])(?:acceptance|appliance|backup|bundle|clients|compliance|disk_image|docker|doctor|engine|firewall|gateway|host_tuning|isolation|"
    r"llama_cpp|monitoring|nvidia|ollama|open_webui|verify|weights)_[a-z_]+"
)
ELSEWHERE = re.compile(r"hosts\.yml|inventory|清单|-e ")
THEN = re.compile(r"\b(?:again|then|run|restart|retry)\b|`|重新|然后|执行|运行|重启|重试|\.yml|yitiji\.deepseek\.")
ENDINGS = {
    "en": (" (in the inventory's hosts.yml)", "; then run the same command again"),
    "zh": ("（写在清单的 hosts.yml 中）", "，然后重新执行同一命令"),
}


class Refusal(Exception):
    """Something that a person has to decide or repair.

    `remedies` replace the rule's own, the nearest first; `need` and `have` are the numbers behind a plan's
    refusal; `evidence` (log lines) is printed unchanged; `retry` says that a second try may help.
    """

    def __init__(
        self,
        rule: str,
        *,
        host: str = "",
        need: Optional[Dict[str, Any]] = None,
        have: Optional[Dict[str, Any]] = None,
        remedies: Sequence[Text] = (),
        evidence: Sequence[str] = (),
        retry: bool = False,
        **values: Any,
    ) -> None:
        message = MESSAGES[rule]
        self.rule = rule
        self.host = host
        self.need = need
        self.have = have
        self.evidence: List[str] = list(evidence)
        self.retry = retry
        self.values = values
        self.reason: Text = message.reason.filled(values)
        self.remedies: Tuple[Text, ...] = tuple(dict.fromkeys(remedies)) or (message.remedy.filled(values),)
        super().__init__(self.reason.en)

    @property
    def remedy(self) -> Text:
        told = joined(self.remedies, "; or ", "；或")
        return Text(told.en, re.sub("；或(?=[!-~])", "；或 ", told.zh))

    def as_dict(self, hosts: Union[str, Sequence[str]] = ()) -> Dict[str, Any]:
        """Plain data in both languages."""
        return {**self.brief(hosts), "reason": self.reason.as_dict(), "remedy": self.remedy.as_dict()}

    def brief(self, hosts: Union[str, Sequence[str]] = ()) -> Dict[str, Any]:
        """For a failed result, which Ansible prints whole below the message: what the message does not say in words."""
        told: Dict[str, Any] = {"rule": self.rule, "host": self._where(hosts)}
        if self.need is not None or self.have is not None:
            told.update(need=self.need, have=self.have)
        return told

    def message(self, hosts: Union[str, Sequence[str]] = ()) -> str:
        """The one printed form."""
        return printed(self.as_dict(hosts), self.evidence)

    def _where(self, hosts: Union[str, Sequence[str]]) -> str:
        named = [hosts] if isinstance(hosts, str) else list(hosts)
        named = [host for host in named if host] or [self.host or socket.gethostname()]
        return ", ".join(named[:HOSTS_SHOWN]) + (" …" if len(named) > HOSTS_SHOWN else "")


def notice(rule: str, **values: Any) -> Dict[str, Any]:
    """A message of the catalogue that stops nothing, for a plan, which is JSON."""
    told = Refusal(rule, **values)
    return {"id": rule, **told.reason.as_dict(), "remedy": told.remedy.as_dict()}


def noticed(row: Mapping[str, Any], host: str) -> str:
    """The one printed form of what `notice` made."""
    return printed({"rule": row["id"], "host": host, "reason": row, "remedy": row["remedy"]}, stops=False)


def spoken() -> Sequence[str]:
    """The languages of the reader."""
    asked = os.environ.get(LANGUAGE, "")
    return (asked,) if asked in BOTH else BOTH


def one(told: Union[str, Mapping[str, str]]) -> str:
    """A line in both languages, or a text by language, for the reader."""
    return in_language(told, os.environ.get(LANGUAGE, ""))


def ended(remedy: Mapping[str, str]) -> Dict[str, str]:
    """A remedy that ends in an action: where its settings are written, and what to run then."""
    told = {}
    for language, text in remedy.items():
        where, then = ENDINGS[language]
        placed = where if SETTING.search(text) and not ELSEWHERE.search(text) else ""
        told[language] = text + placed + ("" if THEN.search(text) else then)
    return told


def printed(
    told: Mapping[str, Any],
    evidence: Sequence[str] = (),
    languages: Optional[Sequence[str]] = None,
    stops: bool = True,
) -> str:
    """The one printed form, of what `as_dict` told, in the reader's languages; `evidence` follows it.

    What does not stop a run (`stops`) asks for no other run.
    """
    rule, host, reason, remedy = (told[name] for name in ("rule", "host", "reason", "remedy"))
    languages = languages or spoken()
    remedy = ended(remedy) if stops else remedy
    lines = []
    if "en" in languages:
        lines.append(f"[{rule}] {host}: {_stop(reason['en'], '.')} Fix: {_stop(remedy['en'], '.')}")
    if "zh" in languages:
        lines.append(f"[{rule}] {host}：{_stop(reason['zh'], '。')}处理办法：{_stop(remedy['zh'], '。')}")
    if evidence:
        lines += [f"--- {' / '.join({'en': 'log', 'zh': '日志'}[language] for language in languages)} ---", *evidence]
    return "\n".join(lines)


def sentence(rule: str, **values: Any) -> Dict[str, str]:
    """A refusal for whoever asks from outside, by language."""
    told = Refusal(rule, **values)
    reason, remedy = told.reason, told.remedy
    return {
        "en": f"[{rule}] {reason.en[:1].upper()}{reason.en[1:]}. {remedy.en[:1].upper()}{remedy.en[1:]}.",
        "zh": f"[{rule}] {reason.zh}。{remedy.zh}。",
    }


def say(phrase: str, **values: Any) -> Text:
    """A phrase of the catalogue, by its name, with its values."""
    return PHRASES[phrase].filled(values)


def fail(module: Any, refusal: Refusal, **result: Any) -> NoReturn:
    """The one way in which modules fail."""
    module.fail_json(**{"msg": refusal.message(), **refusal.brief(), **result})
    raise AssertionError("fail_json came back")


def _stop(text: str, stop: str) -> str:
    return text if text.endswith(STOPS) else text + stop


__all__ = ["Refusal", "Text", "fail", "notice", "noticed", "say"]
