# SPDX-License-Identifier: GPL-3.0-or-later
def test_nothing_is_left(root, names):
    assert root("ls -d /etc/yitiji/monitoring /var/lib/yitiji/metrics /usr/local/bin/yitiji-metrics 2>/dev/null") == ""
    assert root("ls /etc/systemd/system | grep -E 'prometheus|yitiji-(prom|node|nginx|alert|metrics)'") == ""
    installed = root(names["installed"])
    assert "sudo" in installed
    assert "prometheus" not in installed and "node_exporter" not in installed
    assert root("ss -Hlnt | grep -E ':(9090|9093|9100|9113|8811) '") == ""


def test_nginx_stays(host):
    assert host.service("nginx").is_running
