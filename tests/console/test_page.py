# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console with a real Prometheus that holds a day of 2 x 16 cards, the role's own nginx rows and a real browser.

All on loopback. What stands in: the chat page (by the one answer that is asked for) and systemd. Pictures are kept in
tests/output/console.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import jinja2
import labctl
import pytest
from ansible_collections.yitiji.deepseek.plugins.filter.gateway import gateway_page
from ansible_collections.yitiji.deepseek.plugins.module_utils._console import collect, queries, run

from tests.console import replay
from tests.console.certificates import issued, openssl

HERE = labctl.ROOT / "tests/console"
ROLE = labctl.ROOT / "roles/gateway"
PICTURES = labctl.OUTPUT / "console"
VLLM = "yitiji-vllm.service"
MOST_SECONDS, MOST_MEGABYTES = 1.5, 150
PLAN = {
    "schema": 2, "model": {"served_name": "deepseek-r1-671b"}, "models_beside": [],
    "image": {"ref": "vllm/vllm-openai:v0.32.0", "id": "sha256:1", "digest": "sha256:2"}, "chat": {"image": None},
    "nodes": {"gpu01": {"units": [{"name": "yitiji-vllm", "serves": True, "url": "http://127.0.0.1:8000"}]}},
    "speed": {"deepseek-r1-671b": {"predicted": True, "rows": [
        {"concurrency": 8, "first_token_seconds": [0.4, 0.9], "total_tokens_per_second": [150, 260]}]}},
}  # fmt: skip
DOCTOR = {"time": "2026-11-29T20:00:00Z", "results": [{"status": "pass", "id": "LLM101"}]}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def until(there, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def opens(port: int):
    def there() -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", port)) == 0

    return there


@pytest.fixture(scope="session")
def programs():
    """Debian's own, unpacked: installed, they would listen by themselves."""
    folder = labctl.OUTPUT / "console-programs"
    if not (folder / "root/usr/bin/prometheus").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "prometheus", "nginx"], cwd=folder, check=True, capture_output=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
    return folder / "root/usr"


@pytest.fixture(scope="session")
def prometheus(programs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    with (folder / "day.txt").open("w") as file:
        file.writelines(f"{line}\n" for line in replay.openmetrics(int(time.time())))
    words = [
        programs / "bin/promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        folder / "day.txt",
        folder / "data",
    ]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    (folder / "day.txt").unlink()
    (folder / "prometheus.yml").write_text("{}\n")
    port = free_port()
    running = subprocess.Popen(
        [programs / "bin/prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}"], stderr=(folder / "log").open("w"),
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return urllib.request.urlopen(f"{address}/-/ready", timeout=2).status == 200
        except OSError:
            return False

    until(ready, 60, "Prometheus is not ready")
    yield address
    running.terminate()
    running.wait(timeout=30)


class Page(http.server.BaseHTTPRequestHandler):
    """Of Open WebUI 0.12.4: `get_admin_user` answers 401 to whoever is not signed in, and to other roles."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        cookies = self.headers.get("Cookie") or ""
        guarded = self.path.startswith("/api/v1/auths/admin/config/ldap")
        good = "token=administrator" in cookies and not self.headers.get("Authorization")
        self.send_response(200 if good or not guarded else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words):
        pass


class Systemd:
    """Answers as `systemctl show` does."""

    def __init__(self):
        self.active = "active"

    def __call__(self, *words, seconds=0):
        if words[0] == "systemctl":
            rows = [
                f"Id={name}\nLoadState=loaded\nUnitFileState=enabled\n"
                f"ActiveState={self.active if name == VLLM else 'active'}\n"
                "SubState=running\nConditionResult=yes\nType=simple\nRestart=always"
                for name in words[words.index("--") + 1 :]
            ]
            return "\n\n".join(rows)
        if words[0] == "docker":
            return "/yitiji-vllm sha256:1\n"
        if words[0] == "systemd-run":
            Path(words[words.index("--html") + 1]).write_text("<!doctype html><title>doctor</title>", "utf-8")
            return json.dumps(DOCTOR)
        if words[0] == "journalctl":
            return "\n".join(
                f"2026-11-29T20:00:{n:02d}+0000 gpu01 vllm[1]: step {n} key hidden-in-log-42" for n in range(60)
            )
        return ""


@pytest.fixture(scope="session")
def console(prometheus, tmp_path_factory):
    """What the role writes, in a folder; one look has been taken."""
    folder, etc = tmp_path_factory.mktemp("console"), tmp_path_factory.mktemp("etc")
    folder.chmod(0o755)
    for above in folder.parents[:2]:
        above.chmod(0o755)
    (folder / "reports").mkdir()
    (folder / "reports/plan.html").write_text("<!doctype html><title>plan</title><style>p{color:red}</style><p>plan")
    (etc / "yitiji-vllm.service").write_text("[Unit]\n")
    (etc / "doctor.json").write_text(json.dumps({"host": "gpu01", "plan": PLAN}))
    (etc / "secrets").mkdir()
    (etc / "secrets/engine-key").write_text("hidden-in-log-42\n")
    row = {"time": time.strftime("%Y-%m-%dT10:00:00+00:00"), "team": "radiology", "user": "", "status": 200}
    (etc / "api.log").write_text("".join(json.dumps({**row, "status": s}) + "\n" for s in (200, 200, 429)))
    look = gateway_page("DeepSeek 一体机", "zh")["style"] + (ROLE / "files/console.css").read_text()
    (folder / "console.css").write_text(look)
    shutil.copy(ROLE / "files/console.js", folder)
    (folder / "index.html").write_text(
        rendered("console.html.j2", open_webui_name="DeepSeek 一体机", appliance_language="zh")
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(run.watched, "FOLDER", str(etc))
    patch.setattr(run.watch_state, "STATE", str(etc / "none"))
    for name, value in {"CONFIG": "doctor.json", "SECRETS": "secrets", "API_LOG": "api.log"}.items():
        patch.setattr(run, name, str(etc / value))
    patch.setattr(run.figures, "certificate_end", lambda _path: time.time() + 200 * 86400)
    made = run.Console(str(folder), collect.asker(prometheus), Systemd())
    made.look(time.time())
    made.asked.join(30)
    yield made
    patch.undo()


def rendered(name: str, **values: object) -> str:
    text = (ROLE / "templates" / name).read_text(encoding="utf-8")
    return (
        jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(ansible_managed="test", **values)
    )


@contextlib.contextmanager
def serving(programs, console, folder: Path, authority: str = "", tls: str = "") -> Iterator[int]:
    """nginx with the role's own rows in a server, and what stands in for the chat page; its port."""
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    rows = rendered("console.conf.j2", __gateway_console=console.folder, gateway_console_client_ca=authority)
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/error.log; user {"root" if os.getuid() == 0 else "nobody"};
events {{}}
http {{
  access_log off; types {{ text/html html; text/css css; application/javascript js;
  application/json json; text/csv csv; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u;   scgi_temp_path {folder}/s;
  limit_req_zone $binary_remote_addr zone=yitiji_page_source:1m rate=1000r/s;
  upstream yitiji_chat {{ server 127.0.0.1:{page.server_port}; }}
  server {{ listen 127.0.0.1:{port} {tls}; {rows} location / {{ proxy_pass http://yitiji_chat; }} }}
}}""")
    running = subprocess.Popen([programs / "sbin/nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", "stderr"])
    until(opens(port), 20, "nginx does not listen")
    yield port
    running.terminate()
    running.wait(timeout=20)
    page.shutdown()


@pytest.fixture(scope="session")
def gateway(programs, console, tmp_path_factory):
    with serving(programs, console, tmp_path_factory.mktemp("nginx")) as port:
        yield f"http://127.0.0.1:{port}/console/"


def ask(address: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, method=method, headers=headers), timeout=10
        ) as said:
            return said.status, said.read().decode("utf-8", "replace"), dict(said.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace"), dict(error.headers)


def routes(console) -> list[str]:
    top = Path(console.folder)
    return ["", *(str(path.relative_to(top)) for path in sorted(top.rglob("*")) if path.is_file())]


def test_every_file_is_for_administrators_alone(gateway, console):
    found = routes(console)
    assert len(found) > 12 and "data/nodes-day.json" in found and "reports/doctor.html" in found
    strangers: list[dict[str, str]] = [{}, {"Cookie": "token=person"}, {"Authorization": "Bearer administrator"}]
    administrator = {"Cookie": "token=administrator"}
    for path in found:
        text = (Path(console.folder) / (path or "index.html")).read_text(encoding="utf-8")
        for headers in strangers:
            for method in ("GET", "POST"):
                status, body, _ = ask(gateway + path, method, **headers)
                assert status == 401 and (text[:40] not in body or not text), (path, method, headers)
        status, body, said = ask(gateway + path, **administrator)
        assert status == 200 and body == text, path
        assert said["Cache-Control"] == "no-store" and "default-src 'none'" in said["Content-Security-Policy"], path
        assert ("sandbox" in said["Content-Security-Policy"]) == path.startswith("reports/"), path
    assert ask(gateway + "data/../../../etc/passwd", Cookie="token=administrator")[0] in (400, 404)
    assert ask(gateway + "data/use.json", "POST", Cookie="token=administrator")[0] == 405
    assert ask(gateway + "nothing", Cookie="token=administrator")[0] == 404
    assert set(Page.asked) == {"/api/v1/auths/admin/config/ldap"}


def test_a_certificate_of_the_named_authority_opens_it_and_no_other_does(programs, console, tmp_path):
    issued(tmp_path, "ours", "administrator")
    issued(tmp_path, "theirs", "stranger")
    openssl(tmp_path, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
            "-subj", "/CN=ours", "-keyout", "self.key", "-out", "self.pem")  # fmt: skip
    tls = f"ssl; ssl_certificate {tmp_path}/ours.pem; ssl_certificate_key {tmp_path}/ours.key"
    Page.asked.clear()
    with serving(programs, console, tmp_path, f"{tmp_path}/ours.pem", tls) as port:

        def status(path: str, who: str = "", *more: str) -> str:
            shown = ["--cert", f"{tmp_path}/{who}.pem", "--key", f"{tmp_path}/{who}.key"] if who else []
            words = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", *shown, *more]
            return subprocess.run(
                [*words, f"https://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
            ).stdout

        for path in ("/console/", "/console/data/state.json", "/console/reports/plan.html"):
            assert status(path, "administrator") == "200", path
            assert Page.asked == [], "the chat page need not know him"
            for who in ("", "stranger", "self"):
                assert status(path, who) == "401", (path, who)
            assert status(path, "", "-H", "Cookie: token=administrator") == "200", "as without an authority"
            Page.asked.clear()
        assert status("/yitiji-page/admin", "administrator") == "404"
        assert status("/", "stranger") == status("/") == "200", "the rest is for all who were let in before"


def test_the_inner_location_is_closed(gateway):
    assert ask(gateway.replace("/console/", "/yitiji-page/admin"), Cookie="token=administrator")[0] == 404


def test_all_figures_of_the_list_come_from_a_real_prometheus(console):
    state = json.loads((Path(console.folder) / "data/state.json").read_text())
    empty = [name for name, rows in state["figures"].items() if not rows]
    assert empty == [] and len(state["figures"]["gpu_use"]) == 32
    for part, asked in queries.SERIES.items():
        for window, (seconds, step, _often) in queries.WINDOWS.items():
            found = json.loads((Path(console.folder) / f"data/{part}-{window}.json").read_text())
            assert set(found["rows"]) == set(asked) and found["count"] == seconds // step
            assert [name for name, rows in found["rows"].items() if not rows] == []
            filled = [
                value is not None for rows in found["rows"].values() for _labels, values in rows for value in values
            ]
            assert sum(filled) > len(filled) * 0.95, (part, window)


def test_what_a_pass_costs(console):
    """Of the collector and of Prometheus together less than a twentieth of a core, however many look."""
    console.done.clear()
    begun, cpu = time.monotonic(), time.process_time()
    console.look(time.time())
    print(f"\na pass with all windows: {time.monotonic() - begun:.2f} s, {time.process_time() - cpu:.2f} s of CPU")
    begun = time.monotonic()
    console.look(time.time())
    seconds = time.monotonic() - begun
    print(f"a pass of the present state: {seconds:.2f} s")
    assert seconds < 2


def test_no_secret_is_in_a_log(console):
    text = (Path(console.folder) / "data/log.json").read_text()
    assert "hidden-in-log-42" not in text and "step 59" in text


@pytest.fixture(scope="session")
def looked(gateway):
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    done = subprocess.run(
        ["node", HERE / "look.mjs", gateway, PICTURES], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.stdout.strip(), done.stderr
    report = json.loads(done.stdout.strip().splitlines()[-1])
    (PICTURES / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    return report


def test_it_runs_without_errors_and_asks_nobody_else(looked):
    assert looked["errors"] == [] and looked["outside"] == []


def test_nothing_scrolls_sideways(looked):
    assert looked["wide"] == []


def test_axe_finds_nothing_serious(looked):
    assert looked["serious"] == []


def test_keys_are_enough(looked):
    assert looked["keyboard"] == "#log"


def test_it_loads_fast_and_stays_small(looked):
    slow = {name: milliseconds for name, milliseconds in looked["loads"].items() if milliseconds > MOST_SECONDS * 1000}
    print(f"\nslowest load {max(looked['loads'].values())} ms, renderer {looked['megabytes']:.0f} MB")
    assert slow == {} and looked["megabytes"] < MOST_MEGABYTES


def test_it_speaks_both_languages(looked):
    for name, text in looked["texts"].items():
        assert ("一切正常" in text) == name.endswith("-zh"), (name, text[:200])
        assert ("All is well" in text) == name.endswith("-en"), name
    assert (
        "radiology" in looked["texts"]["use-wide-light-en"] and "plan.html" in looked["texts"]["reports-phone-light-zh"]
    )


def test_a_stopped_engine_is_named_with_its_remedy(looked, console, gateway):
    """Last: the state says so at the next look, and the page within its five seconds."""
    assert looked
    console.output.active = "inactive"
    console.look(time.time())
    status, body, _ = ask(gateway + "data/state.json", Cookie="token=administrator")
    first = json.loads(body)["wrong"][0]
    assert status == 200 and VLLM in first["what"]["zh"] and f"systemctl start {VLLM}" in first["fix"]["en"]
