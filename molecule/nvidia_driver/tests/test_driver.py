# SPDX-License-Identifier: GPL-3.0-or-later
import json

import pytest


@pytest.fixture
def installed(host):
    """Debian 13 gets only what surrounds a driver."""
    if host.system_info.release.startswith("13"):
        pytest.skip("no driver is installed here")


@pytest.fixture
def kernel(root):
    return root("ls /lib/modules")


def test_the_module_is_built_for_the_nodes_kernel(host, root, kernel, installed):
    assert f"{kernel}, x86_64: installed" in root("dkms status")
    module = root(f"modinfo -k {kernel} -F version nvidia-current")
    assert module == host.package("nvidia-smi").version.split("-")[0]
    assert root(f"modinfo -k {kernel} -F vermagic nvidia-current-uvm").startswith(kernel)


def test_the_set_has_one_version(host, installed):
    versions = {
        host.package(name).version for name in ("nvidia-kernel-dkms", "nvidia-smi", "libcuda1", "libnvidia-ml1")
    }
    assert len(versions) == 1


def test_dkms_builds_by_itself_again(host, installed):
    assert not host.file("/etc/dkms/no-autoinstall").exists


def test_nouveau_is_kept_out_from_the_first_moment(root, kernel):
    assert "blacklist nouveau" in root("cat /etc/modprobe.d/yitiji-nouveau.conf")
    assert "etc/modprobe.d/yitiji-nouveau.conf" in root(f"lsinitramfs /boot/initrd.img-{kernel}").splitlines()


def test_an_upgrade_leaves_the_set_alone(host, root, installed):
    """A newer driver and kernel are offered; apt-get upgrade and unattended-upgrades leave both alone."""
    names = {"nvidia-smi", "nvidia-kernel-dkms", "libcuda1", "linux-image-cloud-amd64"}
    assert names <= set(root("apt-mark showhold").split())
    offered = " ".join(f"{name}=999.1-1" for name in sorted(names))
    root(
        "mkdir -p /srv/newer/DEBIAN && cd /srv && for package in " + offered + "; do n=${package%=*}; "
        "printf 'Package: %s\\nVersion: 9999:999.1-1\\nArchitecture: amd64\\nMaintainer: x <x@example.invalid>\\n"
        "Description: x\\n' $n > newer/DEBIAN/control; dpkg-deb -b newer $n.deb >/dev/null; done; "
        "dpkg-scanpackages -m . > Packages 2>/dev/null; "
        "echo 'deb [trusted=yes] file:///srv ./' > /etc/apt/sources.list.d/newer.list; apt-get update -qq"
    )
    try:
        assert "9999:999.1-1" in root("apt-cache policy nvidia-smi | grep Candidate")
        before = root("dpkg-query -W")
        host.run_test("DEBIAN_FRONTEND=noninteractive apt-get -y -q upgrade")
        after = root("dpkg-query -W")
        for name in names:
            assert f"{name}\t9999:" not in after and host.package(name).is_installed
        assert "nvidia-smi" in before
    finally:
        root("rm -rf /etc/apt/sources.list.d/newer.list /srv/newer /srv/*.deb /srv/Packages; apt-get update -qq")
    blacklist = root("apt-config dump Unattended-Upgrade::Package-Blacklist")
    assert "nvidia-(?!container)" in blacklist and "linux-(image" in blacklist


def test_services_wait_for_the_driver(host, root, installed):
    assert host.service("nvidia-persistenced").is_enabled
    assert root("systemctl show -p ConditionResult --value nvidia-persistenced") in ("no", "")
    assert root("systemctl is-failed nvidia-persistenced") != "failed"
    assert not host.package("nvidia-fabricmanager").is_installed
    assert root("cat /etc/modules-load.d/yitiji-nvidia.conf").splitlines()[1:] == ["nvidia", "nvidia-uvm"]


def test_nothing_asks_for_a_reboot(host):
    assert not host.file("/var/lib/yitiji/reboot-pending").exists


def test_what_came_is_remembered(root, installed):
    record = json.loads(root("cat /var/lib/yitiji/driver-packages.json"))
    assert "nvidia-kernel-dkms" in record["wanted"] and "dkms" in record["installed"] and not record["unfinished"]
