# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console of an appliance in the lab: who gets in, what he sees of the real vLLM, off, on and away again."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import consolectl
import labctl
import pytest
import sitectl
import tripsctl
from consolectl import ADMIN, JSON, signed_in

HERE = labctl.ROOT / "tests/console"
PICTURES = labctl.OUTPUT / "console-lab"
URL = f"https://{labctl.ADDRESS}"
FOLDER = "/var/lib/yitiji/console"
UNIT = "yitiji-vllm.service"
OPTIONS = ("-e", "appliance_monitoring=true", "-e", f"@{labctl.ROOT / 'tests/console/people.yml'}")
# Of tests/e2e, and what monitoring adds (docs/performance.md): the console is free.
MOST_TASKS, MOST_TRIPS = 36 + 2, 38 + 2
SECONDS = 30  # within which the page names what stopped


@pytest.fixture(scope="session", autouse=True)
def appliance():
    labctl.clean_node()
    run = sitectl.site("console-site", *OPTIONS)
    assert run.ok, run.story()


def token(email: str) -> str:
    place = labctl.PASSWORD_FILE if email == ADMIN else f"/etc/yitiji/secrets/open-webui-users/{email}"
    return signed_in(labctl.node(f"cat {place}"), email)


@pytest.fixture(scope="session")
def tokens(appliance) -> dict[str, str]:
    return {email: token(email) for email in (ADMIN, "li@example.org", "guest@example.org")}


def state(tokens: dict[str, str]) -> dict:
    return consolectl.state(tokens[ADMIN])


QUESTION = json.dumps(
    {
        "model": "tiny-r1-distill",
        "messages": [{"role": "user", "content": "?"}],
        "max_tokens": 100,
        "ignore_eos": True,
    }
)


def key() -> str:
    return labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip()


def ask(secret: str, seconds: float) -> int:
    """Questions one after the other; how many tokens came."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        said = labctl.curl("-H", f"Authorization: Bearer {secret}", *JSON, "-d", QUESTION, f"{URL}/v1/chat/completions")
        count += json.loads(said)["usage"]["completion_tokens"]
    return count


@pytest.fixture
def load() -> Iterator[None]:
    """Two who ask without a pause."""
    secret, done = key(), threading.Event()

    def go() -> None:
        while not done.is_set():
            ask(secret, 2)

    people = [threading.Thread(target=go, daemon=True) for _ in range(2)]
    for person in people:
        person.start()
    yield
    done.set()
    for person in people:
        person.join(60)


def test_a_second_run_changes_nothing_and_asks_no_more_than_without_a_console():
    file = labctl.OUTPUT / "console.trips"
    run = sitectl.site("console-second", *OPTIONS, env=tripsctl.environment(file))
    assert run.ok and run.changes() == [], run.story()
    count = tripsctl.read(file)
    total = count.total(labctl.NODE)
    print(f"    {total.reaching} tasks of {total.executed} went to the node, {total.trips} times")
    assert total.reaching <= MOST_TASKS and total.trips <= MOST_TRIPS, count.story()


def test_check_mode_changes_nothing():
    run = sitectl.site("console-check", *OPTIONS, "--check", "--diff")
    assert run.ok and run.changes() == [], run.story()


def test_it_shows_what_the_real_engine_does(tokens, load):
    end = time.monotonic() + 150
    while True:
        figures = state(tokens)["figures"]
        shown = {
            name: (figures[name] or [[{}, None]])[0][1]
            for name in ("tokens", "ttft", "day_tokens", "day_requests", "cpu")
        }
        if all(shown.values()):
            break
        assert time.monotonic() < end, shown
        time.sleep(3)
    print(f"\n    {shown}")
    assert state(tokens)["wrong"] == [], "the doctor finds nothing on a node that is well"
    said = labctl.node("curl -s http://127.0.0.1:8000/metrics")
    made = sum(float(row.split()[-1]) for row in said.splitlines() if row.startswith("vllm:generation_tokens_total"))
    assert 0 < shown["day_tokens"] <= made * 1.1


def test_the_figures_of_the_doctor_are_those_that_root_gets():
    """Not what a look from within the collector's sandbox would call a fault (LLM101, LLM844)."""
    labctl.node("rm -f /var/lib/yitiji/metrics/yitiji-doctor.prom; systemctl restart yitiji-metrics")
    end = time.monotonic() + 120
    while not (told := labctl.node("cat /var/lib/yitiji/metrics/yitiji-doctor.prom", check=False)):
        assert time.monotonic() < end
        time.sleep(3)
    report = json.loads(labctl.node("yitiji-doctor --fast --json -", check=False))
    failed = sorted(row["id"] for row in report["results"] if row["status"] == "fail")
    assert f'yitiji_doctor_findings{{status="fail"}} {len(failed)}\n' in told and failed == [], (told, failed)


def test_strangers_and_users_get_nothing_on_any_route(tokens):
    found = labctl.node(f"cd {FOLDER} && find . -type f -printf '%P\\n'").split()
    assert len(found) > 12 and {"data/state.json", "data/nodes-day.json", "data/use.csv", "console.js"} <= set(found)
    assert any(name.startswith("reports/") and name.endswith(".html") for name in found)
    urls = [f"{URL}/console/{name}" for name in ["", *found, "nothing", "data/", "reports/"]]
    urls += [f"{URL}/yitiji-page/admin", f"{URL}/console/../console/data/state.json"]
    strangers = {
        "nobody": [],
        "a user": ["-H", f"Cookie: token={tokens['li@example.org']}"],
        "a guest": ["-H", f"Cookie: token={tokens['guest@example.org']}"],
        "a user as bearer": ["-H", f"Authorization: Bearer {tokens['li@example.org']}"],
        "the administrator as bearer": ["-H", f"Authorization: Bearer {tokens[ADMIN]}"],
        "a key": ["-H", f"Authorization: Bearer {key()}"],
        "a key as cookie": ["-H", f"Cookie: token={key()}"],
        "nonsense": ["-H", "Cookie: token=a.b.c; token=", "-H", "X-Original-URI: /console/"],
    }
    asked = 0
    for who, headers in strangers.items():
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            said = labctl.curl(*headers, "--path-as-is", "-X", method, "-w", "\n=%{http_code} %{url}\n", *urls)
            rows = [line.split() for line in said.splitlines() if line.startswith("=")]
            assert [row for row in rows if row[0] not in ("=401", "=404")] == [], (who, method)
            assert '"figures"' not in said and "yitiji-language" not in said, (who, method)
            assert len(rows) == len(urls)
            asked += len(rows)
    print(f"\n    {asked} requests of {len(strangers)} strangers to {len(urls)} addresses: 401 or 404")
    mine = ["-H", f"Cookie: token={tokens[ADMIN]}", "-o", "/dev/null", "-w", "%{http_code}"]
    assert {labctl.curl(*mine, f"{URL}/console/{name}") for name in ["", *found]} == {"200"}


def test_the_node_keeps_it_from_its_other_users():
    assert labctl.node(f"runuser -u nobody -- cat {FOLDER}/data/state.json", check=False) == ""


def test_no_secret_of_the_node_is_in_it():
    script = (
        f"for s in $(cat /etc/yitiji/secrets/gateway-key-* /etc/yitiji/secrets/engine-key {labctl.PASSWORD_FILE}); do "
        f'grep -rlF -- "$s" {FOLDER}; done; true'
    )
    assert labctl.node(script) == ""


@pytest.fixture(scope="session")
def looked(tokens):
    """The browser looks, then the engine is stopped before its eyes."""
    for name in ("waits", "stopped"):
        (PICTURES / name).unlink(missing_ok=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, PASSWORD=labctl.node(f"cat {labctl.PASSWORD_FILE}").strip())
    words = [str(labctl.LAB), "run", "node", str(HERE / "live.mjs"), f"{URL}/", ADMIN, str(PICTURES), UNIT]
    browser = subprocess.Popen(words, cwd=HERE, env=env, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 400
    while not (PICTURES / "waits").exists() and browser.poll() is None and time.monotonic() < end:
        time.sleep(0.2)
    if (PICTURES / "waits").exists():
        begun = time.time()
        stopping = subprocess.Popen([str(labctl.LAB), "ssh", labctl.NODE, f"systemctl stop {UNIT}"])
        (PICTURES / "stopped.new").write_text(str(begun))
        (PICTURES / "stopped.new").rename(PICTURES / "stopped")
        stopping.wait(120)
    said, _ = browser.communicate(timeout=120)
    labctl.node(f"systemctl start {UNIT}")
    report = json.loads(said.strip().splitlines()[-1])
    (PICTURES / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    return report


def test_the_administrator_sees_every_view(looked):
    assert looked["ok"], looked
    for view in ("engine", "nodes", "use", "log"):
        assert "没有数据" not in looked["texts"][f"{view}-wide-zh"], view
    assert "tiny-r1-distill" in looked["texts"]["overview-wide-en"]
    assert "词元" in looked["texts"]["engine-phone-zh"] and "First token" in looked["texts"]["engine-phone-en"]
    assert "plan.html" in looked["texts"]["reports-wide-en"] and "doctor.html" in looked["texts"]["reports-wide-en"]


def test_the_page_asks_nobody_else_and_breaks_no_rule(looked):
    assert looked["outside"] == [] and looked["errors"] == [] and looked["failed"] == []
    assert looked["serious"] == [] and looked["wide"] == []


def test_a_stopped_engine_is_named_with_its_remedy_in_time(looked):
    print(f"\n    named after {looked['seconds']:.1f} s: {looked['state']}")
    assert looked["seconds"] < SECONDS
    assert f"systemctl start {UNIT}" in looked["state"] or f"systemctl restart {UNIT}" in looked["state"]


# The collector with what it starts, Prometheus, nginx and the chat page, which says who asks.
PIDS = (
    "systemctl show -p MainPID --value yitiji-console yitiji-prometheus; pgrep -x nginx; "
    "docker top yitiji-open-webui -eo pid | tail -n +2"
)


def cpu() -> float:
    """Seconds of CPU of the console's parts until now."""
    said = labctl.node(f"for p in $({PIDS}); do sed 's/.*) //' /proc/$p/stat; done")
    return sum(sum(map(int, line.split()[11:15])) for line in said.splitlines()) / os.sysconf("SC_CLK_TCK")


# One question after the other over one connection; how many tokens a second came.
ASKER = """
import http.client, json, ssl, sys, time
address, body, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
door = http.client.HTTPSConnection(address, timeout=120, context=ssl._create_unverified_context())
headers = {"Authorization": "Bearer " + sys.stdin.read(), "Content-Type": "application/json"}
begun, count = time.monotonic(), 0
while time.monotonic() - begun < seconds:
    door.request("POST", "/v1/chat/completions", body, headers)
    count += json.loads(door.getresponse().read())["usage"]["completion_tokens"]
print(count / (time.monotonic() - begun))
"""


def speed(secret: str, seconds: int) -> float:
    words = [
        str(labctl.LAB),
        "run",
        "taskset",
        "-c",
        "1",
        "python3",
        "-c",
        ASKER,
        labctl.ADDRESS,
        QUESTION,
        str(seconds),
    ]
    said = subprocess.run(words, input=secret, capture_output=True, text=True, check=True, timeout=300)
    return float(said.stdout)


def pinned(engine: set[int], others: set[int]) -> None:
    """Which cores the node's processes have. The engine's own: on a card nothing shares with it."""
    here = os.readlink("/proc/self/ns/pid")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # one that ended meanwhile
            if os.readlink(folder / "ns/pid") == here:
                continue
            line = (folder / "cmdline").read_text() + (folder / "comm").read_text()
            for thread in (folder / "task").iterdir():
                os.sched_setaffinity(int(thread.name), engine if "vllm" in line.lower() else others)


def test_what_five_open_consoles_cost(tokens):
    """The tokens a second of an engine with a core of its own are told; the CPU of the others is bounded."""
    end = time.monotonic() + 240
    while labctl.node("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/health", check=False) != "200":
        assert time.monotonic() < end, "the engine is not back"
        time.sleep(3)
    cookie = f"Cookie: token={tokens[ADMIN]}"

    # The pace of the page: the state each 10 s, a part each 30 s. One process asks for all of a kind: one for each
    # request would cost more than all that the node does for it.
    parts = (("6/m", "state"), ("2/m", "nodes-hour"))

    def reader(pace: str, name: str) -> subprocess.Popen:
        words = ["-sSk", "-H", cookie, "--rate", pace, "-o", "/dev/null", f"{URL}/console/data/{name}.json?[1-99]"]
        return subprocess.Popen(
            [str(labctl.LAB), "run", "taskset", "-c", "1", "curl", *words], stderr=subprocess.DEVNULL
        )

    secret, speeds = key(), {0: [], 5: []}
    used: dict[int, list[float]] = {0: [], 5: []}
    pinned({0}, {1})
    try:
        for readers in (0, 5, 5, 0) * 4:
            open_now = [reader(*part) for _ in range(readers) for part in parts]
            time.sleep(5)  # so that starting them is not measured
            before, begun = cpu(), time.monotonic()
            speeds[readers].append(speed(secret, 30))
            used[readers].append((cpu() - before) / (time.monotonic() - begun))
            for process in open_now:
                assert process.poll() is None, "a console was closed"
                process.terminate()
                process.wait(30)
    finally:
        pinned({0, 1}, {0, 1})
    more = statistics.median(used[5]) - statistics.median(used[0])
    print(f"\n    tokens/s with five to without: {statistics.median(speeds[5]) / statistics.median(speeds[0]):.3f}")
    print(f"    cores used more: {more:.4f}; {used}; tokens/s {speeds}")
    assert max(used[5]) - min(used[0]) < 0.02, "a hundredth of the node's two cores"


def listening() -> list[str]:
    return sorted(set(labctl.node("ss -Hltn | awk '{print $4}'").split()))


def test_off_takes_it_away_and_on_brings_it_back(tokens):
    ports = listening()
    off = sitectl.site("console-off", *OPTIONS, "-e", "appliance_console=false", "--tags", "gateway")
    assert off.ok, off.story()
    assert (
        labctl.node("{ systemctl cat yitiji-console; ls /usr/local/lib/yitiji/console; } 2>/dev/null", check=False)
        == ""
    )
    said = labctl.curl("-H", f"Cookie: token={tokens[ADMIN]}", f"{URL}/console/data/state.json")
    assert '"figures"' not in said
    assert listening() == ports, "it opens no port"
    on = sitectl.site("console-on", *OPTIONS, "--tags", "gateway")
    assert on.ok, on.story()
    assert state(tokens)["figures"] is not None and listening() == ports


def test_uninstall_leaves_nothing_of_it():
    run = sitectl.site("console-gone", *OPTIONS, playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    left = f"{FOLDER} /usr/local/lib/yitiji/console /etc/systemd/system/*yitiji* /etc/nginx/yitiji"
    assert labctl.node(f"ls -d {left} 2>/dev/null", check=False) == ""
    assert "console" not in labctl.node("systemctl list-units --all 'yitiji-*' --plain --no-legend", check=False)
