# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real machines, as their outputs described them, through the readers and the rules."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node

from tests.unit.module_utils._facts.captured import capture
from tests.unit.module_utils.machines import NAMES, load, read


@pytest.mark.parametrize("name", NAMES)
def test_readers_do_not_trip(name):
    assert read(name)["problems"] == []


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
    assert gpus[0]["memory_bytes"] == (81920 - 869) * 2**20  # less what the driver keeps for itself


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


def test_nothing_at_all_is_no_error():
    node = read_node(capture(), epoch=1.0)
    assert node["problems"] == [] and node["gpus"] == [] and node["nvidia"] is None
    assert node["os"]["id"] is None and node["memory"]["total_bytes"] is None and node["nvswitch"] is None
    assert node["clock"] == {"epoch": 1.0, "synchronized": None, "source": None}
    json.dumps(node)


class Hostile(Host):
    """Everything trips."""

    def names(self, path):
        raise RuntimeError("odd hardware")

    def read_bytes(self, path):
        return b"\xff\xfe:::\n\n=\n" * 3

    def run(self, argv, timeout=5.0):
        raise RuntimeError("odd tool")


def test_hostile_input_never_fails():
    node = read_node(Hostile(), epoch=1.0)
    assert node["schema"] == 1 and node["problems"]
    json.dumps(node)


def test_this_machine_and_its_capture_agree():
    recorder = Recorder(Host())
    first = read_node(recorder, epoch=1.0)
    second = read_node(Capture(json.loads(json.dumps(recorder.data()))), epoch=1.0)
    assert first["problems"] == second["problems"] == []
    for key in ("os", "cpu", "mounts", "memory", "gpus", "disks", "network", "packages"):
        assert first[key] == second[key], key
