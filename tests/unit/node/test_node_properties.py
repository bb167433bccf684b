# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Odd hardware never fails a run: recorded machines with parts missing, cut or garbled, and machines made of noise."""

from __future__ import annotations

import copy
import json
import random

import pytest
from ansible_collections.yitiji.deepseek.plugins.action.doctor import load_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.collect import collect
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import STATUSES, Context, evaluate
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node
from hypothesis import given, settings
from hypothesis import strategies as st

from .machines import NAMES, expand, load

RULES = load_rules()
KEYS = set(read_node(Capture({}), epoch=0.0))
# Paths and commands that the readers ask for, so that noise meets them.
FILES = [
    "/etc/os-release", "/proc/cpuinfo", "/proc/meminfo", "/proc/cmdline", "/proc/modules", "/proc/self/mountinfo",
    "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/route", "/proc/net/if_inet6", "/proc/1/comm",
    "/proc/driver/nvidia/version", "/proc/sys/kernel/arch", "/sys/firmware/efi/efivars/SecureBoot-x",
    "/sys/class/net/eth0/address", "/sys/class/net/eth0/speed", "/sys/class/net/eth0/mtu", "/sys/class/net/eth0/flags",
    "/sys/class/infiniband/mlx5_0/ports/1/state", "/sys/class/infiniband/mlx5_0/ports/1/rate", "/sys/block/sda/size",
    "/sys/bus/pci/devices/0000:01:00.0/vendor", "/sys/bus/pci/devices/0000:01:00.0/device",
    "/sys/bus/pci/devices/0000:01:00.0/class", "/sys/bus/pci/devices/0000:01:00.0/config", "/etc/docker/daemon.json",
    "/boot/vmlinuz-6.1", "/lib/modules/6.1/kernel/x", "/boot/initrd.img-6.1", "/etc/resolv.conf",
    "/run/systemd/system/x",
]  # fmt: skip
COMMANDS = [
    "nvidia-smi -q -x", "nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader", "nvidia-smi nvlink --status",
    "modinfo nvidia", "dkms status", "dmesg", "mokutil --list-enrolled", "ip -j address show", "docker --version",
    "docker info --format {{json .}}", "docker ps --no-trunc --format {{json .}}", "nv-fabricmanager --version",
    "dpkg-query -W -f ${Package} ${Version} ${db:Status-Abbrev}\\n", "lsinitramfs /boot/initrd.img-6.1",
]  # fmt: skip
XML = ("<gpu/>", "<gpu id='x'><uuid>a</uuid></gpu>", "<gpu><pci><pci_device_id>zz</pci_device_id></pci></gpu>")
WORDS = ["", "\n", "N/A", "-1", "0x", "[]", "{}", "null", "[null]", '{"a": 1}', "0x10de", "\udcff\udc80", "1e999"]
NOISE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(WORDS),
    st.sampled_from([f"<nvidia_smi_log>{part}</nvidia_smi_log>" for part in XML]),
)
ANSWER = st.one_of(NOISE, st.fixed_dictionaries({"rc": st.integers(-9, 255), "out": NOISE, "err": NOISE}))


def holds(capture):
    """What must be true whatever the machine says."""
    host = Capture(capture)
    node = read_node(host, epoch=0.0)
    assert set(node) == KEYS
    json.dumps(node)
    nodes = {"n1": {"gpus": [0], "address": "10.0.0.1"}, "n2": {}}
    plan = {"verdict": "fits", "engine": {"device": "cuda"}, "nodes": nodes}
    measures = collect(host, node, plan, {"network": False, "ports": {"engine": 8000}})
    json.dumps(measures)
    context = Context(node=node, plan=plan, measures=measures, host="n1", settings={"ports": {"engine": 8000}})
    for phase in ("pre", "post", "run"):
        for result in evaluate(RULES, context, phase, PROBES, NEEDS):
            assert result["status"] in STATUSES and result["evidence"]["en"] and result["evidence"]["zh"]
    return node


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), NOISE), st.dictionaries(st.sampled_from(COMMANDS), ANSWER))
def test_noise(files, commands):
    holds({"files": files, "commands": commands})


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_a_machine(name):
    """Each recorded machine, twelve times with other parts missing, cut off or swapped."""
    whole = expand(load(name))
    for seed in range(12):
        dice, part = random.Random(f"{name}{seed}"), copy.deepcopy(whole)
        for kind in ("files", "commands", "links"):
            for key in list(part[kind]):
                fate = dice.random()
                if fate < 0.3:
                    del part[kind][key]
                elif fate < 0.5 and isinstance(part[kind][key], str):
                    part[kind][key] = part[kind][key][: dice.randrange(len(part[kind][key]) + 1)]
                elif fate < 0.55 and kind != "links":
                    part[kind][key] = "N/A\n"
        holds(part)


def test_a_container_without_sys_and_tools():
    node = holds({"files": {"/proc/sys/kernel/osrelease": "6.1.0\n", "/proc/1/comm": "bash\n"}})
    assert node["problems"] == [] and node["gpus"] == [] and node["boot"]["systemd"] is False


def test_a_network_card_that_tells_no_speed():
    files = {"/sys/class/net/eth0/address": "aa:bb\n", "/sys/class/net/eth0/operstate": "up\n"}
    card = holds({"files": files})["network"]["interfaces"][0]
    assert card["speed_mbps"] is None and card["mtu"] is None and card["up"]


def test_an_arm_processor_without_ids():
    text = "processor\t: 0\nBogoMIPS\t: 200.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x48\n\n"
    files = {"/proc/cpuinfo": text * 2, "/proc/sys/kernel/arch": "aarch64\n"}
    node = holds(dict(expand(load("ascend-910b")), files=files))
    assert node["cpu"]["threads"] == 2 and node["cpu"]["sockets"] is None and node["os"]["arch"] == "aarch64"
