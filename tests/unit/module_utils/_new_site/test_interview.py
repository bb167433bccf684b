# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions one after another; a wrong answer is asked again."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import check
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.interview import TRIES, interview

from tests.unit.module_utils._new_site.sample import BASIC, KNOWN


class Person:
    """Answers by a word of the question; else Enter."""

    def __init__(self, **replies):
        self.replies = {word: list(answers) for word, answers in replies.items()}
        self.asked, self.told = [], []

    def ask(self, prompt):
        self.asked.append(prompt)
        for word, answers in self.replies.items():
            if prompt.startswith(word) and answers:
                return answers.pop(0)
        return ""

    def tell(self, problem):
        self.told.append(problem.refusal.rule)


def test_from_nothing_to_a_site():
    person = Person(Name=["Office", "office"], Profile=["basic"], Nodes=["gpu01=10.0.0.300", "gpu01=10.0.0.1"])
    site, problems = check(interview({}, KNOWN, "en", person.ask, person.tell), KNOWN)
    assert problems == [] and site.nodes[0].address == "10.0.0.1" and site.path == "inventories/office"
    assert person.told == ["LLM178", "LLM179"]
    assert len(person.asked) == len(set(person.asked)) + 2


def test_what_is_given_is_not_asked():
    person = Person()
    interview(BASIC, KNOWN, "en", person.ask, person.tell)
    assert not any(prompt.startswith(("Name", "Profile", "Nodes")) for prompt in person.asked)


def test_more_is_asked_where_an_answer_wants_it():
    person = Person(Where=["bundle"], Folder=["/media/bundle"])
    answers = interview(BASIC, KNOWN, "en", person.ask, person.tell)
    assert answers["bundle"] == "/media/bundle" and not any(prompt.startswith("Proxy") for prompt in person.asked)


def test_nobody_is_asked_for_ever():
    person = Person(Name=["?"] * 99)
    assert check(interview({}, KNOWN, "en", person.ask, person.tell), KNOWN)[0] is None
    assert sum(prompt.startswith("Name") for prompt in person.asked) == TRIES


def test_without_a_terminal_nothing_is_filled_in():
    assert interview({"name": "office"}, KNOWN, "en", lambda prompt: None, print) == {"name": "office"}


def test_languages():
    for language, lines in (("en", 1), ("zh", 1), ("both", 2)):
        person = Person()
        interview(BASIC, KNOWN, language, person.ask, person.tell)
        assert person.asked[0].count("\n") == lines - 1
        assert ("Cards" in person.asked[0]) == (language != "zh") and ("显卡" in person.asked[0]) == (language != "en")
        assert person.asked[0].endswith(" [rtx-4090-24g*2]: ")
