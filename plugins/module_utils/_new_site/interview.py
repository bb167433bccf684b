# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks what is not answered yet, one question after another; a wrong answer is told at once and asked again."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import Problem, check
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import (
    QUESTIONS,
    Known,
    Question,
    Raw,
    wording,
)

TRIES = 5
Ask = Callable[[str], Optional[str]]  # None: nobody can answer


def interview(given: Raw, known: Known, language: str, ask: Ask, tell: Callable[[Problem], None]) -> Dict[str, Any]:
    """The answers with those of a person. What stays unanswered, or wrong, is refused by `check` afterwards."""
    answers = dict(given)
    for question in QUESTIONS:
        if question.name in given or not question.wanted(answers, known):
            continue
        for _try in range(TRIES):
            reply = ask(prompt(question, answers, known, language))
            if reply is None:
                return answers
            answers[question.name] = reply.strip() or question.default(answers, known)
            wrong = _wrong(question, answers, known)
            for problem in wrong:
                tell(problem)
            if not wrong:
                break
    return answers


def _wrong(question: Question, answers: Raw, known: Known) -> List[Problem]:
    return [problem for problem in check(answers, known)[1] if problem.question == question.name]


def prompt(question: Question, answers: Raw, known: Known, language: str) -> str:
    text, default = wording(question, answers, known), question.default(answers, known)
    lines = in_language(text, language)
    return "\n".join([*lines[:-1], f"{lines[-1]} [{default}]: " if default else f"{lines[-1]}: "])


def in_language(text: Text, language: str) -> Sequence[str]:
    """One line for each language that is wanted."""
    return {"zh": [text.zh], "en": [text.en]}.get(language) or [text.en, text.zh]
