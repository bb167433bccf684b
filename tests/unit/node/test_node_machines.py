# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real machines, as their outputs described them, through the readers and the rules."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.action.doctor import load_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context, evaluate

from .machines import NAMES, load, read

RULES = load_rules()
PLAN = {
    "verdict": "fits",
    "engine": {"name": "vllm", "device": "cuda"},
    "image": {"ref": "vllm:1", "min_driver": "550.54"},
    "args": ["--dtype", "bfloat16", "--quantization", "fp8"],
}


def judge(name):
    node = read(name)
    plan = dict(PLAN, nodes={"n1": {"gpus": [gpu["index"] for gpu in node["gpus"]]}})
    if node["gpus"] and node["gpus"][0]["vendor"] != "nvidia":
        plan["engine"] = {"name": "vllm", "device": "npu"}
        plan["nodes"] = {"n1": {"gpus": list(range(8))}}
    context = Context(node=node, plan=plan, host="n1")
    return {r["id"]: r for phase in ("pre", "post", "run") for r in evaluate(RULES, context, phase, PROBES, NEEDS)}


@pytest.mark.parametrize("name", NAMES)
def test_readers_do_not_trip(name):
    assert read(name)["problems"] == []


@pytest.mark.parametrize("name", NAMES)
def test_rules_say_what_the_machine_has(name):
    results = judge(name)
    for rule, status in load(name)["expect"].items():
        assert results[rule]["status"] == status, (rule, results[rule]["evidence"])


@pytest.mark.parametrize("name", NAMES)
def test_every_machine_names_its_sources(name):
    data = load(name)
    assert data["about"] and data["sources"] and data["expect"]


def test_two_4090():
    gpus = read("rtx4090-x2")["gpus"]
    assert [gpu["bus"] for gpu in gpus] == ["0000:17:00.0", "0000:b8:00.0"]
    assert gpus[0]["memory_bytes"] == 24564 * 2**20 and gpus[0]["free_bytes"] is None
    assert gpus[0]["compute_capability"] == "8.9" and gpus[0]["pci_id"] == "10de:2684"
    assert gpus[0]["nvlink"] is False and gpus[0]["mig"] is None and gpus[0]["fabric"] is None


def test_hgx():
    node = read("h20-x8")
    assert node["nvswitch"] is True and len(node["gpus"]) == 8
    assert all(gpu["nvlink"] and gpu["fabric"] == {"state": "Completed", "status": "Success"} for gpu in node["gpus"])
    assert node["nvidia"]["flavour"] == "open" and node["nvidia"]["fabric_manager"] == "535.161.08"


def test_an_old_driver_tells_less_and_the_bus_fills_in():
    gpus = read("v100-x8")["gpus"]
    assert len(gpus) == 8 and {gpu["architecture"] for gpu in gpus} == {"Volta"}
    assert {gpu["compute_capability"] for gpu in gpus} == {"7.0"} and {gpu["ecc_errors"] for gpu in gpus} == {0}
    assert gpus[0]["bus"] == "0000:00:0d.0" and gpus[0]["free_bytes"] == (32510 - 31689) * 2**20


def test_mig_does_not_shrink_the_card():
    gpus = read("a100-mig")["gpus"]
    assert gpus[0]["free_bytes"] == 81001 * 2**20
    assert [gpu["mig"] for gpu in gpus] == [True, False, False, False]
    assert gpus[0]["memory_bytes"] == 81920 * 2**20


def test_broken_driver_still_shows_the_card():
    node = read("driver-mismatch")
    assert [gpu["pci_id"] for gpu in node["gpus"]] == ["10de:2684"] and node["gpus"][0]["memory_bytes"] is None
    assert node["gpus"][0]["architecture"] == "Ada Lovelace"
    assert node["nvidia"]["module_version"] == "580.173.02" and node["nvidia"]["library_version"] == "580.178.04"
    assert "mismatch" in node["nvidia"]["smi_error"]


def test_secure_boot():
    node = read("secure-boot")
    assert node["boot"]["secure_boot"] is True and node["boot"]["lockdown"] == "integrity"
    assert node["boot"]["enrolled_keys"] == ["Debian Secure Boot CA"]
    assert node["nvidia"]["signer"] == "DKMS module signing key" and node["nvidia"]["module_version"] is None


@pytest.mark.parametrize(
    ("name", "vendor", "count", "first"),
    [("ascend-910b", "huawei", 4, "Ascend 910B"), ("hygon-k100-ai", "hygon", 2, "K100_AI"), ("mi300x", "amd", 2, None)],
)
def test_other_makers(name, vendor, count, first):
    node = read(name)
    assert [gpu["vendor"] for gpu in node["gpus"]] == [vendor] * count and node["gpus"][0]["name"] == first
    assert node["nvidia"] is None and node["nvswitch"] is False


def test_amd_memory():
    gpu = read("mi300x")["gpus"][0]
    assert gpu["memory_bytes"] == 206141652992 and gpu["free_bytes"] == 206141652992 - 297000960
