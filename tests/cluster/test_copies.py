# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes that each serve the model (inventories/lab-copies): one address, and one node may die.

Makes its two nodes anew, so it runs only when it is asked for: YITIJI_COPIES=1 pytest tests/cluster/test_copies.py
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import labctl
import loadctl
import pytest
import yaml

pytestmark = pytest.mark.skipif(not os.environ.get("YITIJI_COPIES"), reason="YITIJI_COPIES is not set")
HEAD, WORKER = "gpu01", "gpu02"
NODES = {HEAD: "11", WORKER: "12"}
ENGINES = {"127.0.0.1:8000", "10.77.0.12:8000"}
UNIT = "yitiji-vllm"
URL = f"https://{labctl.ADDRESS}/v1"
LOG = "/var/log/nginx/yitiji-api.log"
LONG = '{"ignore_eos": true}'
EXPORTERS = {9100, 9400}  # for the head's Prometheus, where it is


SHARED = "/var/cache/yitiji/handed /etc/systemd/system/yitiji-weights-share.service /run/yitiji-weights-share-keys"
fetched: dict[str, int] = {}


def whole_archives() -> int:
    """How often the hub was asked for all of the images' archive; looks at its tables are ranges."""
    rows = [row for row in labctl.hub_log() if row["url"] == "/files/images.tar" and row["method"] == "GET"]
    assert rows, "the hub's archive is where the images come from"
    return sum(row["range"] is None for row in rows)


def site(*more: str, inventory: str = "inventories/lab-copies") -> tuple[subprocess.CompletedProcess[str], int]:
    """site.yml over both, and how much it changed."""
    program = Path(sys.executable).with_name("ansible-playbook")
    given = ["-e", "engine_rolling=true", "-e", f"@{labctl.ROOT}/tests/gateway/keys.yml", *more]
    done = subprocess.run(
        [program, "site.yml", "-i", inventory, *given], cwd=labctl.ROOT, capture_output=True, text=True,
        check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, timeout=3600,
    )  # fmt: skip
    return done, sum(map(int, re.findall(r"changed=(\d+)", done.stdout.partition("PLAY RECAP")[2])))


def head_alone(folder: Path) -> str:
    ours = labctl.ROOT / "inventories/lab-copies"
    told = yaml.safe_load((ours / "hosts.yml").read_text(encoding="utf-8"))
    del told["all"]["children"]["appliances"]["children"]["copies"]["hosts"][WORKER]
    told["all"]["hosts"]["localhost"]["ansible_python_interpreter"] = str(labctl.ROOT / "lab/python")
    (folder / "hosts.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    (folder / "group_vars").symlink_to((ours / "group_vars").resolve())
    return str(folder)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    loadctl.sdk()
    for name, octet in NODES.items():
        labctl.clean_node(name, octet)
    # The second node joins an appliance that stands, firewall and all.
    labctl.hub_reset()
    done, _changed = site(inventory=head_alone(tmp_path_factory.mktemp("alone")))
    assert done.returncode == 0, done.stdout[-4000:]
    fetched["head"] = whole_archives()
    labctl.hub_reset()
    began = time.monotonic()
    done, _changed = site()
    fetched["joined"] = whole_archives()
    assert done.returncode == 0, done.stdout[-4000:]
    print(f"\n    a node added: {time.monotonic() - began:.0f} s")
    path: Path = tmp_path_factory.mktemp("copies") / "ca.crt"
    path.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt", HEAD), encoding="utf-8")
    return path


def key() -> str:
    return labctl.node("cat /etc/yitiji/secrets/gateway-key-load", HEAD).strip()


def load(ca: Path, folder: Path, job: Callable[[], None], *more: str) -> dict[str, int]:
    """People ask until the job is over, with pauses (tests/gateway/test_roll.py says why): what came of it."""
    running = loadctl.drive(URL, ca, "--model", "tiny-r1-distill", "--seconds", "3000", "--end", str(folder / "end"),
                            "--pause", "3", "--tokens", "200", "--body", LONG, *more)  # fmt: skip
    running.stdin.write(key())
    running.stdin.close()
    running.stdin = None
    try:
        job()
        assert running.poll() is None, "the questions ended before the job did"
    finally:
        (folder / "end").touch()
    told, _nothing = running.communicate(timeout=600)
    print(f"\n    {told}")
    found: dict[str, int] = json.loads(told)
    return found


def ask() -> str:
    """One short chat through the gateway: the status, and whether the model said what it says."""
    body = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64}
    told = labctl.curl(
        "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {key()}", "-H", "Content-Type: application/json",
        "-d", json.dumps(body), f"{URL}/chat/completions",
    )  # fmt: skip
    return f"{told.splitlines()[-1]} {int(labctl.ANSWER in told)}"


def asked(count: int = 8) -> set[str]:
    """The engines that answered so many requests at once, by the gateway's log."""
    lines = int(labctl.node(f"wc -l < {LOG}", HEAD))
    with ThreadPoolExecutor(count) as pool:
        assert set(pool.map(lambda _one: ask(), range(count))) == {"200 1"}
    new = labctl.node(f"tail -n +{lines + 1} {LOG}", HEAD).splitlines()
    # one that nginx tried in vain stands there before the one that answered
    return {json.loads(line)["engine"].split(", ")[-1] for line in new} & ENGINES


def started() -> dict[str, int]:
    """When each node's engine started, in seconds of one clock."""
    show = f'date -d "$(systemctl show -p ActiveEnterTimestamp --value {UNIT})" +%s'
    return {name: int(labctl.node(show, name)) for name in NODES}


def test_both_answer_at_one_address(ca):
    assert asked() == ENGINES


def test_the_second_node_took_the_image_from_the_first(ca):
    assert fetched["head"] >= 1 and fetched["joined"] == 0
    image = f"docker inspect --format '{{{{.Image}}}}' {UNIT}"
    assert labctl.node(image, WORKER) == labctl.node(image, HEAD)
    assert {labctl.node(f"ls -d {SHARED} 2>/dev/null; true", name).strip() for name in NODES} == {""}


def test_a_second_run_changes_nothing(ca):
    done, changed = site()
    assert done.returncode == 0 and changed == 0, done.stdout[-4000:]


def test_they_have_one_key(ca):
    look = "sha256sum < /etc/yitiji/secrets/engine-key; stat -c %a /etc/yitiji/secrets/engine-key"
    told = {labctl.node(look, name) for name in NODES}
    assert len(told) == 1 and told.pop().splitlines()[-1] == "600"
    assert "401" in labctl.node("curl -s -o /dev/null -w '%{http_code}' http://10.77.0.12:8000/v1/models", HEAD)


def test_no_port_is_open_but_to_the_head(ca):
    scan = labctl.ROOT / "tests/gateway/scan.py"
    outside = {name: labctl.lab("run", sys.executable, str(scan), f"10.77.0.{octet}").split()
               for name, octet in NODES.items()}  # fmt: skip
    assert outside == {HEAD: ["22", "80", "443"], WORKER: ["22"]}
    for name in NODES:
        labctl.put(name, "root", {"scan.py": scan})
    from_head = set(map(int, labctl.node("python3 /root/scan.py 10.77.0.12", HEAD, timeout=300).split()))
    assert {22, 8000} <= from_head <= {22, 8000, *EXPORTERS}
    assert labctl.node("python3 /root/scan.py 10.77.0.11", WORKER, timeout=300).split() == ["22", "80", "443"]
    # On the head nginx alone asks it: whoever else is signed in there is refused.
    person = "runuser -u deploy -- curl -s -m 5 -o /dev/null -w '%{http_code}' http://10.77.0.12:8000/health"
    assert labctl.node(person, HEAD, check=False).strip() == "000"


def test_a_change_rolls_over_both_under_load(ca, tmp_path):
    before = started()
    (tmp_path / "more.json").write_text(json.dumps({"engine_stop_seconds": 31}))
    runs = []
    found = load(ca, tmp_path, lambda: runs.append(site("-e", f"@{tmp_path}/more.json")), "--streams", "3")
    (done, _changed), after = runs[0], started()
    assert done.returncode == 0, done.stdout[-4000:]
    assert found["failed"] == 0 and found["requests"] > 8
    assert all(after[name] > before[name] for name in NODES)
    assert abs(after[HEAD] - after[WORKER]) > 10, "the second one waited for the first one's start"
    assert " down;" not in labctl.node("nginx -T 2>/dev/null", HEAD)


def test_a_node_loses_its_power_under_load(ca, tmp_path):
    """What streams on it is lost within the kernel's patience; later requests all pass, and it is asked again."""
    streams = 4

    def harm() -> None:
        time.sleep(20)
        labctl.lab("stop", WORKER, "--pull-the-plug")
        time.sleep(15)
        for _one in range(6):
            began = time.monotonic()
            assert ask() == "200 1" and time.monotonic() - began < 45
        time.sleep(75)  # 30 s + 3 x 10 s of keepalive, then nginx ends what waits for the dead node

    found = load(ca, tmp_path, harm, "--streams", str(streams), "--timeout", "240")
    assert found["failed"] <= streams and found["requests"] - found["failed"] >= 6, "its own streams alone"
    assert asked() == {"127.0.0.1:8000"}
    labctl.lab("up", WORKER, "--octet", NODES[WORKER])
    until = time.monotonic() + 600
    while asked() != ENGINES:
        assert time.monotonic() < until, labctl.journal(WORKER)
        time.sleep(5)
