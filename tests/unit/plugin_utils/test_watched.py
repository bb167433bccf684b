# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a long job is watched: a quick look first, lines now and then, patience with a lost connection, an end."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.yitiji.deepseek.plugins.action.container_image import ActionModule as Image
from ansible_collections.yitiji.deepseek.plugins.action.modelscope_download import ActionModule as Download
from ansible_collections.yitiji.deepseek.plugins.action.service_wait import ActionModule as Wait
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _watched

DONE = {"finished": 1, "changed": True, "ansible_job_id": "7", "stdout": ""}


class Node:
    """Answers for the node: what the quick look says, then one progress and one status for each look."""

    def __init__(self, kind, monkeypatch, first, states, statuses, **args):
        self.now, self.ran, self.commands, self.shown = 0.0, [], [], []
        self.first, self.states, self.statuses = first, list(states), list(statuses)
        monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
        monkeypatch.setattr(_watched.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(_watched.time, "sleep", self.sleep)
        action = self.action = kind.__new__(kind)
        action._task = SimpleNamespace(args=args, async_val=0, check_mode=False)
        action._templar = SimpleNamespace(template=lambda value: value)
        action._display = SimpleNamespace(display=self.shown.append)
        action._connection = SimpleNamespace(_shell=SimpleNamespace(join_path=lambda *parts: "/".join(parts)))
        action.get_shell_option = lambda _name, default: default
        action._execute_module = self.execute
        action._low_level_execute_command = self.command

    def sleep(self, seconds):
        self.now += seconds

    def execute(self, name, args, task_vars=None, wrap_async=False):
        self.ran.append((name.rpartition(".")[2], dict(args), self.action._task.check_mode, wrap_async))
        if wrap_async:
            assert self.action._task.async_val > 0
            return {"ansible_job_id": "7"}
        if name.endswith("async_status"):
            return {} if args["mode"] == "cleanup" else self.statuses.pop(0) if self.statuses else {"finished": 0}
        return self.first

    def command(self, command):
        self.commands.append(command)
        if command.startswith("rm "):
            return {}
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return {"stdout": json.dumps(state) if state else ""}

    def run(self):
        return self.action.run(None, {"inventory_hostname": "gpu01"})


class Job(_watched.Watched):
    NAME = "yitiji.deepseek.job"


def test_no_work_no_job(monkeypatch):
    node = Node(Job, monkeypatch, {"changed": False}, [None], [])
    assert node.run() == {"changed": False}
    assert [(name, check, job) for name, _args, check, job in node.ran] == [("job", True, False)]
    assert node.action._task.check_mode is False


def test_what_check_mode_cannot_tell_is_tried_in_earnest(monkeypatch):
    node = Node(Job, monkeypatch, {"failed": True}, [None], [DONE])
    assert node.run() == {"changed": True}, "nothing of the background job is left in the answer"
    assert [row[3] for row in node.ran if row[0] == "job"] == [False, True]


def test_lines_are_shown_now_and_then_and_the_file_goes(monkeypatch):
    states = [{"line": f"{number} of 20"} for number in range(20)] + [{"line": "still 20"}]
    node = Node(Job, monkeypatch, {"changed": True}, states, [{"finished": 0}] * 40 + [DONE])
    assert node.run() == {"changed": True}
    assert node.shown[0].startswith("gpu01: ") and node.shown[0].endswith(" s)") and len(node.shown) < 20
    assert sum("still 20" in line for line in node.shown) >= 2, "a long silence is not taken for an end"
    progress = node.ran[1][1]["progress"]
    assert progress.startswith("/run/yitiji-") and node.commands[-1] == f"rm -f {progress}"
    assert node.ran[-1][0] == "async_status" and node.ran[-1][1]["mode"] == "cleanup"


def test_a_node_may_be_away_but_not_for_long(monkeypatch):
    lost = AnsibleConnectionFailure("gone")
    node = Node(Job, monkeypatch, {"changed": True}, [lost, lost, {"line": "x"}], [{"finished": 0}, DONE])
    assert node.run() == {"changed": True}
    node = Node(Job, monkeypatch, {"changed": True}, [lost], [])
    with pytest.raises(AnsibleConnectionFailure):
        node.run()
    assert _watched.GRACE < node.now < _watched.GRACE + 10


def test_a_job_that_never_ends_is_given_up_with_a_remedy(monkeypatch):
    node = Node(Job, monkeypatch, {"changed": True}, [{"line": "x"}], [], timeout=60)
    answer = node.run()
    assert answer["failed"] and "[LLM119] gpu01" in answer["msg"] and "处理办法" in answer["msg"]
    assert node.now < 60 + 2 * _watched.SLACK + 10


def test_an_image_that_cannot_come_is_refused_at_once(monkeypatch):
    node = Node(Image, monkeypatch, {"failed": True, "msg": "[LLM302]"}, [None], [], ref="a:1")
    assert node.run()["msg"] == "[LLM302]" and node.ran[0][1] == {"ref": "a:1", "dry_run": True}


def test_a_wait_shows_of_how_many_seconds(monkeypatch):
    first = {"changed": False, "status": "waiting"}
    states, statuses = [{"line": "u: no answer; loading"}], [{"finished": 0}] * 3 + [DONE]
    node = Node(Wait, monkeypatch, first, states, statuses, timeout=90)
    assert node.run()["changed"] and node.ran[0][1] == {"timeout": 90, "look": True}
    assert node.shown[0].startswith("gpu01: u: no answer; loading (") and node.shown[0].endswith(" of 90 s)")
    assert Node(Wait, monkeypatch, {"status": "ready"}, [None], []).run() == {"status": "ready"}


def test_a_download_is_kept_alive_and_asked_rarely(monkeypatch):
    state = {"state": "fetching", "model": "m", "bytes_total": 100, "bytes_done": 5}
    states = [state] * 8 + [None]
    node = Node(Download, monkeypatch, {"changed": True}, states, [DONE], dest="/srv/m", limit=600)
    assert node.run() == {"changed": True}
    lease = "/srv/m/.yitiji-download/lease"
    assert all(command.startswith(f"touch -c {lease}; cat ") for command in node.commands[:-1])
    assert node.commands[-1] == f"rm -f {lease}" and node.ran[1][1]["lease"] == 30 and "5 B of 100 B" in node.shown[0]
    assert [row[1]["mode"] for row in node.ran[2:]] == ["status", "cleanup"], "the file tells enough while it is there"
    full = Node(Download, monkeypatch, {"changed": False}, [None], [DONE], dest="/srv/m", verify="full")
    assert full.run()["changed"] and full.ran[0][3], "no quick look where everything is to be read"
    gone = Node(Download, monkeypatch, {"changed": True, "removed": []}, [None], [], dest="/srv/m", state="absent")
    assert gone.run() == {"changed": True, "removed": []} and len(gone.ran) == 1


def test_a_download_without_an_end_tells_the_limit_and_lets_the_node_stop(monkeypatch):
    state = {"state": "downloading", "model": "m"}
    node = Node(Download, monkeypatch, {"changed": True}, [state], [], dest="/srv/m", limit=100)
    answer = node.run()
    assert answer["failed"] and answer["rule"] == "LLM617"
    assert "100 s" in answer["msg"] and "raise limit" in answer["msg"]
    assert node.commands[-1] == "rm -f /srv/m/.yitiji-download/lease"
