# SPDX-License-Identifier: GPL-3.0-or-later
import json

import pytest

ASK = "curl -sS -k -m 20"


def test_runs_and_starts_at_boot(host):
    nginx = host.service("nginx")
    assert nginx.is_running and nginx.is_enabled


def test_http_only_leads_to_https(root):
    told = root(f"{ASK} -o /dev/null -w '%{{http_code}} %{{redirect_url}}' http://127.0.0.1/x")
    code, target = told.split()
    assert code in ("301", "308") and target.startswith("https://")


def test_passes_the_page_on_with_the_callers_address(root):
    seen = {
        k.lower(): v for k, v in json.loads(root(f"{ASK} -H 'X-Forwarded-For: 6.6.6.6' https://127.0.0.1/")).items()
    }
    assert seen["x-forwarded-for"] == "127.0.0.1", "what a client claims about itself is not passed on"
    assert seen["x-forwarded-proto"] == "https"


def test_an_answer_arrives_as_it_is_made(root):
    told = root(f"{ASK} -N -o /dev/null -w '%{{time_starttransfer}} %{{time_total}}' https://127.0.0.1/stream")
    first, whole = (float(x) for x in told.split())
    assert first < 1
    assert whole > 2.5


@pytest.mark.parametrize("option", ["--tls-max 1.1", "--tls-max 1.2 --ciphers AES128-SHA"])
def test_refuses_weak_tls(root, option):
    assert root(f"{ASK} {option} -o /dev/null -w '%{{http_code}}' https://127.0.0.1/ 2>/dev/null") == "000"


def test_security_headers(root):
    told = root(f"{ASK} -D - -o /dev/null https://127.0.0.1/").lower()
    for header in ("strict-transport-security", "x-content-type-options: nosniff", "x-frame-options"):
        assert header in told
    assert "nginx/" not in told, "the version is nobody's business"


def test_every_message_is_explained_in_the_readers_language(root):
    """To strangers too: the texts are the same on every appliance."""
    for said, language in (
        ("", "zh"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB,en;q=0.9,zh;q=0.1", "en"), ("fr", "en"),
    ):  # fmt: skip
        page = root(f"{ASK} -H 'Accept-Language: {said}' https://127.0.0.1/help/")
        assert f'<html lang="{language}">' in page and 'id="LLM209"' in page and "10.77.0" not in page
    for language in ("zh", "en"):
        assert f'<html lang="{language}">' in root(f"{ASK} https://127.0.0.1/help/{language}")
    head = root(f"{ASK} -D - -o /dev/null https://127.0.0.1/help/").lower()
    assert "content-type: text/html" in head and "nosniff" in head and "strict-transport-security" in head
    for number in ("LLM209", "429"):
        told = root(f"{ASK} -o /dev/null -w '%{{http_code}} %{{redirect_url}}' https://127.0.0.1/help/{number}")
        assert told.split()[0] == "302" and told.endswith(f"/help/#{number}")


def test_beside_the_help_nothing_is_read(root):
    for path in ("/help/../etc/passwd", "/help/..%2f..%2fetc/passwd", "/help/zh.html", "/help/LLM209/x", "/helpzh"):
        told = root(f"{ASK} --path-as-is https://127.0.0.1{path}")
        assert "root:" not in told and "<section" not in told, path


def test_keys_are_for_root_alone(root):
    folders = "/etc/yitiji/tls /etc/yitiji/secrets /etc/nginx/yitiji"
    assert root(f"find {folders} -type f \\( -name '*key*' -o -name engine.conf \\) -perm /077") == ""


def test_certificate_names_the_node(root):
    told = root("echo | openssl s_client -connect 127.0.0.1:443 2>/dev/null | openssl x509 -noout -ext subjectAltName")
    assert "10.77.0.11" in told


def test_a_renewed_certificate_keeps_its_names_and_cuts_no_stream(root):
    """The timer's own program, told that everything with less than 400 days left is old."""
    told = root(
        f"cd /etc/yitiji/tls; old=$(openssl x509 -in server.crt -noout -serial);"
        f"({ASK} -N https://127.0.0.1/stream | grep -c piece) & sleep 1;"
        f"/usr/local/lib/yitiji/gateway-renew /etc/yitiji/tls 398 400;"
        f"sleep 1; echo | openssl s_client -connect 127.0.0.1:443 -CAfile ca.crt 2>/dev/null >/tmp/seen;"
        f"wait; grep 'Verify return code' /tmp/seen | head -1;"
        f"openssl x509 -in /tmp/seen -noout -serial | grep -qx $old || echo another one;"
        f"openssl x509 -in /tmp/seen -noout -ext subjectAltName"
    )
    assert "\n3\n" in "\n" + told, "the stream was cut"
    assert "Verify return code: 0 (ok)" in told
    assert "another one" in told and "10.77.0.11" in told


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/", "https://127.0.0.1/v1/models"])
def test_another_sites_name_is_not_answered(root, url):
    ask = f"{ASK} -o /dev/null -w '%{{http_code}}' -H 'Host: "
    assert root(f"{ask}another.example' {url}") == "421"
    assert root(f"{ask}10.77.0.200' {url}") == "421"
    assert root(f"{ask}localhost' {url}") != "421"


def test_every_address_of_the_node_is_its_own(root):
    for address in root("hostname -I").split():
        host = f"[{address}]" if ":" in address else address
        assert root(f"{ASK} -o /dev/null -w '%{{http_code}}' 'https://{host}/'") == "200"


def test_the_apis_log_is_for_administrators(root, names):
    assert root("stat -c '%a %U %G' /var/log/nginx/yitiji-api.log") == f"640 {names['nginx_user']} adm"
    root("logrotate --force /etc/logrotate.d/nginx && sleep 1")
    assert root("ls /var/log/nginx | grep -E '[.]log[.-][0-9]'"), "nothing was rotated"  # an empty one never is
    assert root("find /var/log/nginx -type f -perm /o+r") == ""


def test_strangers_use_up_no_attempt_of_a_known_browser(root):
    """Four attempts at an account from anywhere, then one a minute; a browser that signed in before has its own."""
    body = '{"email":"li@example.org","password":"%s"}'
    ask = f"{ASK} -o /dev/null -w '%{{http_code}} ' https://127.0.0.1/api/v1/auths/signin"
    jar = "-b /tmp/jar -c /tmp/jar"
    assert root(f"rm -f /tmp/jar; {ask} {jar} -d '{body % 'right'}'") == "200"
    assert "yitiji-device" in root("cat /tmp/jar")
    told = root("; ".join([f"{ask} -d '{body % 'wrong'}'"] * 8)).split()
    assert told.count("400") == 3 and told.count("429") == 5
    assert root(f"{ask} {jar} -d '{body % 'right'}'") == "200", "he comes in"
    other = root(f"{ask} {jar} -d '{(body % 'wrong').replace('li@', 'wu@')}'")
    assert other == "400", "his mark is for his account; another one's first attempts are its own"
    forged = root(f"sed 's/[0-9a-f]$/x/' /tmp/jar >/tmp/forged; {ask} -b /tmp/forged -d '{body % 'right'}'")
    assert forged == "429"
    assert "may sign in" in root("gateway-unlock 127.0.0.1 1")
    assert root(f"{ask} -d '{body % 'right'}'") == "200"
    root("rm /var/lib/yitiji/gateway-unlocked")


def test_one_source_has_so_many_attempts_for_all_accounts(root):
    ask = f"{ASK} -o /dev/null -w '%{{http_code}} ' https://127.0.0.1/api/v1/auths/signin"
    tries = [f"""{ask} -d '{{"email":"u{n}@example.org","password":"Spring2026"}}'""" for n in range(25)]
    assert root("; ".join(tries)).split().count("429") >= 10


UPLOAD = f"head -c 200000 /dev/zero >/dev/shm/some; {ASK} -w ' %{{http_code}}' -X POST"
LARGE = {
    "a file": "-F file=@/dev/shm/some",
    "a text": "-H 'Content-Type: application/json' --data-binary @/dev/shm/some",
    "a text without a length": "-H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -d 1",
    "a file without a length": "-H 'Transfer-Encoding: chunked' -F file=@/dev/shm/some",
}


@pytest.mark.parametrize("kind", LARGE)
def test_the_page_reads_nothing_large_of_a_stranger(root, kind):
    """It would read all of it, and only then ask who sent it."""
    ask = f"{UPLOAD} {LARGE[kind]}"
    assert root(f"{ask} https://127.0.0.1/up%6Coad?a=%2F").endswith(" 401")
    came, status = root(f"{ask} -H 'Cookie: token=a' https://127.0.0.1/up%6Coad?a=%2F").split()
    assert status == "200" and int(came) > (0 if "text without" in kind else 199999)


def test_what_is_no_file_has_a_size_of_its_own(root):
    ask = f"head -c 17M /dev/zero >/dev/shm/more; {ASK} -o /dev/null -w '%{{http_code}}' -H 'Cookie: token=a' -X POST"
    assert root(f"{ask} --data-binary @/dev/shm/more https://127.0.0.1/up%6Coad?a=%2F") == "413"
    assert root(f"{ask} -F file=@/dev/shm/more https://127.0.0.1/up%6Coad?a=%2F") == "200"


def test_one_source_does_not_keep_the_page_busy(root):
    """Ten a second pass, ten times as many wait their turn, the rest is refused; files are beside it."""
    ask = f"{ASK} -o /dev/null -w '%{{http_code}} %{{time_total}}\\n'"
    lines = root(f"{ask} -Z --parallel-immediate --parallel-max 200 'https://127.0.0.1/api/x?[1-400]'").splitlines()
    codes = [line.split()[0] for line in lines]
    assert codes.count("429") > 100 and codes.count("200") >= 100, codes
    one_by_one = [line.split() for line in root(f"{ask} 'https://127.0.0.1/api/x?[1-30]'").splitlines()]
    assert {code for code, _took in one_by_one} == {"200"}
    assert sum(float(took) for _code, took in one_by_one) >= 1
    assert root(f"{ASK} -o /dev/null -w '%{{http_code}}' https://127.0.0.1/static/x") == "200"
