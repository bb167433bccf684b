# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_rules_are_kept(host, root):
    assert host.service("yitiji-guard").is_running and host.service("yitiji-guard").is_enabled
    assert "table inet yitiji_guard" in root("nft list tables")
    assert root("stat -c %a /etc/yitiji/guard.d /etc/yitiji/guard.d/isolation.json") == "700\n600"


def test_the_table_stays_when_the_program_stops(root):
    root("systemctl stop yitiji-guard")
    assert "table inet yitiji_guard" in root("nft list tables")
    root("systemctl start yitiji-guard")


def test_a_port_of_a_role_is_shut_for_other_users(host, root):
    """The file that a role writes; the one who may is the user `daemon`, the other is `nobody`."""
    door = '{"doors": [{"ports": [18123], "users": ["daemon"]}]}'
    root(f"echo '{door}' >/etc/yitiji/guard.d/test.json; /usr/local/lib/yitiji/guard load")
    root("systemd-run --unit=door -q python3 -m http.server 18123 --bind 127.0.0.1; sleep 2")
    ask = "setpriv --reuid={} --clear-groups curl -sS -m 5 -o /dev/null http://127.0.0.1:18123/"
    try:
        assert host.run(ask.format("daemon")).rc == 0
        assert host.run(ask.format("nobody")).rc != 0
    finally:
        root("systemctl stop door; rm /etc/yitiji/guard.d/test.json; /usr/local/lib/yitiji/guard load")
