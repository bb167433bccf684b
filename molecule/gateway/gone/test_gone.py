# SPDX-License-Identifier: GPL-3.0-or-later
def test_nothing_answers(root):
    assert root("ss -Hltn '( sport = :443 or sport = :80 )'") == ""


def test_nothing_of_ours_is_left(host, root):
    assert not host.package("nginx").is_installed
    assert root("ls /etc/yitiji/secrets").split() == ["engine-key", "page-key"], "those of others"
    assert root("systemctl list-timers --no-legend 'yitiji-gateway*'") == ""
    ours = "/etc/yitiji/tls /etc/nginx/yitiji /usr/local/lib/yitiji/gateway-renew /usr/local/share/yitiji-help"
    ours += " /var/lib/yitiji/packages"
    assert root(f"ls -d {ours} 2>/dev/null") == ""
    assert root("find /etc/nginx -name '*.rpmsave' 2>/dev/null") == "", "nginx.conf was not as it had come"


def test_the_packages_are_those_of_before(root, names):
    assert root(names["installed"]) == root("cat /root/packages-before")
    assert root(r"grep -c '\bopenssl[ -][0-9]' /root/packages-before") == "1"
