# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error ends in an action: a command, or a setting with its file, and what to run then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import BOTH, LANGUAGE, SETTING, THEN, ended
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

# What a reader can type or open: a command, a playbook, a path, a setting, or what the message fills in.
COMMAND = re.compile(
    r"`[^`]+`|\b\w+\.(?:yml|sh)\b|\byitiji\.deepseek\.\w+|\b(?:yitiji|ansible)-[a-z]+|tasks_from: \w+|--[a-z]+|-e \w+="
)
PLACE = re.compile(
    r"/(?:etc|var|srv|run|boot|tmp)\b|\{\w+(?:!r)?\}|\w+\.conf\b|\b(?:plugins|docs|roles)/\w|"
    r"(?<![a-z])(?:new_site|ansible|deepseek_infer|open_webui)_\w+"
)
RUN_AGAIN = re.compile(r"\bagain\b|重新运行|重新执行|重试|重启")
NOTHING = re.compile("^(?:nothing to do|无需处理)")


def lacks(remedy: dict[str, str]) -> list[str]:
    """What a remedy leaves open, in either language."""
    found = []
    for language, text in ended(remedy).items():
        if NOTHING.search(text):
            continue
        if not (
            COMMAND.search(text) or PLACE.search(text) or SETTING.search(text) or RUN_AGAIN.search(remedy[language])
        ):
            found.append(f"{language}: names nothing to type or open: {text}")
        if SETTING.search(text) and not re.search(r"hosts\.yml|inventory|清单|-e ", text):
            found.append(f"{language}: does not say where the setting stands: {text}")
        if not (THEN.search(text)):
            found.append(f"{language}: says nothing to run then: {text}")
    return found


@pytest.mark.parametrize("rule", sorted(MESSAGES))
def test_every_error_ends_in_an_action(rule):
    assert lacks(MESSAGES[rule].remedy.as_dict()) == []


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule["id"])
def test_every_fix_of_the_doctor_ends_in_an_action(rule):
    assert lacks(rule["fix"]) == []


def test_nobody_is_sent_to_plan_without_being_told_how():
    found = [
        (rule["id"], text)
        for rule in load_rules()
        for text in rule["fix"].values()
        if re.search(r"plan (?:again|anew)|重新生成方案", text) and not COMMAND.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["take a smaller model", "leave room", "use another number of GPUs", "set revision to one of these"],
)
def test_a_remedy_without_an_action_is_seen(text):
    assert lacks({"en": text, "zh": "见上"})


def test_a_setting_is_told_with_its_file_and_what_to_run():
    told = ended({"en": "set appliance_precision: fp16", "zh": "请设置 appliance_precision: fp16"})
    assert told == {
        "en": "set appliance_precision: fp16 (in the inventory's hosts.yml); then run the same command again",
        "zh": "请设置 appliance_precision: fp16（写在清单的 hosts.yml 中），然后重新执行同一命令",
    }


@pytest.mark.parametrize(
    "text",
    ["run `systemctl restart nginx`", "set it with -e acceptance_against=FOLDER and run again", "run site.yml again"],
)
def test_a_remedy_that_says_all_is_let_be(text):
    assert ended(dict.fromkeys(BOTH, text))["en"] == text


def plays():
    for path in sorted((Path(__file__).resolve().parents[3] / "playbooks").glob("*.yml")):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from ((path.name, play) for play in found if play.get("hosts") == "appliances")


@pytest.mark.parametrize(("name", "play"), list(plays()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_play_hands_the_language_to_its_modules(name, play):
    given = play.get("environment") or {}
    # Beside variables of its own, one mapping is put together by a filter.
    said = given if isinstance(given, str) else str({key: value for key, value in given.items() if key == LANGUAGE})
    assert re.search(rf"'{LANGUAGE}': (appliance_language|'{{{{ appliance_language }}}}')}}", said), name
