# SPDX-License-Identifier: GPL-3.0-or-later
import pytest


def test_a_setting_holds_now_and_at_boot(root):
    assert root("cat /proc/sys/net/core/somaxconn") == "5001"
    assert "net.core.somaxconn = 5001" in root("cat /etc/sysctl.d/60-yitiji.conf")
    root("echo 4096 >/proc/sys/net/core/somaxconn; systemctl restart systemd-sysctl")
    assert root("cat /proc/sys/net/core/somaxconn") == "5001"


def test_what_is_the_hosts_is_neither_failed_nor_promised(root):
    """The node's kernel is the host's: its other settings are read-only, or not there."""
    assert "numa_balancing" not in root("cat /etc/sysctl.d/60-yitiji.conf")


def test_memory_may_be_locked(host, root):
    assert root("su -s /bin/sh root -c 'grep -c memlock /etc/security/limits.d/60-yitiji-memlock.conf'") == "2"
    assert "LimitMEMLOCK=infinity" in root("cat /etc/systemd/system/docker.service.d/yitiji-memlock.conf")


def test_chrony_knows_the_lan_source(host, root):
    """chronyd reads its configuration for real (-p prints it); the clock itself is the host's."""
    assert host.package("chrony").is_installed
    assert "server 10.77.0.1 iburst prefer" in root("cat /etc/chrony/sources.d/yitiji.sources")
    assert "sourcedir /etc/chrony/sources.d" in root("chronyd -p -f /etc/chrony/chrony.conf")


@pytest.mark.parametrize("name", ["docker", "nvidia-", "linux-image-"])
def test_unattended_upgrades_leave_the_ground_alone(root, name):
    assert f'Unattended-Upgrade::Package-Blacklist:: "{name}";' in root("apt-config dump Unattended-Upgrade")


def test_the_command_line_waits_for_a_reboot(root):
    assert "iommu=pt" in root(". /etc/default/grub.d/yitiji-iommu.cfg; echo $GRUB_CMDLINE_LINUX_DEFAULT")
    assert "iommu=pt" in root("cat /var/lib/yitiji/reboot-pending-iommu")
