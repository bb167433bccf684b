# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_node_is_as_it_was(root):
    """But for nftables' own configuration, which is not purged: somebody may have written rules into it since."""
    root("listing | grep -v '^/etc/nftables.conf ' >/var/lib/after")
    assert root("diff /var/lib/before /var/lib/after") == ""
