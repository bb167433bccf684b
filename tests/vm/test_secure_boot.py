# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secure Boot, on for real: what the kernel refuses, what is said of it, the remedy carried out at the console."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import labctl
import pytest
from console import DOWN, ENTER, Console

REFUSED = "Key was rejected by service"
MOK = "/var/lib/dkms/mok"
PASSWORD = "appliance1"


@pytest.fixture(scope="module", name="vm")
def fixture_vm(secure):
    return secure


def node_info(name: str) -> dict:
    """As a user asks for it."""
    command = ["ansible", name, "-i", "inventories/lab", "-i", "tests/vm/hosts.yml", "-m", "yitiji.deepseek.node_info"]
    env = dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", ANSIBLE_NOCOLOR="1")
    env["ANSIBLE_CALLBACK_RESULT_FORMAT"] = "json"
    done = subprocess.run(command, cwd=labctl.ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.split("=>", 1)[1])["node"]


def test_firmware_and_kernel_say_so(vm):
    assert "SecureBoot enabled" in vm.sh("mokutil --sb-state")
    assert "[integrity]" in vm.sh("cat /sys/kernel/security/lockdown")
    node = node_info(vm.name)
    assert (node["boot"]["efi"], node["boot"]["secure_boot"], node["boot"]["lockdown"]) == (True, True, "integrity")
    assert [gpu["pci_id"] for gpu in node["gpus"]] == ["10de:2684"]


def test_the_role_stops_before_any_change(vm):
    before = vm.tree()
    run = vm.driver("secure-boot", "-e", "nvidia_driver_reboot=allowed")
    said = "\n".join(run.failures())
    assert not run.ok and "LLM202" in said and vm.name in said, run.output[-3000:]
    for word in ("mokutil --import /var/lib/dkms/mok.pub", "Enroll MOK", "DKMS module signing key", "安全启动"):
        assert word in said, said
    assert run.changes() == []
    assert vm.tree() == before


def test_a_module_without_signature_is_refused(vm):
    vm.stand_in()
    assert REFUSED in vm.sh("insmod /root/modules/dummy.ko 2>&1", check=False)
    assert "Loading of unsigned module is rejected" in vm.sh("dmesg")
    assert not vm.loaded("dummy")


def test_a_driver_of_an_unknown_key_is_refused_and_named(vm):
    """The module that dkms would have made: signed, by a key that nobody enrolled."""
    clean = set(vm.doctor("run"))
    assert REFUSED in vm.sh("modprobe nvidia 2>&1", check=False)
    assert "Loading of module with unavailable key is rejected" in vm.sh("dmesg")
    found = vm.doctor("run")
    assert found["LLM202"]["status"] == "fail", found["LLM202"]
    assert "mokutil --import" in found["LLM202"]["fix"]["en"] and "mokutil --import" in found["LLM202"]["fix"]["zh"]
    assert set(found) - clean <= {"LLM202"}, {rule: found[rule]["evidence"]["en"] for rule in found}


def test_the_remedy_enrols_the_key_at_the_console(vm):
    """The procedure that the message names, step by step."""
    vm.sh(f"printf '{PASSWORD}\\n{PASSWORD}\\n' | mokutil --import {MOK}.pub")
    boot = vm.boot_id()
    console = Console(vm.files / f"{vm.name}.console")
    vm.sh("systemctl reboot", check=False)
    console.until("Press any key to perform MOK management", 900, still=False)
    console.press(ENTER)
    console.until("Enroll MOK")
    console.press(DOWN, ENTER)
    console.until("Continue")
    console.press(DOWN, ENTER)
    console.until("Yes")
    console.press(DOWN, ENTER)
    console.until("Password")
    console.press(*PASSWORD, ENTER)
    console.until("Reboot")
    console.press(ENTER)
    console.close()
    vm.reached_again(boot)
    assert "DKMS module signing key" in vm.sh("mokutil --list-enrolled")
    assert "SecureBoot enabled" in vm.sh("mokutil --sb-state")
    vm.sh("modprobe nvidia")
    assert vm.loaded("nvidia")
    assert REFUSED in vm.sh("insmod /root/modules/dummy.ko 2>&1", check=False)


def test_then_doctor_and_role_are_content(vm):
    assert vm.doctor("run").get("LLM202", {}).get("status") != "fail"
    run = vm.driver("enrolled", "-e", "vm_entry=preflight", "-e", "nvidia_driver_install=false")
    assert run.ok, run.output[-3000:]
