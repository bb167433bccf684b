# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver plan over recorded machines: what each gets, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import resolved
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver.plan import make_plan, merge_facts

from tests.unit.module_utils.machines import read

ROOT = Path(__file__).resolve().parents[4]


KINDS = read_catalog([str(ROOT / "plugins/catalog")], yaml.safe_load, ("drivers", "distributions"))
CATALOG = {**KINDS["drivers"], "systems": resolved(KINDS["distributions"])}


KERNEL = "6.1.0-40-amd64"


TODAY = "2026-11-22"


def node(name, system="debian", version="12", driver=False, **more):
    """A recorded machine on a system of our choice; without `driver` as it was before one came."""
    found = read(name)
    if not driver:
        found["nvidia"] = None
    return merge_facts(
        found,
        {
            "os": {"id": system, "version": version},
            "kernel": KERNEL,
            "kernels": [{"version": "6.1.0-39-amd64"}, {"version": KERNEL}],
            **more,
        },
    )


def plan(facts, **wishes):
    return make_plan(facts, CATALOG, {"today": TODAY, **wishes})


def refusal(facts, **wishes):
    with pytest.raises(Refusal) as caught:
        plan(facts, **wishes)
    return caught.value


@pytest.mark.parametrize(
    ("name", "cards", "branch", "flavour", "fabric"),
    [
        ("rtx4090-x2", 2, "580", "open", False),
        ("rtx4090-x4", 4, "580", "open", False),
        ("h20-x8", 8, "580", "open", True),
        ("v100-x8", 8, "580", "proprietary", False),
        ("a100-mig", 4, "580", "open", False),
        ("mixed", 4, "580", "open", False),
        ("b200-x8", 8, "580", "open", True),
    ],
)
def test_machines_with_nvidias_repository(name, cards, branch, flavour, fabric):
    made = plan(node(name), repository=True)
    assert made["verdict"] == "install"
    assert (made["cards"], made["branch"], made["flavour"], made["fabric_manager"]) == (cards, branch, flavour, fabric)
    assert ("nvidia-fabricmanager" in made["packages"]) is fabric
    assert ("nvidia-fabricmanager" in made["units"]) is fabric
    assert made["kernels"] == ["6.1.0-39-amd64", KERNEL]
    assert {f"linux-headers-{kernel}" for kernel in made["kernels"]} <= set(made["packages"])
    assert all(line["zh"] and line["en"] for line in made["reasons"])


def test_debian_itself():
    made = plan(node("rtx4090-x2"))
    assert (made["branch"], made["flavour"], made["source"], made["tested"]) == (
        "535",
        "proprietary",
        "archive",
        "real",
    )
    assert "nvidia-kernel-dkms" in made["packages"] and "nvidia-persistenced" in made["packages"]
    assert [warning["id"] for warning in made["warnings"]] == ["LLM221"]  # NVIDIA's own support has ended
    assert plan(node("rtx4090-x2", version="13"))["branch"] == "550"


def test_no_card():
    made = plan(dict(node("rtx4090-x2"), gpus=[]))
    assert made["verdict"] == "none" and made["reboot"] == []
    assert plan(dict(node("ascend-910b")))["verdict"] == "none"


def test_subnet_manager_exactly_with_nvlink_5():
    b200, h20 = plan(node("b200-x8"), repository=True), plan(node("h20-x8"), repository=True)
    assert b200["nvlsm"] and "nvlsm" in b200["packages"] and {"ib_umad", "mlx5_ib"} <= set(b200["modules"])
    assert not h20["nvlsm"] and "nvlsm" not in h20["packages"] and h20["modules"] == ["nvidia", "nvidia-uvm"]
    rack = node("b200-x8", gpus=[{"vendor": "nvidia", "pci_id": "10de:2941", "architecture": "Blackwell"}])
    assert not plan(rack, repository=True)["nvlsm"]  # in a rack both managers run on the switch trays


def test_everything_of_the_driver_has_one_version():
    made = plan(node("h20-x8"), repository=True)
    assert {"nvidia-driver-cuda", "nvidia-kernel-open-dkms", "nvidia-fabricmanager"} <= set(made["same_version"])
    assert made["version_of"] in made["same_version"]
    assert "nvidia-modprobe" not in made["same_version"]  # counts for itself


def test_ubuntu_takes_signed_modules_for_each_kernel():
    made = plan(node("h20-x8", "ubuntu", "24.04"))
    assert made["dkms"] is False and made["headers"] == []
    assert f"linux-modules-nvidia-580-server-open-{KERNEL}" in made["packages"]
    assert "nvidia-fabricmanager-580" in made["same_version"]
    assert made["secure_boot"]["verdict"] == "off"
    on = node("h20-x8", "ubuntu", "24.04", boot={"efi": True, "secure_boot": True, "enrolled_keys": []})
    assert plan(on)["secure_boot"] == {"on": True, "verdict": "signed"}


@pytest.mark.parametrize(
    ("system", "version"), [("rocky", "9.4"), ("rhel", "9.6"), ("openeuler", "22.03"), ("openEuler", "24.03")]
)
def test_rpm_systems(system, version):
    made = plan(node("v100-x8", system, version), repository=True)
    assert (made["manager"], made["stream"]) == ("dnf", "nvidia-driver:580-dkms")
    assert f"kernel-devel-{KERNEL}" in made["packages"] and "kmod-nvidia-latest-dkms" in made["packages"]
    assert made["initramfs"][0]["name"] == "dracut"
    assert refusal(node("v100-x8", system, version)).rule == "LLM218"  # it has no driver of its own


def test_wishes():
    assert plan(node("rtx4090-x2"), repository=True, branch="595")["branch"] == "595"
    assert plan(node("rtx4090-x2"), repository=True, flavour="proprietary")["flavour"] == "proprietary"
    assert plan(node("rtx4090-x2"), kernels=["6.1.0-41-amd64"])["kernels"] == ["6.1.0-41-amd64"]
    assert plan(node("rtx4090-x2"), persistence=False)["units"] == []


BLACKWELL = {"vendor": "nvidia", "pci_id": "10de:2b85", "architecture": "Blackwell"}


VOLTA = {"vendor": "nvidia", "pci_id": "10de:1db6", "architecture": "Volta"}


@pytest.mark.parametrize(
    ("facts", "wishes", "rule", "says"),
    [
        ({"gpus": [BLACKWELL, VOLTA]}, {"repository": True}, "LLM218", "different nodes"),
        ({"gpus": [BLACKWELL]}, {}, "LLM218", "nvidia_driver_repository_url"),
        ({"gpus": [BLACKWELL]}, {"repository": True, "branch": "535"}, "LLM218", "570, 580, 595"),
        ({"gpus": [BLACKWELL]}, {"repository": True, "flavour": "proprietary"}, "LLM205", "flavour: open"),
        ({"gpus": [VOLTA]}, {"repository": True, "flavour": "open"}, "LLM205", "flavour: proprietary"),
        ({"gpus": [VOLTA]}, {"repository": True, "branch": "595"}, "LLM218", "580"),
        ({"gpus": [VOLTA]}, {"branch": "580"}, "LLM218", "535"),
        ({"gpus": [VOLTA]}, {"branch": "999"}, "LLM218", "999"),
        ({"gpus": [dict(VOLTA, architecture=None)]}, {}, "LLM218", "10de:1db6"),
        ({"os": {"id": "gentoo", "version": ""}}, {}, "LLM218", "gentoo"),
        ({"nvswitch": True}, {}, "LLM566", "repository"),
        ({}, {"min_driver": "580.65"}, "LLM209", "580.65"),
        ({"kernel": "6.18.44-host"}, {}, "LLM239", "nvidia_driver_kernels"),
        ({"nvidia": {"installed_version": "535.1"}, "packages": []}, {}, "LLM238", "nvidia-uninstall"),
        ({}, {"repository": True, "today": "2030-01-01"}, "LLM221", "nvidia_driver_branch"),
    ],
)
def test_refusals(facts, wishes, rule, says):
    found = refusal(node("rtx4090-x2", **{"nvswitch": False, **facts}), **wishes)
    text = found.message("gpu01")
    assert found.rule == rule and says in text and "gpu01" in text
    assert found.remedy.zh and found.reason.zh


def test_an_ended_branch_by_its_name_is_only_warned_of():
    made = plan(node("rtx4090-x2"), repository=True, branch="550")
    assert made["branch"] == "550" and [warning["id"] for warning in made["warnings"]] == ["LLM221"]


def test_a_silenced_rule():
    assert plan(node("rtx4090-x2"), min_driver="580.65", ignore=["LLM209"])["branch"] == "535"


def secure(**more):
    return node("rtx4090-x2", boot={"efi": True, "secure_boot": True, "enrolled_keys": [], **more})


def test_secure_boot_stops_with_the_procedure():
    found = refusal(secure())
    assert found.rule == "LLM202"
    for word in ("mokutil --import /var/lib/dkms/mok.pub", "Enroll MOK", "openssl req"):
        assert word in found.remedy.en and word in found.remedy.zh
    assert refusal(node("secure-boot", boot={"efi": True, "secure_boot": True})).rule == "LLM202"


def test_secure_boot_with_an_enrolled_key():
    assert plan(secure(enrolled_keys=["DKMS module signing key"]))["secure_boot"] == {"on": True, "verdict": "enrolled"}
    assert plan(secure(secure_boot=None))["secure_boot"]["verdict"] == "unknown"


def test_reboot_is_needed_only_for_a_reason():
    assert plan(node("rtx4090-x2"))["reboot"] == []
    assert "nouveau" in plan(node("no-driver-nouveau"))["reboot"][0]["en"]
    old = node("rtx4090-x2", nvidia={"module_version": "535.1", "installed_version": "535.2"})
    assert "535.1" in plan(old, installs=False)["reboot"][0]["en"]
    other = plan(node("rtx4090-x2"), kernels=["6.1.0-41-amd64"])["reboot"]
    assert KERNEL in other[0]["en"]


def test_a_driver_that_works_stays():
    facts = node("rtx4090-x4", driver=True)
    made = plan(facts)
    assert made["verdict"] == "present" and "works" in made["reasons"][0]["en"] and "packages" not in made
    assert made["hold"] and made["kernels"]
    assert plan(facts, managed=True)["verdict"] == "install"  # ours is kept up
    assert plan(dict(facts, packages=None), branch="580", repository=True)["verdict"] == "install"
    broken = merge_facts(facts, {"nvidia": {"smi_error": "Driver/library version mismatch"}, "packages": None})
    assert plan(broken)["verdict"] == "install"


def test_a_driver_from_elsewhere_needs_no_catalogue():
    made = plan(node("rtx4090-x2", "gentoo", "1", kernel="custom"), installs=False)
    assert made["verdict"] == "present" and {tool["name"] for tool in made["initramfs"]} == {
        "initramfs-tools",
        "dracut",
    }


@pytest.mark.parametrize(
    ("system", "version", "manager"),
    [("rocky", "9.4", "dnf"), ("almalinux", "10.0", "dnf"), ("openEuler", "24.03", "dnf"), ("ubuntu", "22.04", "apt")],
)
def test_a_distribution_without_an_entry_uses_that_of_the_one_it_follows(system, version, manager):
    made = plan(node("rtx4090-x2", system, version), repository=True)
    assert (made["verdict"], made["manager"]) == ("install", manager)
    like = plan(node("rtx4090-x2", "siteos", "1"), repository=True, like="rhel-9")
    assert like["manager"] == "dnf" and refusal(node("rtx4090-x2", "siteos", "1")).rule == "LLM218"


def test_every_entry_says_what_was_tested():
    for name, entry in CATALOG.items():
        rows = entry.values() if name == "initramfs" else [entry]
        if name not in ("hardware", "systems"):
            assert all(row["tested"] in ("real", "data") for row in rows), name
