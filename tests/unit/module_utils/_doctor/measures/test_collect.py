# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd hardware never fails a run: recorded machines with parts missing, cut or garbled, and machines made of noise."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.host import disk_needs
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import collect as collecting
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.collect import collect
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import STATUSES, Context, evaluate
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    MANIFEST,
    Entry,
    Manifest,
    write_stamp,
)
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.module_utils._doctor.healthy import GONE, spoil
from tests.unit.module_utils.machines import NAMES, expand, load

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


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_all_questions_together_are_bounded():
    def slow():
        time.sleep(5)
        return {"ok": True}

    started = time.monotonic()
    answers = collecting.ask({"slow": slow, "trips": lambda: 1 / 0, "good": lambda: {"ok": True}}, limit=0.5)
    assert time.monotonic() - started < 2
    assert answers["slow"]["ok"] is None and "ZeroDivision" in answers["trips"]["reason"] and answers["good"]["ok"]


def keys(changes=None, host=None):
    return set(collecting.questions(host or Capture({}), spoil(changes or {})))


def test_only_what_matters_is_asked():
    base = {"own name", "peer gpu02"}
    services = {"chat config", "yitiji-vllm without key"}
    assert keys() == base | services | {"hub name", "hub"}
    assert keys({"measures/weights/stamp": True}) == base | services
    bare = {"node/services": {}, "node/containers/docker": None}
    assert keys(bare) == base | {"hub name", "hub", "image vllm:1"}
    archives = dict(bare, **{"settings/image_archives": [{"url": "http://x/a.tar"}, {"path": "/b.tar"}]})
    assert keys(archives) == base | {"hub name", "hub", "archive http://x/a.tar", "archive /b.tar"}
    assert keys({"settings/source": "directory", "plan/nodes/gpu02": GONE}) == {"own name"} | services


def test_ping_and_archive_answers():
    host = Capture({"commands": {"ping -c 1 -W 2 10.0.0.12": {"rc": 1}}, "files": {"/b.tar": "x"}})
    asked = collecting.questions(
        host, spoil({"node/containers/docker": None, "settings/image_archives": [{"path": "/b.tar"}]})
    )
    assert asked["peer gpu02"]()["ok"] is False and asked["archive /b.tar"]()["ok"] is True


def test_files_that_are_no_model(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(b"GGUF" + b"\0" * 300)
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"t": "b.safetensors"}}')
    found = collecting.file_problems(str(tmp_path))
    assert [item["rule"] for item in found] == ["LLM602", "LLM602", "LLM603"]
    assert all(item["zh"] and item["en"] for item in found)
    assert collecting.file_problems("/no/such/folder") == []


def test_disk_usage_counts_what_is_written(tmp_path):
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(10**9)
    (tmp_path / "real").write_bytes(os.urandom(100_000))
    assert 100_000 <= collecting.disk_usage(str(tmp_path)) < 10**6


def test_whole_collection_without_a_network(tmp_path):
    plan = {"model": {"id": "a/b", "path": str(tmp_path)}}
    found = collecting.collect(Capture({}), {"hostname": "n1"}, plan, {"network": False})
    assert found["weights"]["exists"] is False and found["weights"]["stamp"] is False
    assert found["net"] == {} and found["containers"] == {} and found["ollama"] is None
    json.dumps(found)


def test_the_weights_of_every_model_are_looked_at(tmp_path):
    """The first model is whole and verified, the one beside it is not."""
    rows = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        rows.append({"id": f"a/{name}", "served_name": name, "path": str(tmp_path / name), "bytes": 10**9})
    manifest = Manifest("a/first", "master", [Entry("config.json", 2, hashlib.sha256(b"{}").hexdigest())])
    manifest.save(str(tmp_path / "first" / MANIFEST))
    write_stamp(str(tmp_path / "first"), manifest, [], [])
    plan = {"model": rows[0], "models_beside": []}
    context = Context(node={}, plan=plan)
    assert collecting.weights(Host(), context)["stamp"] is True
    plan["models_beside"] = rows[1:]
    found = collecting.weights(Host(), context)
    assert found["stamp"] is False and found["exists"] and found["reason"].startswith("second: ")
    assert disk_needs(Context(node={}, plan=plan, measures={"weights": found}))[0][3] > 1.9e9


def test_easy_secrets_are_named_and_never_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "SECRETS", str(tmp_path))
    for name, content in (("a", "changeme\n"), ("b", "000000000000000"), ("c", "Zr4-kP9_wq81xLm2\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o644 if name == "a" else 0o600)
    recorder = Recorder(Host())
    assert collecting.secrets(recorder) == {"present": ["a", "b", "c"], "open": ["a"], "weak": ["a", "b"]}
    assert "changeme" not in json.dumps(recorder.data()) and "Zr4" not in json.dumps(recorder.data())
