# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What apt and dnf say they would do."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import managers as words
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import packages
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import parse_steps
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Steps

from tests.unit.module_utils._driver.recorded import said


def test_apt_would_install():
    possible, steps = words.understood("apt", 0, said("apt-simulated.txt"))
    assert possible and steps.removed == [] and steps.upgraded == {}
    assert steps.new["nvidia-smi"].startswith("550.163.01") and "libnvidia-ml1" in steps.new


def test_apt_would_upgrade_and_remove():
    text = "Inst gcc [1-1] (1-2 Debian:13 [amd64])\nInst new (2 Debian:13 [amd64])\nRemv old [3]\nPurg older [4]\n"
    assert parse_steps(text) == Steps({"new": "2"}, {"gcc": "1-2"}, ["old", "older"])


def test_dnf():
    possible, steps = words.understood("dnf", 1, said("dnf-simulated.txt"))
    assert possible and set(steps.new) == {"nvidia-driver-cuda", "dkms", "nvidia-kmod", "nvidia-modprobe"}
    assert words.upstream(steps.new["nvidia-driver-cuda"]) == "580.95.05"
    assert words.understood("dnf", 1, said("dnf-impossible.txt"))[0] is False
    assert words.understood("dnf", 1, said("dnf-no-headers.txt"))[0] is False
    assert words.understood("dnf", 0, said("dnf-nothing.txt")) == (True, Steps({}, {}, []))
    assert words.parse_dnf(said("dnf-removal.txt")).removed == ["dkms", "nvidia-driver-cuda", "nvidia-kmod"]


@pytest.mark.parametrize(
    ("name", "rule", "says"),
    [
        ("apt-impossible.txt", "LLM219", "firmware-nvidia-gsp (= 535.261.03)"),
        ("dnf-impossible.txt", "LLM219", "nothing provides nvidia-firmware"),
        ("apt-no-headers.txt", "LLM232", "linux-headers-6.1.0-9-amd64"),
        ("dnf-no-headers.txt", "LLM232", "kernel-devel-5.14"),
    ],
)
def test_the_resolvers_own_reason_is_told(name, rule, says):
    found = packages.impossible(words.complaints(said(name)), {"flavour": "open"})
    assert found.rule == rule and says in found.reason.en and says in found.reason.zh
    if rule == "LLM219":
        assert "nvidia_driver_flavour: proprietary" in found.remedy.en


def test_what_is_installed():
    text = "nvidia-smi 535-1 ii \nlibcuda1:amd64 535-1 ii \nlibcuda1:i386 535-1 ii \nhalf 1 iF \ngone 1 rc \n"
    assert set(words.parse_installed(text)) == {"nvidia-smi", "libcuda1", "libcuda1:i386"}
    assert "half" in words.parse_installed(text, whole=False) and "gone" not in words.parse_installed(text, whole=False)
    rpm = words.parse_installed("kernel-devel 5.14.0-427.el9 ii x86_64\nkernel-devel 5.14.0-503.el9 ii x86_64\n")
    assert {"kernel-devel-5.14.0-427.el9.x86_64", "kernel-devel-5.14.0-503.el9.x86_64"} <= set(rpm)
