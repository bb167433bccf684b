# SPDX-License-Identifier: GPL-3.0-or-later
def test_our_table_is_gone_and_others_stay(root):
    tables = root("nft list tables")
    assert "yitiji" not in tables and "demo-docker" in tables


def test_nothing_of_ours_is_left(root):
    assert root("ls /etc/yitiji/firewall.nft /etc/systemd/system/yitiji-firewall.service 2>/dev/null") == ""
    assert root("systemctl list-units --all --no-legend 'yitiji-firewall*'") == ""
