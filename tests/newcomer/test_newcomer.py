# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the release's file to an appliance, and on: these tests build on each other in their order."""

from __future__ import annotations

import json
import re

import labctl
import yaml
from labctl import node

SITE = "inventories/campus"
GATEWAY = "/etc/nginx/yitiji/judge.js"
TUNING = "/etc/security/limits.d/60-yitiji-memlock.conf"
TIMER = "yitiji-gateway-renew.timer"


def changes(said: str) -> list[str]:
    """`task` of everything that Ansible says it changed."""
    found, task = [], ""
    for line in said.splitlines():
        head = re.match(r"(?:TASK|RUNNING HANDLER) \[(.*)\] \*+", line)
        task = head[1] if head else task
        if line.startswith("changed: "):
            found.append(task)
    return found


def content(said: str) -> bool:
    """Whether a run ended without failure and without change."""
    recap = re.findall(r"^\S+ +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", said, re.MULTILINE)
    return bool(recap) and all(row == ("0", "0", "0") for row in recap)


def steps(readme: str) -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    [block] = [text for text in blocks if "pip install" in text]
    return block.strip().splitlines()


def test_the_readme_installs_it(desk, readme):
    asked = [line for line in steps(readme) if "ansible-playbook" not in line]
    assert len(asked) == 3
    for line in asked:
        desk.run(line, timeout=900)
    [settings] = re.findall(r"^```ini\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    desk.put({"site/ansible.cfg": settings.encode()})
    listed = desk.run("ansible-galaxy collection list yitiji.deepseek")
    assert "1.0.0" in listed and "/home/deploy/.ansible/collections" in listed, listed
    assert desk.run("find / -name '.git' -o -name labkit 2>/dev/null; true").strip() == "", "a checkout is here"


def test_an_inventory_is_written_and_planned(desk, readme):
    asked = [line for line in steps(readme) if "ansible-playbook" in line]
    assert [line.split()[1].rpartition(".")[2] for line in asked] == ["new_site", "preflight", "site", "doctor"]
    status, said = desk.play(f"{asked[0].partition('#')[0]} -e @answers.yml")
    assert status == 0, said
    desk.run(f"mkdir {SITE}/group_vars && cp images.yml {SITE}/group_vars/appliances.yml")
    status, said = desk.play(f"ansible-playbook yitiji.deepseek.plan -i {SITE}")
    assert status == 0 and labctl.MODEL in said, said
    plan = json.loads(desk.run(f"cat {SITE}/.plans/campus/plan.json"))
    assert plan["verdict"] == "fits" and list(plan["nodes"]) == [labctl.NODE]


def test_a_node_becomes_an_appliance(desk, readme):
    for line in steps(readme):
        if " yitiji.deepseek.preflight " in line or " yitiji.deepseek.site " in line:
            status, said = desk.play(line.replace("NAME", "campus"))
            assert status == 0, said[-6000:] + labctl.journal()
    key = node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    ask = json.dumps({"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "Who are you?"}]})
    headers = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
    told = labctl.curl(*headers, "-d", ask, f"https://{labctl.ADDRESS}/v1/chat/completions")
    assert labctl.ANSWER in json.loads(told)["choices"][0]["message"]["content"]


def settings() -> set[str]:
    """Every file that a role may have written, without what programs keep for themselves below /var."""
    return set(
        node(
            "find /etc /usr /opt /srv -xdev -not -type d -printf '%p %y %m %U %s %l\\n' | grep -v __pycache__"
        ).splitlines()
    )


def running() -> set[str]:
    return set(node("systemctl list-units --type service --state running --plain --no-legend | cut -d' ' -f1").split())


def test_a_tag_changes_nothing_on_a_converged_node(desk):
    before, ran = labctl.fingerprint(), running()
    status, said = desk.play(f"ansible-playbook yitiji.deepseek.site -i {SITE} --tags gateway")
    assert status == 0 and content(said) and changes(said) == [], said
    assert sorted(name for name in running() ^ ran if "@" not in name) == []
    assert labctl.fingerprint() == before


def test_a_tag_mends_its_phase_alone(desk):
    """Two phases lost a file each: each tag brings back its own."""
    before = settings()
    sums = node(f"sha256sum {GATEWAY} {TUNING}")
    node(f"rm {GATEWAY} {TUNING}")
    status, said = desk.play(f"ansible-playbook yitiji.deepseek.site -i {SITE} --tags gateway")
    assert status == 0, said
    made = changes(said)
    assert made and [task for task in made if not task.startswith("yitiji.deepseek.gateway : ")] == [], made
    assert node(f"test -e {GATEWAY}; echo $?; test -e {TUNING}; echo $?").split() == ["0", "1"]
    status, said = desk.play(f"ansible-playbook yitiji.deepseek.site -i {SITE} --tags host_tuning,verify")
    assert status == 0, said
    made = changes(said)
    assert made and [task for task in made if not task.startswith("yitiji.deepseek.host_tuning : ")] == [], made
    assert node(f"sha256sum {GATEWAY} {TUNING}") == sums
    assert sorted(settings() ^ before) == []


def test_an_unknown_tag_is_refused(desk):
    status, said = desk.play(f"ansible-playbook yitiji.deepseek.site -i {SITE} --tags gatway")
    assert status != 0 and "LLM184" in said and changes(said) == [], said


def test_one_module_is_used_by_its_page_alone(desk):
    """What ansible-doc shows as an example runs as it stands."""
    page = json.loads(desk.run("ansible-doc --json yitiji.deepseek.node_info"))["yitiji.deepseek.node_info"]
    tasks = yaml.safe_load(page["examples"])
    play = [{"name": "By the page alone", "hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}]
    desk.put({"site/alone.yml": yaml.safe_dump(play).encode()})
    status, said = desk.play(f"ansible-playbook alone.yml -u deploy -i {labctl.ADDRESS},")
    assert status == 0 and "found.node.gpus" in said and content(said), said


def test_what_broke_is_found_by_its_rule(desk, readme):
    [asked] = [line.replace("NAME", "campus") for line in steps(readme) if " yitiji.deepseek.doctor " in line]
    status, said = desk.play(asked)
    assert status == 0 and "LLM151" not in said, said
    node(f"systemctl disable --now {TIMER}")
    status, said = desk.play(asked)
    assert status != 0 and "LLM151" in said and TIMER in said and changes(said) == [], said
    page = node("yitiji-doctor --explain LLM151")
    assert "may go unnoticed until a certificate ends" in page
    [remedy] = set(re.findall(rf"systemctl enable --now {re.escape(TIMER)}", said))
    node(remedy)
    status, said = desk.play(asked)
    assert status == 0, said
