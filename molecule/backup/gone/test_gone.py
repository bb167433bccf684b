# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_node_is_as_it_was_but_for_the_backups(root):
    root("listing | grep -v '^/var/lib/yitiji/backups/' >/var/lib/after")
    assert root("diff /var/lib/before /var/lib/after") == ""


def test_the_backups_stay(root):
    assert root("ls /var/lib/yitiji/backups").endswith(".tar.gz.age")
