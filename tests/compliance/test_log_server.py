# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records go to a log server over TLS: a second node with rsyslog and a certificate, which is down for a while, and
then is another. In order."""

from __future__ import annotations

import json
import time

import labctl
import pytest
import sitectl

from tests.compliance.test_lab import LEVEL, report

SERVER, ADDRESS, OCTET, NAME = "logs", "10.77.0.61", "61", "logs.example.org"
KEPT = "/var/log/from-appliances.log"
# An authority, and two certificates of it: the server's, and that of another machine.
CERTIFICATES = f"""set -e; mkdir -p /etc/logs; cd /etc/logs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=logs-authority \
  -keyout ca.key -out ca.crt 2>/dev/null
for name in {NAME} other.example.org; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out request 2>&1
  echo "subjectAltName=DNS:$name" >names
  openssl x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out $name.crt 2>&1
done"""
LISTEN = """global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="/etc/logs/ca.crt"
  DefaultNetstreamDriverCertFile="/etc/logs/{0}.crt" DefaultNetstreamDriverKeyFile="/etc/logs/{0}.key")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" port="6514" ruleset="kept")
ruleset(name="kept") {{ action(type="omfile" file="{1}") }}
"""
WORD = "heliotrope"


def listens_as(name: str) -> None:
    labctl.put(SERVER, "root", {"logs.conf": LISTEN.format(name, KEPT).encode()})
    labctl.node("mv /root/logs.conf /etc/rsyslog.d/; systemctl restart rsyslog", SERVER)


def arrived(text: str, seconds: float = 60) -> int:
    """How many lines have it, once one does."""
    until = time.monotonic() + seconds
    while True:
        found = int(labctl.node(f"grep -c -- '{text}' {KEPT} || true", SERVER, check=False).strip() or 0)
        if found or time.monotonic() > until:
            return found
        time.sleep(1)


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Options of the level with this server."""
    labctl.clean_node(SERVER, OCTET, "trixie")
    install = "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y rsyslog rsyslog-gnutls openssl >/dev/null"
    labctl.node(f"apt-get -qq update && {install}", SERVER, timeout=600)
    labctl.node(CERTIFICATES, SERVER)
    listens_as(NAME)
    authority = tmp_path_factory.mktemp("logs") / "ca.crt"
    authority.write_text(labctl.node("cat /etc/logs/ca.crt", SERVER), encoding="utf-8")
    labctl.clean_node(base="trixie")
    labctl.node(f"echo '{ADDRESS} {NAME}' >>/etc/hosts")
    settings = {
        "compliance_syslog_host": NAME, "compliance_syslog_ca_file": str(authority), "appliance_audit": True,
    }  # fmt: skip
    path = authority.with_name("vars.json")
    path.write_text(json.dumps(settings))
    yield (*LEVEL, "-e", f"@{path}")
    labctl.lab("down", SERVER)


def test_level_and_log_server(sent):
    run = sitectl.site("logs-site", *sent)
    assert run.ok, run.story()
    run, found = report("logs-report", *sent[len(LEVEL) :])
    assert run.ok and [row["number"] for row in found["controls"] if row["state"] == "open"] == [], run.story()
    assert any("StreamDriverMode" in json.dumps(row) for row in found["controls"]), "its evidence is shown"


def test_who_asked_reaches_it_and_no_word_of_what(sent):
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    body = json.dumps({"model": "tiny-r1-distill", "max_tokens": 8, "messages": [{"role": "user", "content": WORD}]})
    words = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json", "-d", body]
    assert '"choices"' in labctl.curl(*words, f"https://{labctl.ADDRESS}/v1/chat/completions")
    assert arrived("/v1/chat/completions"), labctl.journal()
    assert arrived(WORD, 0) == 0


def test_what_happens_on_the_node_reaches_it(sent):
    labctl.node("logger -p auth.notice sign-of-life-1")
    assert arrived("sign-of-life-1")


def test_what_happens_while_it_is_down_waits(sent):
    labctl.node("systemctl stop rsyslog syslog.socket", SERVER)
    labctl.node("sleep 3; for n in $(seq 200); do logger -p auth.notice while-down-$n-; done")
    labctl.node("systemctl start rsyslog", SERVER)
    assert arrived("while-down-200-", 120)
    lacking = [n for n in range(1, 201) if not arrived(f"while-down-{n}-", 0)]
    assert lacking in ([], [1]), "TCP alone can't know what of the first lines was lost on the way"


def test_another_server_gets_nothing(sent):
    """Of the same authority, with another name."""
    listens_as("other.example.org")
    labctl.node("sleep 3; for n in 1 2 3; do logger -p auth.notice not-for-you-$n-; sleep 1; done")
    assert arrived("not-for-you-3-", 20) == 0
    listens_as(NAME)
    assert arrived("not-for-you-3-", 120), labctl.journal()


def test_a_second_run_changes_nothing(sent):
    run = sitectl.site("logs-second", *sent)
    assert run.ok and run.changes() == [], run.story()


def test_switched_off_nothing_is_sent(sent):
    run = sitectl.site("logs-off", *LEVEL)
    assert run.ok, run.story()
    labctl.node("logger -p auth.notice nobody-is-told")
    assert arrived("nobody-is-told", 15) == 0
    assert labctl.node("ls /etc/rsyslog.d /etc/yitiji | grep -E 'compliance|syslog-ca' || true").strip() == ""
