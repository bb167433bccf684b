# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Independent nodes through ansible-playbook, without a node: their copies take turns, and who reaches whom."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
import yaml

from tests.sizing.common import ROOT
from tests.unit.playbooks.test_heal import play, role

HOST = "{{ inventory_hostname }}"
TASKS = ROOT / "roles/engine/tasks"
WISH = {"appliance_independent_nodes": True, "appliance_model": "deepseek-r1-70b"}
STALE = {
    "__engine_prepared": {"standing": {"rolls": ["yitiji-vllm"]}},
    "__engine_written": {
        "results": [{"__engine_one": "{{ __engine_units[0] }}", "written": {"actions": {"restart": True}}}],
    },
}
READY = """
- name: Wait
  ansible.builtin.shell: "echo {{ inventory_hostname }} waits >> {{ log }}; exit {{ bad | int }}"
  loop: "{{ __engine_awaited }}"
  register: __engine_waited
"""
ROLL_ONE = """
- name: Restart
  when:
    - __engine_ended | length == 0
    - __engine_fallen | length == 0
  block:
    - name: Out
      ansible.builtin.shell: "echo {{ inventory_hostname }} out >> {{ log }}; sleep 0.2"
    - name: Wait
      ansible.builtin.include_tasks: ready.yml
      vars: {__engine_awaited: ["{{ __engine_one }}"]}
    - name: In
      ansible.builtin.shell: "echo {{ inventory_hostname }} in >> {{ log }}"
"""


@pytest.mark.parametrize("fails", [False, True])
def test_copies_of_all_nodes_restart_one_after_another(tmp_path, fails):
    """The real roll.yml and variables; what would touch a node only writes a line."""
    shutil.copy(TASKS / "roll.yml", tmp_path)
    (tmp_path / "ready.yml").write_text(READY)
    (tmp_path / "roll_one.yml").write_text(ROLL_ONE)
    real = (TASKS / "roll_one.yml").read_text()
    assert (
        real.count('loop: "{{ __engine_gateways }}"\n      delegate_to: "{{ item }}"') == 2
        and "__engine_fallen | length == 0" in real
    )
    waiting = (TASKS / "units.yml").read_text().partition('__engine_waiting: "')[2].partition('"\n')[0]
    tasks = [
        role("appliance", "offline"),
        {"ansible.builtin.include_vars": str(ROOT / "roles/engine/vars/main.yml")},
        {"ansible.builtin.set_fact": STALE},
        {"ansible.builtin.set_fact": {"__engine_waiting": waiting}},
        {"ansible.builtin.include_tasks": str(tmp_path / "roll.yml"), "when": "__engine_turns | length > 0"},
    ]
    log = tmp_path / "log"
    given = {"engine_rolling": True, "engine_heal": False, "log": str(log), "ansible_connection": "local"}
    given.update(engine_plan="{{ appliance_plan }}", ansible_become=False, bad=0, **WISH)
    given["ansible_python_interpreter"] = sys.executable
    done = play(tmp_path, "flagship", tasks, **given)
    assert done.returncode == 0, done.stdout[-3000:]
    lines = log.read_text().splitlines()
    hosts = list(dict.fromkeys(line.split()[0] for line in lines))
    assert len(hosts) == 2
    turns = [lines[at : at + 3] for at in range(0, len(lines), 3)]
    assert sorted(turns) == sorted([f"{host} out", f"{host} waits", f"{host} in"] for host in hosts)
    if fails:
        log.unlink()
        done = play(tmp_path, "flagship", tasks, **{**given, "bad": 1})
        assert done.returncode != 0
        assert len(log.read_text().splitlines()) == 2, "the other copy goes on as it is"


READ = ("shared_variables/defaults", "shared_variables/vars", "engine/vars", "gateway/defaults", "gateway/vars",
        "virtual_address/vars")  # fmt: skip


def shown_of(tmp_path, shown, before=(), **more):
    """What each node makes of these expressions, and the plan."""
    tasks = [
        role("appliance", "offline"),
        *({"ansible.builtin.include_vars": str(ROOT / f"roles/{path}/main.yml")} for path in READ),
        *before,
        {
            "ansible.builtin.copy": {"content": "{{ shown | to_json }}", "dest": f"{tmp_path}/{HOST}"},
            "delegate_to": "localhost",
            "vars": {"shown": shown},
        },
    ]
    given = {name: "{{ appliance_plan }}" for name in ("engine_plan", "gateway_plan", "virtual_address_plan")}
    given |= {"engine_user": 10001, "engine_network": "yitiji", "engine_egress": [], "ansible_become": False}
    done = play(tmp_path, "flagship", tasks, **given, **WISH, **more)
    assert done.returncode == 0, done.stdout[-3000:]
    plan = json.loads(next((tmp_path / "plans").glob("*/plan.json")).read_text())
    head, other = sorted(plan["nodes"], key=lambda name: not plan["nodes"][name]["head"])
    return plan, head, other, {name: json.loads((tmp_path / name).read_text()) for name in (head, other)}


GATEWAYS = {
    "gateway": "{{ __appliance_gateway }}",
    "two": "{{ __appliance_gateways }}",
    "moves": "{{ __appliance_moves }}",
    "names": "{{ gateway_names }}",
    "url": "{{ __appliance_url }} {{ __appliance_help_url }}",
    "second": "{{ __gateway_second }}",
    "door": "{{ gateway_balancer_port }}",
    "shared": "{{ __gateway_shared_paths }}",
    "rolls": "{{ __engine_gateways }}",
    "asks": "{{ __engine_asked }}",
    "other": "{{ __virtual_address_other if __virtual_address_two else '' }}",
    "conf": "{{ lookup('ansible.builtin.template', conf) if __virtual_address_two else '' }}",
    "site": "{{ lookup('ansible.builtin.template', site) }}",
}
CONF = {
    "site": str(ROOT / "roles/gateway/templates/yitiji.conf.j2"),
    "appliance_console": False,
    "ansible_managed": "ours",
    "__gateway_found": {"ipv6": {"stat": {"exists": False}}},
    "appliance_distribution": {"paths": {"nginx_sites": "/etc/nginx/conf.d"}, "users": {"nginx": "www-data"}},
    "conf": str(ROOT / "roles/virtual_address/templates/virtual-address.conf.j2"),
    "virtual_address_return_seconds": 30,
}


def test_two_gateways(tmp_path):
    _plan, head, other, _seen = shown_of(tmp_path, {})
    two = {"appliance_second_gateway": other, "appliance_virtual_address": "10.9.9.9"}
    plan, _head, _other, seen = shown_of(tmp_path, GATEWAYS, **two, **CONF)
    address = {name: plan["nodes"][name]["address"] for name in seen}
    for name, peer in ((head, other), (other, head)):
        told = seen[name]
        assert told["gateway"] and told["moves"] and told["two"] == told["rolls"] == [head, other]
        assert told["names"] == ["10.9.9.9", address[name], name] and told["asks"] == [address[peer]]
        assert told["url"] == "https://10.9.9.9 https://10.9.9.9/help/"
        assert told["second"] is (name == other) and told["door"] == (0 if name == other else 8001)
        keys = "/etc/yitiji/secrets/gateway-key-default", "/etc/yitiji/tls/ca.key", "/etc/yitiji/tls/ca.crt"
        assert told["shared"] == list(keys)
        assert told["other"] == address[peer]
        wanted = (f"unicast_src_ip {address[name]}", f"        {address[peer]}\n", "10.9.9.9/32 dev", "router_id 77")
        assert all(line in told["conf"] for line in wanted), told["conf"]
        assert (told["site"].count("return 503 '<!DOCTYPE html>"), told["site"].count("listen 169.254.213.1:8001")) == (
            (0, 1) if name == head else (1, 0)
        )
        servers = [f"server {address[one]}:8000 max_fails" in told["site"] for one in (head, other)]
        assert servers == [True, True], "the same engines on both"
        assert f"priority {150 if name == head else 100}" in told["conf"]


HEAD = "inventory_hostname == groups[appliance_deployment][0]"


@pytest.mark.parametrize(("seen_by_head", "expected"), [({"held": True}, 1), ({"failed": True}, 0)])
def test_a_gateway_that_dropped_out_counts_as_one_that_does_not_hold(tmp_path, seen_by_head, expected):
    looked = {"ansible.builtin.set_fact": {"__virtual_address_seen": seen_by_head}, "when": HEAD}
    two = {"appliance_second_gateway": "{{ groups[appliance_deployment][1] }}", "appliance_virtual_address": "10.9.9.9"}
    shown = {"holders": "{{ __virtual_address_holders | length }}"}
    _plan, head, _other, seen = shown_of(tmp_path, shown, [looked], **two)
    assert seen[head]["holders"] == expected


SOURCES, KEEPALIVED, PAGE = "yitiji-gateway-sources", "yitiji-virtual-address", "yitiji-open-webui"


@pytest.mark.parametrize(
    ("head_has", "other_has", "expected"),
    [
        ([SOURCES, PAGE], [SOURCES, KEEPALIVED], [False, True]),
        ([KEEPALIVED], [SOURCES], [True, False]),  # the other was a head, whose keys stay
    ],
)
def test_a_withdrawal_that_was_interrupted_is_found_again(tmp_path, head_has, other_has, expected):
    facts = [
        {
            "ansible.builtin.set_fact": {"appliance_node": {"services": {name: {} for name in names}}},
            "when": f"({HEAD}) == {first}",
        }
        for names, first in ((head_has, True), (other_has, False))
    ]
    _plan, head, other, seen = shown_of(tmp_path, {"moves": "{{ __appliance_moves }}"}, facts)
    assert [seen[name]["moves"] for name in (head, other)] == expected


@pytest.mark.parametrize(
    ("services", "on_head", "lost"),
    [
        ([[], [SOURCES]], [], ["secrets/gateway-key-default", "tls/ca.key", "tls/ca.crt"]),
        ([[], [SOURCES]], ["gateway-key-default", "ca.key", "ca.crt"], []),  # copied back
        ([[SOURCES], [SOURCES]], ["ca.key", "ca.crt"], []),  # the team gets a new key: its file was deleted
    ],
)
def test_a_head_that_was_set_up_anew_does_not_end_the_last_good_keys(tmp_path, services, on_head, lost):
    rooms = [tmp_path / "room0", tmp_path / "room1"]
    for room, names in zip(rooms, (on_head, ["gateway-key-default", "ca.key", "ca.crt"])):
        room.mkdir()
        for name in names:
            (room / name).write_text("x")
    facts = [
        {
            "ansible.builtin.set_fact": {
                "appliance_node": {"services": {name: {} for name in names}},
                "room": str(room),
            },
            "when": f"({HEAD}) == {first}",
        }
        for names, room, first in zip(services, rooms, (True, False))
    ]
    keep = yaml.safe_load((ROOT / "roles/gateway/tasks/preflight.yml").read_text())[1]
    steps = (ROOT / "roles/gateway/tasks/lost.yml").read_text()
    (tmp_path / "lost.yml").write_text(steps.replace('"{{ item }}"', '"{{ room }}/{{ item | basename }}"'))
    keep["ansible.builtin.include_tasks"] = str(tmp_path / "lost.yml")
    two = {"appliance_second_gateway": "{{ groups[appliance_deployment][1] }}", "appliance_virtual_address": "10.9.9.9"}
    given = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **two}
    if not lost:
        assert shown_of(tmp_path, {}, [*facts, keep], **given)
        return
    with pytest.raises(AssertionError, match="LLM408") as refused:
        shown_of(tmp_path, {}, [*facts, keep], **given)
    assert all(f"/etc/yitiji/{name}" in str(refused.value) for name in lost)


def test_what_the_next_run_finds_a_withdrawal_by_goes_last():
    steps = (ROOT / "roles/virtual_address/tasks/former.yml").read_text()
    assert steps.index("yitiji.deepseek.gateway") < steps.index("uninstall.yml\n")
    assert steps.index("yitiji.deepseek.clients") < steps.index("uninstall.yml\n")
    parts = (ROOT / "roles/virtual_address/tasks/main.yml").read_text()
    assert parts.index("former.yml") < parts.index("hold.yml")


def test_the_head_alone_has_a_gateway_otherwise(tmp_path):
    plan, head, other, seen = shown_of(tmp_path, GATEWAYS, **CONF)
    address = plan["nodes"][head]["address"]
    assert [seen[name]["gateway"] for name in (head, other)] == [True, False]
    for told in seen.values():
        assert not told["two"] and not told["moves"] and not told["second"] and told["rolls"] == [head]
    assert seen[head]["names"] == [address, head] and seen[head]["url"] == f"https://{address} https://{address}/help/"


def test_who_reaches_whom(tmp_path):
    shown = {
        "guard": "{{ __engine_guard.between | to_json }}",
        "doors": "{{ __engine_guard.doors | to_json }}",
        "servers": "{{ gateway_units | map(attribute='url') | to_json }}",
        "asked": "{{ (__engine_head == inventory_hostname) | ternary(__engine_serving, []) | length }}",
        "shares": "{{ __engine_independent }} {{ __engine_cluster }}",
    }
    plan, head, other, seen = shown_of(tmp_path, shown)
    address = {name: plan["nodes"][name]["address"] for name in seen}
    for name, asked in ((head, [address[other]]), (other, [])):
        told = seen[name]
        assert told["shares"] == "True False"
        assert json.loads(told["guard"]) == [{"addresses": asked, "users": ["@nginx", "prometheus"]}]
        assert json.loads(told["doors"]) == [{"ports": [8000], "users": ["@nginx", "prometheus"]}]
        assert json.loads(told["servers"]) == ["http://127.0.0.1:8000", f"http://{address[other]}:8000"]
    assert (seen[head]["asked"], seen[other]["asked"]) == (2, 0)
