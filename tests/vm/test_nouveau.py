# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nouveau goes away for good: out of the next boot's initramfs, across a true reboot, by the role's contract."""

from __future__ import annotations

import pytest

BLACKLIST = "etc/modprobe.d/yitiji-nouveau.conf"
PENDING = "/var/lib/yitiji/reboot-pending"
# The drivers themselves can't be installed for a card that is not there; what surrounds them can.
WITHOUT_PACKAGES = ("-e", "nvidia_driver_install=false")


@pytest.fixture(scope="module", name="vm")
def fixture_vm(plain):
    plain.stand_in()
    return plain


def initramfs(vm) -> str:
    return vm.sh("lsinitramfs /boot/initrd.img-$(uname -r)")


def call_for_the_card(vm) -> None:
    """What the kernel does when it finds the card."""
    vm.sh("udevadm trigger --action=add --settle $(grep -l 0x1b36 /sys/devices/pci*/*/vendor | xargs -n1 dirname)")


def test_it_takes_the_card_by_itself(vm):
    assert vm.loaded("nouveau")
    assert "nouveau.ko" in initramfs(vm) and BLACKLIST not in initramfs(vm)
    assert vm.doctor()["LLM201"]["status"] == "fail"


def test_the_role_stops_at_a_reboot_it_may_not_make(vm):
    boot = vm.boot_id()
    run = vm.driver("reboot-never", *WITHOUT_PACKAGES)
    said = "\n".join(run.failures())
    assert not run.ok and "LLM217" in said and vm.name in said and "nouveau" in said, run.output[-3000:]
    assert "nvidia_driver_reboot: allowed" in said
    assert BLACKLIST in initramfs(vm)
    assert "nouveau is loaded" in vm.sh(f"cat {PENDING}")
    assert vm.boot_id() == boot and vm.loaded("nouveau")


def test_the_next_run_reboots_and_goes_on(vm):
    boot = vm.boot_id()
    image = vm.sh("stat -c %Y-%s /boot/initrd.img-$(uname -r)")
    run = vm.driver("reboot-allowed", *WITHOUT_PACKAGES, "-e", "nvidia_driver_reboot=allowed")
    assert run.ok, run.output[-3000:]
    after = [e["task"] for e in run.of("runner_on_ok")]
    assert after.index("Reboot") < after.index("Go on after the role")
    assert vm.boot_id() != boot
    assert vm.sh("stat -c %Y-%s /boot/initrd.img-$(uname -r)") == image  # made by the run before
    assert "absent" in vm.sh(f"test -e {PENDING} || echo absent")


def test_it_stays_away(vm):
    assert not vm.loaded("nouveau")
    call_for_the_card(vm)
    assert not vm.loaded("nouveau")
    assert "LLM201" not in vm.doctor()


def test_the_next_boot_loads_the_driver(vm):
    assert vm.loaded("nvidia") and vm.loaded("nvidia_uvm")
    boot = vm.boot_id()
    vm.sh("systemctl reboot", check=False)
    vm.reached_again(boot)
    assert vm.loaded("nvidia") and vm.loaded("nvidia_uvm") and not vm.loaded("nouveau")


def test_a_second_run_changes_nothing(vm):
    boot = vm.boot_id()
    run = vm.driver("again", *WITHOUT_PACKAGES, "-e", "nvidia_driver_reboot=allowed")
    assert run.ok and run.changes() == [], run.changes()
    assert vm.boot_id() == boot


def test_uninstall_lets_it_back(vm):
    """And shows that the card's stand-in calls for nouveau whenever nothing forbids it."""
    run = vm.driver("uninstall", *WITHOUT_PACKAGES, "-e", "vm_entry=uninstall")
    assert run.ok, run.output[-3000:]
    assert BLACKLIST not in initramfs(vm)
    assert "absent" in vm.sh(f"test -e /{BLACKLIST} || echo absent")
    assert "absent" in vm.sh("ls /etc/modules-load.d/yitiji* || echo absent")
    call_for_the_card(vm)
    assert vm.loaded("nouveau")
