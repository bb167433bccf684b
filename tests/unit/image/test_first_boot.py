# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first boot: the small file, whether there is anything to do, and what it says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import identity as who
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import run as boot
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import settings, show, state

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFv1nqmVh0pP3Yh5eWq5i2Ykq0mGJ0q2b1uEo3bq7wYl admin"
FILE = f"""\ufeff# 现场\r
[appliance]\r
hostname = ai01   ; the name\r
address = 10.0.0.5/24\r
gateway = 10.0.0.1\r
dns = 10.0.0.2, 10.0.0.3\r
admin_networks = 10.0.9.0/24\r
ssh_key = {KEY}\r
"""
CARD = {"bus": "0000:17:00.0", "pci_id": "10de:2684", "uuid": "GPU-1", "name": "RTX 4090"}
ROOT = Path(__file__).resolve().parents[3]
NODE = {
    "cpu": {"model": "X", "threads": 8},
    "memory": {"total_bytes": 64 * 2**30},
    "gpus": [dict(CARD)],
}


def test_the_small_file_as_notepad_writes_it():
    found = settings.parse(FILE)
    assert found["hostname"] == "ai01" and found["dns"] == ["10.0.0.2", "10.0.0.3"] and found["ssh_key"] == KEY
    text = settings.network_file(found)
    assert "Address=10.0.0.5/24\nGateway=10.0.0.1\nDNS=10.0.0.2\nDNS=10.0.0.3\n" in text
    assert settings.variables(found) == {"firewall_admin_networks": ["10.0.9.0/24"]}


def test_without_a_section_or_an_address():
    assert settings.parse("hostname = ai01") == {"hostname": "ai01"}
    assert "DHCP=yes" in settings.network_file({})


def test_the_network_is_that_of_cards_alone():
    """A container's cable is of type ether too; given the machine's address it would leave its bridge."""
    match = settings.network_file({"address": "10.0.0.5/24"}).split("[Network]")[0]
    assert "\nType=ether\nKind=!*\n" in match
    assert settings.network_file({"interface": "eno1"}).split("[Network]")[0].endswith("[Match]\nName=eno1\n\n")


@pytest.mark.parametrize("line", [
    "hostname = no_name", "address = 10.0.0.5", "address = 10.0.0.500/24", "dns = nowhere", "colour = red",
    "language = fr", "address = 10.0.0.5/24\ngateway = 10.1.0.1", "admin_networks = 10.0.0.1/24", "ssh_key = AAAA",
])  # fmt: skip
def test_what_is_wrong_is_named_in_both_languages(line):
    with pytest.raises(Refusal) as refused:
        settings.parse(line)
    name = line.splitlines()[-1].split(" =")[0]
    assert refused.value.rule == "LLM956" and name in refused.value.reason.en and name in refused.value.reason.zh


def test_a_nocloud_seed(tmp_path):
    (tmp_path / "meta-data").write_text("instance-id: i\nlocal-hostname: ai02\n")
    (tmp_path / "user-data").write_text(f"#cloud-config\nssh_authorized_keys: ['{KEY}']\n")
    (tmp_path / "network-config").write_text(
        "version: 2\nethernets:\n  'e*':\n    addresses: [10.0.2.15/24]\n    routes: [{to: 0.0.0.0/0, via: 10.0.2.2}]\n"
        "    nameservers: {addresses: [10.0.2.3]}\n"
    )
    assert who.read_folder(str(tmp_path)) == {
        "hostname": "ai02", "interface": "e*", "address": "10.0.2.15/24", "gateway": "10.0.2.2", "dns": ["10.0.2.3"],
        "ssh_key": KEY,
    }  # fmt: skip
    (tmp_path / "YITIJI.CONF").write_text("hostname = wins")
    assert who.read_folder(str(tmp_path)) == {"hostname": "wins"}
    assert who.read_folder(str(_empty(tmp_path))) is None


def _empty(path):
    (path / "empty").mkdir()
    return path / "empty"


def now(**more):
    return {"hardware": state.hardware(NODE), "settings": {}, "address": "10.0.0.5", **more}


def test_the_second_boot_has_nothing_to_do():
    assert state.reasons({**now(), "stage": "done"}, now()) == []


@pytest.mark.parametrize(("known", "word"), [
    ({}, "first boot"), ({**now(), "stage": "running"}, "cut off"), ({**now(), "stage": "failed"}, "failed"),
    ({**now(address="10.0.0.6"), "stage": "done"}, "address"),
    ({**now(settings={"hostname": "a"}), "stage": "done"}, "settings"),
])  # fmt: skip
def test_why_there_is_something_to_do(known, word):
    assert word in state.reasons(known, now())[0].en


@pytest.mark.parametrize(("change", "word"), [
    ({"uuid": "GPU-2"}, "replaced"), ({"bus": "0000:18:00.0"}, "gone"), (None, "gone"),
])  # fmt: skip
def test_another_card_is_noticed(change, word):
    other = {**NODE, "gpus": [{**CARD, **change}] if change else []}
    assert word in state.changes(state.hardware(NODE), state.hardware(other))[0].en


def test_a_driver_that_came_later_is_no_other_card():
    before = state.hardware({**NODE, "gpus": [{**CARD, "uuid": None}]})
    assert state.changes(before, state.hardware(NODE)) == []


def test_memory_may_differ_a_little():
    less = {**NODE, "memory": {"total_bytes": 63.4 * 2**30}}
    half = {**NODE, "memory": {"total_bytes": 32 * 2**30}}
    assert state.changes(state.hardware(NODE), state.hardware(less)) == []
    assert "memory" in state.changes(state.hardware(NODE), state.hardware(half))[0].en


def test_the_site_wins_over_the_vendor():
    made = state.inventory("demo", "ai01", "/p", [{"appliance_profile": "basic"}, {"appliance_profile": "lab"}])
    host = made["all"]["children"]["appliances"]["children"]["demo"]["hosts"]["ai01"]
    assert host["appliance_profile"] == "lab" and host["ansible_connection"] == "local"


def test_events_become_a_status(monkeypatch):
    told = []
    teller = type("T", (), {"tell": lambda self, status, now=False: told.append(dict(status))})()
    lines = [{"event": "task", "name": "docker : Start"}, {"event": "failed", "host": "h", "text": "[LLM101] full"},
             {"event": "stats", "changed": 3, "failed": 1}]  # fmt: skip
    status = {}
    boot.follow(io.StringIO("".join(json.dumps(x) + "\n" for x in lines) + "h: 1.2 of 3 GB\n"), status, teller)
    assert status["task"] == "Start" and status["error"] == "[LLM101] full" and status["detail"] == "h: 1.2 of 3 GB"
    assert len(told) == 4


def test_the_screen_has_no_chinese_and_the_page_has():
    failed = {"stage": "failed", "error": "[LLM101] h: disk <full>\n[LLM101] h：磁盘已满"}
    screen = [show.for_screen(line) for line in show.lines(failed)]
    assert not [line for line in screen if show.WIDE.search(line)]
    assert any("disk <full>" in line for line in screen)
    assert "磁盘已满" in show.page(failed) and "&lt;full&gt;" in show.page(failed) and "LLM101" in show.page(failed)
    done = show.lines({"stage": "done", "address": "10.0.0.5"})
    assert any("https://10.0.0.5/" in show.for_screen(line) for line in done)
    assert "refresh" not in show.page({"stage": "done"}) and "refresh" in show.page({"stage": "running"})


def test_it_tells_how_far_it_is():
    """The plays and roles are those of site.yml, in its order; the phase never goes back."""
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text())
    names = [play["name"] for play in plays]
    assert names[1] == show.PROVISION and len(names) == 3
    roles = [one["role"] for one in plays[1]["roles"]]
    seen = [show.phase(0, names[0], f"{roles[1]} : Refuse")]
    seen.append(show.phase(0, names[1], "yitiji.deepseek.appliance : Keep the plan"))
    for role in roles:
        seen.append(show.phase(seen[-1], names[1], f"{role} : Begin"))
    assert seen == sorted(seen) and set(seen) == set(range(len(show.PHASES) - 1))
    assert show.phase(seen[-1], names[1], f"{roles[0]} : Again") == seen[-1]
    assert show.phase(seen[-1], names[2], "Ask") == len(show.PHASES) - 1
    said = show.progress({"seconds": 134, "phase": 3, "tasks": 44, "task": "Tell systemd"})
    assert said == "2:14  4/10 containers / 容器环境 / step 44: Tell systemd"
    assert show.for_screen(said) == "2:14  4/10 containers / step 44: Tell systemd"
    page = show.page({"stage": "running", "phase": 3})
    assert page.count('class="past"') == 3 and page.count('class="now"') == 1


def test_real_cards_are_told_from_made_interfaces(tmp_path):
    for name, kind, device in (("eno1", "1", True), ("ib0", "32", True), ("docker0", "1", False), ("lo", "772", False)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
        if device:
            (tmp_path / name / "device").mkdir()
    assert who.wired(str(tmp_path)) == ["eno1"]
