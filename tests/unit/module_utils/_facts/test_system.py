# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers one by one: what they make of odd, missing and hostile input."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import system
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import states

from tests.unit.module_utils._facts.captured import capture


def test_mounts():
    info = (
        "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
        "23 22 0:21 / /proc rw - proc proc rw\n"
        "24 22 8:3 / /srv/my\\040models ro,noatime - xfs /dev/sdb1 rw\n"
        "25 22 0:50 / /mnt/nas rw - nfs4 10.0.0.1:/x rw\n"
        "broken line\n"
    )
    found = system.mounts(
        capture(
            {"/proc/self/mountinfo": info},
            {"stat -f -c %S %b %a %c %d /mnt/nas": "4096 100 50 10 5\n"},
            spaces={"/": [1000, 500, 10, 9]},
        )
    )
    assert [m["path"] for m in found] == ["/", "/mnt/nas", "/srv/my models"]
    assert found[0]["available_bytes"] == 500 and found[2]["read_only"] and found[2]["size_bytes"] is None
    assert found[1]["available_bytes"] == 50 * 4096


def test_a_dead_network_mount_is_null():
    info = "25 22 0:50 / /mnt/nas rw - nfs4 10.0.0.1:/x rw\n"
    assert system.mounts(capture({"/proc/self/mountinfo": info}))[0]["available_bytes"] is None


def test_cpu_of_two_sockets_and_of_arm():
    blocks = [f"processor\t: {n}\nmodel name\t: Xeon\nphysical id\t: {n // 4}\ncore id\t: {n % 2}\n" for n in range(8)]
    found = system.cpu(capture({"/proc/cpuinfo": "\n".join(blocks)}))
    assert (found["sockets"], found["cores"], found["threads"], found["model"]) == (2, 4, 8, "Xeon")
    files = {"/proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\nFeatures\t: fp asimd\n"}
    for n in range(2):
        base = f"/sys/devices/system/cpu/cpu{n}/topology/"
        files.update({base + "physical_package_id": "0\n", base + "core_id": f"{n}\n"})
    found = system.cpu(capture(files))
    assert (found["sockets"], found["cores"], found["threads"], found["flags"]) == (1, 2, 2, ["asimd", "fp"])


def test_packages():
    """Of those on which a node's health depends; what is asked and read is the package managers' own room's."""
    text = "nvidia-driver 535.309.01-1 hi \nvim 2 ii \ncuda-drivers 1 iF \ndkms 3 rc \n"
    found = system.packages(capture(commands={" ".join(states.DPKG): text}))
    assert [(p["name"], p["version"], p["held"], p["broken"]) for p in found] == [
        ("nvidia-driver", "535.309.01-1", True, False), ("cuda-drivers", "1", False, True),
    ]  # fmt: skip
    rpm = {" ".join(states.RPM): "kernel-core\tx86_64\t0:5.14-1\nnano\tx86_64\t0:1-1\nnvidia-driver\tx86_64\t3:570-1\n"}
    lock = {"/etc/dnf/plugins/versionlock.list": "nvidia-driver-3:570-1.*\n"}
    found = system.packages(capture(lock, rpm))
    assert [(p["name"], p["version"], p["held"]) for p in found] == [
        ("kernel-core", "5.14-1", False), ("nvidia-driver", "570-1", True),
    ]  # fmt: skip
    assert system.packages(capture()) is None


def test_services_in_their_order():
    keys = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ConditionResult"
    answer = (
        "Id=docker.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nResult=success\n\n"
        "Id=nginx.service\nLoadState=not-found\nActiveState=inactive\n"
    )
    host = capture(
        commands={f"systemctl show {keys} -- docker.service nginx.service": answer}, directories=["/run/systemd/system"]
    )
    found = system.services(host, ("docker", "nginx"))
    assert list(found) == ["docker"] and found["docker"]["active"] == "active"
    assert system.services(capture(), ("docker",)) == {}


def test_version_order():
    names = ["6.1.0-9-amd64", "6.1.0-40-amd64", "6.12.1-amd64", "5.10.0-1-amd64"]
    assert sorted(names, key=system.version_key) == [names[3], names[0], names[1], names[2]]


def test_disks_and_clock():
    files = {
        "/sys/block/nvme0n1/size": "7501476528\n", "/sys/block/nvme0n1/queue/rotational": "0\n",
        "/sys/block/nvme0n1/device/model": "U.2 drive\n", "/sys/block/loop0/size": "8\n", "/sys/block/sda/size": "0\n",
    }  # fmt: skip
    assert system.disks(capture(files)) == [
        {"name": "nvme0n1", "size_bytes": 7501476528 * 512, "rotational": False, "model": "U.2 drive"}
    ]
    assert system.clock(Capture({"synchronized": False}), 5.0)["synchronized"] is False
    assert system.clock(capture(), 5.0)["synchronized"] is None
    there = Capture({"synchronized": False, "directories": ["/run/systemd/timesync/synchronized"]})
    assert system.clock(there, 5.0)["synchronized"] is True
    recorder = Recorder(Host())
    kept = system.clock(recorder, 5.0)["synchronized"]
    assert kept in (True, False) and recorder.data()["synchronized"] is Host().synchronized()
    keys = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ConditionResult"
    names = "chrony.service chronyd.service systemd-timesyncd.service ntp.service ntpd.service ntpsec.service"
    asked = {f"systemctl show {keys} -- {names}": "LoadState=loaded\nActiveState=active\n"}
    assert system.clock(capture(commands=asked, directories=["/run/systemd/system"]), 5.0)["source"] == "chrony"


def test_kernels_and_boot():
    files = {
        "/boot/vmlinuz-6.1.0-40-amd64": "", "/boot/vmlinuz-6.1.0-9-amd64": "",
        "/lib/modules/6.1.0-40-amd64/build/Makefile": "", "/lib/modules/6.1.0-9-amd64/kernel/x": "",
        "/lib/modules/5.0-leftover/modules.dep": "", "/proc/cmdline": "quiet iommu=pt\n", "/proc/1/comm": "systemd\n",
    }  # fmt: skip
    found = system.kernels(capture(files))
    assert [(k["version"], k["headers"], k["image"]) for k in found] == [
        ("6.1.0-9-amd64", False, True), ("6.1.0-40-amd64", True, True),
    ]  # fmt: skip
    found = system.boot(capture(files))
    assert found["secure_boot"] is False and not found["efi"] and found["init"] == "systemd"
    assert system.boot(capture(files, directories=["/sys/firmware/efi"]))["secure_boot"] is None


@pytest.mark.parametrize("text", ["", "ID=debian\nVERSION_ID=\"12\nBROKEN='", "# ID=x\nID=debian\nVERSION_ID=12\n"])
def test_os_release(text):
    found = system.os_release(capture({"/etc/os-release": text}))
    assert found["id"] in (None, "debian") and "ID" not in found
