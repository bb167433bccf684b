def test_nothing_answers(root):
    assert root("ss -Hltn '( sport = :443 or sport = :80 )'") == ""


def test_nothing_of_ours_is_left(host, root):
    assert not host.package("nginx").is_installed
    assert root("ls -d /etc/yitiji/tls /var/lib/yitiji/gateway-packages 2>/dev/null") == ""
