# SPDX-License-Identifier: GPL-3.0-or-later
import time

import pytest

ASK = "openssl s_client -connect 10.77.0.113:443 -servername appliance.example.test"
SERVED = f"echo | {ASK} 2>/dev/null | openssl x509 -noout"


@pytest.fixture(autouse=True)
def appliance(host):
    if host.check_output("hostname") != "mol13":
        pytest.skip("the authority")


def test_the_authoritys_certificate_is_served(root):
    assert "Pebble Intermediate CA" in root(f"{SERVED} -issuer")
    assert "DNS:appliance.example.test" in root(f"{SERVED} -ext subjectAltName")


def test_its_key_is_for_root_alone(root):
    assert root("stat -L -c '%a %U' /etc/letsencrypt/live/yitiji/privkey.pem") == "600 root"


def test_it_is_renewed_by_its_timer_and_nginx_serves_it_without_a_restart(host, root):
    assert host.service("certbot.timer").is_enabled
    master, old = root("cat /run/nginx.pid"), root(f"{SERVED} -serial")
    root(
        "sed -i 's/^ExecStart=.*/& --force-renewal --no-random-sleep-on-renew/' /usr/lib/systemd/system/certbot.service"
    )
    root("systemctl daemon-reload")
    assert host.run("systemctl start certbot.service").rc == 0
    for _ in range(20):
        new = root(f"{SERVED} -serial")
        if new != old:
            break
        time.sleep(0.5)
    assert new.startswith("serial=") and new != old
    assert root("cat /run/nginx.pid") == master
