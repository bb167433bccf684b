# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that keeps inner ports from other users, and containers from the network."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import guard

UIDS = {"root": 0, "@nginx": 33, "prometheus": 105, "10001": 10001, "ollama": 998}
LOOKUP = guard.Lookup(
    uids=lambda name: [UIDS[name]] if name in UIDS else [],
    bridges=lambda network: sorted({guard.bridge(network), "br-0123456789ab"}),
    addresses=lambda host: {"sso.example.org": ["10.9.0.5", "fd00::5"]}.get(host, []),
    nameservers=lambda: ["10.9.0.1"],
    place=lambda path: "db.example.org:5432" if path == "/secret" else "",
)
EMPTY = {part: [] for part in guard.PARTS}
ENGINE = {"doors": [{"ports": [8000, 8001], "users": ["@nginx", "prometheus", "nobody-there"]}]}
PAGE = {"networks": [{"name": "page", "to": ["sso.example.org", "10.9.0.7:636"], "node": ["169.254.213.1:8002"]}]}
CLUSTER = {
    "users": [{"user": "10001", "to": [], "near": ["10.0.0.1", "10.0.0.2"]}],
    "between": [{"addresses": ["10.0.0.1", "fd00::2"], "users": ["10001"]}],
}


def rules(**wanted):
    return guard.render({**EMPTY, **wanted}, LOOKUP)


def chain(text: str, name: str) -> list[str]:
    return [line.strip() for line in text.split(f"chain {name} {{\n")[1].split("\n    }", maxsplit=1)[0].splitlines()]


def test_a_port_answers_root_and_who_is_named_and_there():
    found = chain(rules(**ENGINE), "leaving")[1:]
    match = 'oifname "lo" tcp dport { 8000, 8001 }'
    assert found == [
        f"{match} meta skuid {{ 0, 33, 105 }} accept",
        f"{match} meta skuid 0-4294967294 counter reject",
        f"{match} tcp flags & (syn | ack) == syn counter reject",
    ]


def test_further_users_reach_every_port():
    assert "skuid { 0, 33, 105, 998 }" in rules(**ENGINE, keepers=["ollama"])


def test_a_container_reaches_what_is_named_and_nothing_else():
    text = rules(**PAGE)
    assert chain(text, "out_0") == [
        "ct state established,related accept",
        "ip daddr 10.9.0.5 tcp dport 443 accept",
        "ip6 daddr fd00::5 tcp dport 443 accept",
        "ip daddr 10.9.0.7 tcp dport 636 accept",
        "ip daddr 10.9.0.1 udp dport 53 accept",
        "ip daddr 10.9.0.1 tcp dport 53 accept",
        "counter drop",
    ]
    assert chain(text, "in_0") == ["ip daddr 169.254.213.1 tcp dport 8002 accept", "jump out_0"]
    assert 'iifname { "br-0123456789ab", "br-page" } jump out_0' in chain(text, "through")
    elsewhere = 'iifname != { "br-0123456789ab", "br-page", "lo" }'
    assert f"{elsewhere} ip daddr 169.254.213.1 counter drop" in chain(text, "inward")


def test_without_a_name_no_name_server_is_reached():
    text = rules(networks=[{"name": "engines", "to": ["10.9.0.7:443"]}])
    assert "dport 53" not in text and chain(text, "out_0")[-1] == "counter drop"


def test_containers_own_addresses_answer_root_alone():
    found = [line for line in chain(rules(**PAGE), "leaving") if line.startswith("oifname {")]
    assert [line.split("original ")[1] for line in found] == [
        "meta skuid { 0 } accept",
        "meta skuid 0-4294967294 counter reject",
        "tcp flags & (syn | ack) == syn counter reject",
    ]


def test_an_address_in_a_secret_is_opened():
    lookup = LOOKUP._replace(addresses=lambda host: ["10.9.0.9"])
    text = guard.render({**EMPTY, "networks": [{"name": "page", "to": ["@/secret", "@/missing"]}]}, lookup)
    assert "ip daddr 10.9.0.9 tcp dport 5432 accept" in text


def test_an_engine_on_the_nodes_network_reaches_its_peers_alone_and_people_do_not():
    text = rules(**CLUSTER)
    leaving = chain(text, "leaving")
    match = "meta l4proto { tcp, udp } th dport 1024-65535 meta skuid"
    assert f"ip daddr 10.0.0.1 {match} {{ 10001 }} accept" in leaving
    assert f"ip6 daddr fd00::2 {match} 1000-60000 counter reject" in leaving
    own = next(line for line in leaving if "jump user_" in line)
    assert own.startswith('oifname != "lo" meta skuid { 10001 }')
    assert chain(text, own.rpartition(" ")[2])[1:] == [
        "ip daddr 10.0.0.1 accept", "ip daddr 10.0.0.2 accept", "counter reject",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["10.0.0.1:80", "[fd00::1]:80", "host:80"])
def test_places_are_split(place):
    assert guard.split(place) == (place.rpartition(":")[0].strip("[]"), 80)
    assert guard.split("fd00::1", 5) == ("fd00::1", 5) and guard.split("host", 443) == ("host", 443)


def test_a_bridge_has_a_name_of_its_own_that_the_kernel_takes():
    assert guard.bridge("yitiji") == "br-yitiji"
    long = guard.bridge("a-network-with-a-long-name")
    assert len(long) == 15 and long != guard.bridge("a-network-with-a-long-nam2")


def test_the_files_of_all_roles_are_one(tmp_path):
    (tmp_path / "engine.json").write_text(json.dumps(ENGINE))
    (tmp_path / "open_webui.json").write_text(json.dumps(PAGE))
    found = guard.read(str(tmp_path))
    assert found == {**EMPTY, **ENGINE, **PAGE}
    assert guard.read(str(tmp_path / "none")) == EMPTY


@pytest.mark.skipif(not shutil.which("nft") or not shutil.which("unshare"), reason="nft checks the script")
def test_nft_takes_it():
    text = rules(**ENGINE, **PAGE, **CLUSTER)
    words = ["unshare", "-rn", "nft", "-c", "-f", "-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if "not permitted" in done.stderr and "Error:" not in done.stderr:
        pytest.skip("no namespaces here")
    assert done.returncode == 0, done.stderr


def test_a_bridges_name_is_kept_as_long_as_the_kernel_takes_it():
    assert guard.bridge("x" * 12) == "br-" + "x" * 12 and len(guard.bridge("x" * 13)) == 15
    assert guard.bridge("x" * 13) != guard.bridge("x" * 14)
