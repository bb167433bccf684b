# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several modules in one trip: what is sent runs here with the real Python, as on a node."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._trip import Step, packed, unpacked


class Action:
    """An action as Ansible's: it asks the node by its one way there, and works with the answer."""

    def __init__(self, module: str, more: int = 0, pipelining: bool = True) -> None:
        self.module, self.more, self.pipelining = module, more, pipelining
        self.built = self.went = 0

    def _configure_module(self, *_given):
        self.built += 1
        return self.module

    def _low_level_execute_command(self, command, in_data=None):
        self.went += 1
        return node(command, in_data)

    def run(self, task_vars=None):
        answer = {}
        for _time in range(1 + self.more):
            module = self._configure_module("name", {}, task_vars)
            if self.pipelining:
                answer = self._low_level_execute_command(sys.executable, in_data=module)
            else:
                answer = self._low_level_execute_command(f"{sys.executable} -c 'print(1)'")
        return {**json.loads(answer["stdout"] or "{}"), "rc": answer["rc"]}


def node(command, feed):
    data = feed.encode() if isinstance(feed, str) else feed
    done = subprocess.run(["/bin/sh", "-c", command], input=data, capture_output=True, check=False, timeout=60)
    return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


def says(what: dict, rc: int = 0, first: str = "") -> str:
    return f"import json, sys\n{first}\nprint(json.dumps({what!r}))\nsys.exit({rc})\n"


def steps(*modules: str, plain: bool = True, **row) -> list[Step]:
    rows = [{"name": str(n), "may_fail": False, "timeout": None, **row} for n, _module in enumerate(modules)]
    return [Step(one, Action(module), plain) for one, module in zip(rows, modules)]


def trip(todo: list[Step], independent: bool = False) -> list[dict]:
    for step in todo:
        step.begin({})
    command, feed = packed(todo, independent)
    return unpacked(node(command, feed))


def test_all_go_in_one_command_and_each_gets_its_answer():
    todo = steps(says({"n": 1}), says({"n": 2, "text": "ä\n"}))
    answers = trip(todo)
    for step, answer in zip(todo, answers):
        step.end(answer, {})
    assert [step.result for step in todo] == [{"n": 1, "rc": 0}, {"n": 2, "text": "ä\n", "rc": 0}]
    assert [(step._handler.went, step._handler.built) for step in todo] == [(0, 1), (0, 1)], "each is built once"


def test_they_run_in_their_order(tmp_path):
    note = f"open({str(tmp_path / 'order')!r}, 'a').write"
    trip(steps(*(says({}, first=f"{note}('{n}')") for n in range(4))))
    assert (tmp_path / "order").read_text() == "0123"


def test_none_sees_what_another_one_left_in_memory():
    leave = "import os; json.left = True; os.chdir('/'); os.environ['LEFT'] = '1'"
    look = "import os; seen = [hasattr(json, 'left'), os.getcwd() == '/', 'LEFT' in os.environ]"
    answers = trip(steps(says({}, first=leave), f"import json\n{look}\nprint(json.dumps(seen))"))
    assert json.loads(answers[1]["stdout"]) == [False] * 3


def test_what_ends_a_module_by_a_signal_is_told():
    assert trip(steps(says({}, first="import os; os.kill(os.getpid(), 9)"), says({})))[0]["rc"] == -9


# As Ansible packs modules: an archive in the text of each, which it writes out and reads its own files from.
BALL = """
import base64, json, os, sys, tempfile
place = os.path.join(tempfile.mkdtemp(), "own.zip")
open(place, "wb").write(base64.b64decode("ARCHIVE"))
before = "ansible.module_utils.shared" in sys.modules
sys.path.insert(0, place)
from ansible.module_utils import mine_NAME as mine, other, shared
print(json.dumps([before, mine.NAME, other.NAME, shared.NAME]))
"""


def ball(name: str) -> str:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for package in ("ansible/__init__.py", "ansible/module_utils/__init__.py"):
            archive.writestr(package, "")
        archive.writestr("ansible/module_utils/shared.py", f"NAME = 'shared'\n# {'x' * 2000}")
        archive.writestr(f"ansible/module_utils/mine_{name}.py", f"NAME = {name!r}")
        archive.writestr("ansible/module_utils/other.py", f"NAME = {name!r}")
    return BALL.replace("mine_NAME", f"mine_{name}").replace("ARCHIVE", base64.b64encode(memory.getvalue()).decode())


@pytest.mark.parametrize("independent", [False, True])
def test_what_several_modules_import_is_imported_once_and_each_finds_its_own(independent):
    answers = trip(steps(ball("one"), ball("two"), says({})), independent)
    assert [json.loads(answer["stdout"]) for answer in answers] == [
        [True, "one", "one", "shared"], [True, "two", "two", "shared"], {}
    ]  # fmt: skip


def test_an_archive_that_several_have_goes_once():
    todo = steps(ball("one"), ball("one"))
    for step in todo:
        step.begin({})
    _command, feed = packed(todo, False)
    assert len(feed) < 1.5 * len(ball("one"))
    assert json.loads(trip(todo)[1]["stdout"])[1] == "one"


def test_the_first_that_fails_ends_the_trip():
    assert [answer["rc"] for answer in trip(steps(says({}), says({"failed": True}, rc=1), says({})))] == [0, 1]


def test_one_that_may_fail_does_not():
    assert [answer["rc"] for answer in trip(steps(says({}, rc=1), says({}), may_fail=True))] == [1, 0]


MEET = """
import pathlib, time
pathlib.Path(MINE).touch()
end = time.monotonic() + 30
while not pathlib.Path(OTHER).exists():
    if time.monotonic() > end:
        sys.exit(9)
    time.sleep(0.01)
"""


def test_independent_ones_all_run_and_at_once(tmp_path):
    """Each of the first two waits until the other one runs; how long that takes is the machine's."""
    one, two = (repr(str(tmp_path / name)) for name in ("one", "two"))
    first, second = (MEET.replace("MINE", mine).replace("OTHER", other) for mine, other in ((one, two), (two, one)))
    answers = trip(steps(says({}, rc=1, first=first), says({}, first=second), says({})), independent=True)
    assert [answer["rc"] for answer in answers] == [1, 0, 0]


@pytest.mark.parametrize(
    ("said", "ran"), [({"stat": {"mode": "0755", "uid": 0}}, 2), ({"stat": {"mode": "0600"}}, 1), ({}, 1)]
)
def test_an_action_with_more_to_do_ends_the_trip(said, ran):
    todo = steps(says(said), says({}), plain=False)
    todo[0]._handler.nothing_more = {"stat": {"mode": "0755"}}
    assert len(trip(todo)) == ran


def test_an_action_that_nobody_knows_ends_it_always():
    assert len(trip(steps(says({}), says({}), plain=False))) == 1


def test_what_an_action_asks_besides_it_asks_itself():
    step = Step({"name": "x", "may_fail": False, "timeout": None}, Action(says({"n": 1}), more=2), False)
    (answer,) = trip([step])
    step.end(answer, {})
    assert step.result == {"n": 1, "rc": 0} and step._handler.went == 2 and step._handler.built == 3


def test_without_pipelining_an_action_goes_by_itself():
    step = Step({"name": "x", "may_fail": False, "timeout": None}, Action("", pipelining=False), True)
    step._handler.run = lambda task_vars=None: step._handler._low_level_execute_command("echo {}")
    step.begin({})
    assert step.question is None and step.result["stdout"] == "{}\n"


def test_a_step_has_a_limit():
    todo = steps(says({}, first="import time; time.sleep(60)"), says({}), timeout=1)
    (answer,) = trip(todo)
    todo[0].end(answer, {"inventory_hostname": "n1"})
    assert todo[0].failed and todo[0].result["msg"].startswith("[LLM119] n1: 0 did not end within 1 s.")


def test_what_is_not_the_drivers_is_the_first_steps():
    refused = {"rc": 1, "stdout": "", "stderr": "sudo: a password is required"}
    assert unpacked(refused) == [refused]
