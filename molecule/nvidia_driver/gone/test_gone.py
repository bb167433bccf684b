# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_packages_are_as_before(root):
    now = root("dpkg-query -W -f '${binary:Package} ${Version} ${Status}\\n'")
    assert now.splitlines() == root("cat /root/packages-before").splitlines()


def test_nothing_is_held(root):
    assert root("apt-mark showhold") == ""
    assert root("ls /etc/apt/apt.conf.d/52yitiji-hold 2>/dev/null") == ""


def test_nothing_of_ours_is_left(root):
    assert root("find /etc /var/lib/yitiji -name '*yitiji*' -path '*nvidia*' -o -name 'yitiji-nouveau*'") == ""
    assert root("ls /var/lib/yitiji 2>/dev/null") == ""
    kernel = root("ls /lib/modules")
    assert "yitiji" not in root(f"lsinitramfs /boot/initrd.img-{kernel}")
    assert root(f"find /lib/modules/{kernel} -name 'nvidia*'") == ""
