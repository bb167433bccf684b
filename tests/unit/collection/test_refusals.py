# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every refusal speaks through the catalogue of messages."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import MESSAGES, PHRASES
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from steps import tasks_of

ROOT = Path(__file__).resolve().parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;!?][\u4e00-\u9fff]")
FIELDS = re.compile(r"(?<!\{)\{(\w+)[^}]*\}")
TEXTS: list[tuple[str, Text]] = [
    *((rule, text) for rule, message in MESSAGES.items() for text in message),
    *PHRASES.items(),
]


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_both_languages(name, text):
    assert text.en.strip() and text.zh.strip()
    assert not CHINESE.search(text.en)
    assert CHINESE.search(text.zh) or not re.search("[a-z]{3} [a-z]{3}", text.zh)
    assert not HALF_WIDTH.search(text.zh), "punctuation of Chinese text is full-width"
    assert text.en[-1] not in ".;:," and text.zh[-1] not in "。；：，.;:,", "the printed form adds the stop"
    assert set(FIELDS.findall(text.en)) == set(FIELDS.findall(text.zh)), "both say the same"


TAKES_A_RULE = ("Refusal", "notice")  # each with the values of the rule's texts
NOT_VALUES = {"host", "need", "have", "remedies", "evidence", "retry"}


def fields(text: Text) -> set[str]:
    return {name for _text, name, _spec, _how in string.Formatter().parse(text.en) if name}


@pytest.mark.parametrize("rule", sorted(MESSAGES))
def test_no_value_has_the_name_of_an_argument(rule):
    assert (fields(MESSAGES[rule].reason) | fields(MESSAGES[rule].remedy)) & {"rule", *NOT_VALUES} == set()


def wrong_calls(code: str):
    """Calls whose id or phrase the catalogue lacks, or whose values are not the ones that its texts ask for."""
    for node in ast.walk(ast.parse(code)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if name not in (*TAKES_A_RULE, "say") or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        given = {key.arg for key in node.keywords}
        asked, known = node.args[0].value, PHRASES if name == "say" else MESSAGES
        if None in given or (name == "say" and len(node.args) > 1):
            continue  # its values come as a dictionary, or this `say` is another function
        if asked not in known:
            yield f"line {node.lineno}: no text {asked}"
            continue
        wanted = fields(known[asked]) if name == "say" else fields(known[asked].reason)
        if name != "say" and "remedies" not in given:
            wanted |= fields(known[asked].remedy)
        if given - NOT_VALUES != wanted:
            yield f"line {node.lineno}: {asked} asks for {sorted(wanted)}, given are {sorted(given - NOT_VALUES)}"


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_raised_with_the_values_of_their_texts(path):
    assert list(wrong_calls(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    ['Refusal("LLM801")', 'Refusal("LLM801", ports=1, more=2)', 'Refusal("LLM000")', 'say("?")', 'notice("LLM517")'],
)
def test_a_wrong_call_is_seen(code):
    assert list(wrong_calls(code))


def required():
    """(file, task, rule, values) of each use of `require` in roles and playbooks."""
    for path in sorted([*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/**/*.yml")]):
        for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
            asked = task.get("yitiji.deepseek.require")
            if asked and "rule" in asked:
                rules = [row["rule"] for row in task["loop"]] if "item" in asked["rule"] else [asked["rule"]]
                yield from ((path.relative_to(ROOT), task["name"], rule, asked.get("values", {})) for rule in rules)


@pytest.mark.parametrize(("path", "name", "rule", "values"), list(required()))
def test_roles_give_the_values_of_their_texts(path, name, rule, values):
    assert set(values) == fields(MESSAGES[rule].reason) | fields(MESSAGES[rule].remedy)


def test_roles_hold_no_message_of_their_own():
    own = [
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/**/*.yml")]
        if re.search(r"fail_msg:|builtin\.fail:", path.read_text(encoding="utf-8"))
    ]
    assert own == []


# The one place of each kind where a refusal becomes what Ansible or a person is told.
FORMS = {
    "plugins/module_utils/_base/refusal.py": {"fail_json", "msg"},
    "plugins/plugin_utils/_refusals.py": {"AnsibleActionFail", "AnsibleFilterError", "msg"},
}
TO_CATCH = {"AnsibleError", "AnsibleConnectionFailure"}  # of Ansible's own, never raised here
FAILING = re.compile(r"fail_json|Ansible\w*(Error|Fail|Failure)")
WRITTEN = (ast.Constant, ast.JoinedStr, ast.BinOp)


def by_hand(code: str, allowed: frozenset[str] = frozenset()):
    """What tells a failure past the catalogue: Ansible's own means, a written `msg`, a text with an id in it."""
    tree = ast.parse(code)
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    apart |= {id(node.value) for node in tree.body if isinstance(node, ast.Assign) and targets(node) & DOCUMENTS}
    for node in ast.walk(tree):
        name = getattr(node, "attr", "") or getattr(node, "id", "")
        if FAILING.fullmatch(name) and name not in allowed | TO_CATCH:
            yield f"line {node.lineno}: {name}"
        if isinstance(node, ast.Raise) and named(node.exc) in TO_CATCH:
            yield f"line {node.lineno}: raises {named(node.exc)}"
        for value in told(node) if "msg" not in allowed else ():
            if isinstance(value, WRITTEN) or named(value) in ("str", "format"):
                yield f"line {node.lineno}: a message of its own"
        text = node.value if isinstance(node, ast.Constant) and id(node) not in apart else ""
        if isinstance(text, str) and re.match(r"\W*LLM\d{3}\W", text):
            yield f"line {node.lineno}: {text[:40]}"


DOCUMENTS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def targets(node: ast.Assign) -> set[str]:
    return {ast.unparse(target) for target in node.targets}


def named(node) -> str:
    called = getattr(node, "func", node)
    return getattr(called, "attr", "") or getattr(called, "id", "")


def told(node):
    """What is given as `msg`, to a call or in a dictionary."""
    if isinstance(node, ast.Call):
        yield from (key.value for key in node.keywords if key.arg == "msg")
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "msg")


# An answer of a connection that failed, kept as Ansible's own answers are; it becomes LLM107 two lines below.
ANSWERS = {"plugins/action/node_probe.py": {"msg"}}


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_told_by_hand(path):
    allowed = {**FORMS, **ANSWERS}.get(str(path.relative_to(ROOT)), set())
    assert list(by_hand(path.read_text(encoding="utf-8"), frozenset(allowed))) == []


@pytest.mark.parametrize(
    "code",
    [
        'module.fail_json(msg="no")',
        "module.fail_json(**answer)",
        'raise AnsibleError(f"LLM101: {error}")',
        "raise errors.AnsibleFilterError(text)",
        'raise AnsibleActionFail("that needs a rule")',
        'result.update(failed=True, msg="no " + name)',
        'answer = {"failed": True, "msg": f"{name} is gone"}',
        'answer = {"failed": True, "msg": str(error)}',
        'answer = {"failed": True, "msg": "{} is gone".format(name)}',
        'warn(f"[LLM313] {image} is not pinned")',
        'lines = ["LLM120 [{}] {}".format(host, name)]',
    ],
)
def test_a_message_by_hand_is_seen(code):
    assert list(by_hand(code))


def test_what_is_no_message_by_hand_is_left_alone():
    assert list(by_hand('"""LLM101: see."""\nraise Refusal("LLM101")\nhint = "not loaded (see LLM213)"')) == []


def told_in(code: str) -> set[str]:
    """Ids that code hands on as a value; one that it compares with, looks up or writes about is not told by it."""
    tree = ast.parse(code)
    apart = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    apart += [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    apart += [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if key]
    looked_at = {id(inner) for node in apart if not isinstance(node, ast.Call) for inner in ast.walk(node)}
    ids = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in looked_at]
    return {node.value for node in ids if re.fullmatch(r"LLM\d{3}", str(node.value))}


def test_every_message_is_told_somewhere():
    catalogue = ROOT / "plugins" / "module_utils" / "_base" / "messages"
    told = {rule for _path, _name, rule, _values in required()}
    for path in (ROOT / "plugins").rglob("*.py"):
        if path.parent != catalogue:
            told |= told_in(path.read_text(encoding="utf-8"))
    assert sorted(set(MESSAGES) - told) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('raise Refusal("LLM101", path=x)', {"LLM101"}),
        ('UNKNOWN = {"gpus": "LLM525"}', {"LLM525"}),
        ('rule = "LLM207" if many else "LLM240"', {"LLM207", "LLM240"}),
        ('"""Refuses (LLM101)."""', set()),
        ('if error.rule in ("LLM101", "LLM102"): pass', set()),
        ('PROBES = {"LLM107": reached}', set()),
        ("# LLM101", set()),
    ],
)
def test_what_counts_as_told(code, told):
    assert told_in(code) == told


@pytest.mark.parametrize("rule", sorted(MESSAGES))
def test_every_refusal_has_a_page(rule):
    assert (ROOT / "docs" / "rules" / f"{rule}.md").is_file(), "python3 docs/rules/pages.py"


# A rule of the doctor and a refusal share an id only where both say the same, which is this.
SAME = {
    "LLM101": "too little room on a disk",
    "LLM104": "too little memory",
    "LLM105": "a distribution that is not served",
    "LLM106": "a Python too old for the modules",
    "LLM107": "nobody gets to the node",
    "LLM201": "nouveau may load",
    "LLM202": "Secure Boot refuses the modules",
    "LLM205": "the kind of kernel module does not drive the cards",
    "LLM207": "a fabric manager of another version",
    "LLM209": "a driver too old for the image",
    "LLM211": "the IOMMU translates between cards",
    "LLM213": "the driver does not load",
    "LLM301": "Docker from snap, or rootless",
    "LLM302": "nobody has the image",
    "LLM303": "cards are lost at a daemon-reload",
    "LLM306": "daemon.json cannot be read",
    "LLM308": "a container does not see the cards",
    "LLM401": "no interface has the data network's address",
    "LLM405": "a slow link between nodes",
    "LLM501": "cards without bfloat16",
    "LLM502": "cards without FP8",
    "LLM505": "the engine's unit is not ready",
    "LLM506": "something else uses the cards",
    "LLM507": "different cards in one group",
    "LLM508": "Ollama does not hold the whole context",
    "LLM601": "weights that are not what the manifest lists",
    "LLM602": "a file that is no model",
    "LLM603": "shards are missing",
    "LLM701": "the page does not list the engine's model",
    "LLM702": "the folder of models cannot be seen by the unit",
    "LLM801": "ports that others can reach",
    "LLM803": "the engine answers without a key",
}


def test_a_rule_and_a_refusal_share_an_id_only_for_one_meaning():
    rows = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("plugins/catalog/rules/*.yml")]
    assert {rule["id"] for row in rows for rule in row["rules"]} & set(MESSAGES) == set(SAME)
