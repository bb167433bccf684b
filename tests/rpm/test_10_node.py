# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's RPM node is what its table says: real dnf, the family's names and layout, nothing of apt."""

from __future__ import annotations

import json

import labctl
import pytest

NODE = "rpm1"


@pytest.fixture(scope="module", autouse=True)
def clean():
    labctl.clean_node(NODE, "31", "rpm")
    yield
    labctl.lab("down", NODE)


def node(command: str, check: bool = True) -> str:
    return labctl.node(command, NODE, check).strip()


def vendors() -> dict[str, dict[str, str]]:
    said = json.loads((labctl.RPM_CATALOGUE / "distributions/lab.yml").read_text())
    return said["rocky-9"]["repositories"]


def test_who_it_says_it_is():
    assert 'ID="rocky"' in node("cat /etc/os-release")
    assert node("cat /etc/redhat-release").startswith("Rocky Linux release 9")
    assert node("command -v apt apt-get dpkg dpkg-query update-alternatives; ls -d /var/lib/dpkg /etc/apt", False) == ""
    assert node("systemctl --failed --no-legend") == ""


def test_dnf_installs_over_http_and_nothing_starts():
    node("dnf -y -q install chrony nftables redis")
    assert node("systemctl is-enabled chronyd nftables redis", False).split() == ["enabled", "disabled", "disabled"]
    assert node("systemctl is-active chronyd nftables redis", False).split() == ["inactive"] * 3
    assert node("ls /etc/chrony.conf /etc/sysconfig/nftables.conf /etc/redis/redis.conf").count("\n") == 2
    node("systemctl start nftables redis")
    assert node("redis-cli ping") == "PONG"
    assert node("rpm -V chrony nftables redis") == ""


def test_vendors_repositories_are_signed_and_not_configured():
    assert "docker" not in node("dnf -q repolist --all")
    for name, said in vendors().items():
        text = f"[{name}]\nname={name}\nbaseurl={said['url']}\ngpgcheck=1\ngpgkey={said['key_url']}\n"
        node(f"cat >/etc/yum.repos.d/{name}.repo <<'E'\n{text}E")
    node("dnf -y -q install docker-ce containerd.io nginx nginx-module-njs age prometheus2")
    assert node("systemctl is-active docker nginx prometheus", False).split() == ["inactive"] * 3
    node("sed -i '1i load_module /etc/nginx/modules/ngx_http_js_module.so;' /etc/nginx/nginx.conf")
    node("nginx -t -q")
    node("systemctl start docker nginx")
    assert node("docker info --format '{{.Driver}}'") == "overlay2"
    assert node("ps -o user= -C nginx | sort -u").split() == ["nginx", "root"]
    assert "Welcome to nginx" in node("curl -s 127.0.0.1")


def test_removal_leaves_nothing_running():
    before = node("rpm -qa | grep -vE '^gpg-pubkey' | wc -l")
    node("dnf -y -q remove docker-ce docker-ce-cli containerd.io nginx redis")
    assert int(node("rpm -qa | grep -vE '^gpg-pubkey' | wc -l")) < int(before)
    assert node("systemctl is-active docker nginx redis containerd", False).split() == ["inactive"] * 4
    assert node("pgrep -c 'dockerd|nginx|redis'", False) == "0"
