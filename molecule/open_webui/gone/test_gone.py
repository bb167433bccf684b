# SPDX-License-Identifier: GPL-3.0-or-later
def test_unit_and_copies_of_secrets_are_gone(root):
    assert root("systemctl list-unit-files --no-legend 'yitiji-open-webui*'") == ""
    assert root("ls /etc/yitiji/secrets/yitiji-open-webui.env /var/lib/yitiji/open-webui-look 2>/dev/null") == ""


def test_data_stay_unless_asked(host, root):
    kept = not host.backend.get_pytest_id().endswith("mol13")
    for path in ("/var/lib/yitiji/open-webui/webui.db", "/etc/yitiji/secrets/open-webui-session"):
        assert host.file(path).exists is kept


def test_backups_stay(host, root):
    assert bool(root("ls /var/lib/yitiji/backups/*.tar.gz")) is not host.backend.get_pytest_id().endswith("mol13")
