# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import sample as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
CAPTURED = json.loads((FIXTURES / "captures/h200-vm.json").read_text(encoding="utf-8"))["commands"]["nvidia-smi -q -x"]
SMI = CAPTURED["out"] if isinstance(CAPTURED, dict) else CAPTURED
VLLM = (FIXTURES / "metrics/vllm-0.32.0.prom").read_text(encoding="utf-8")
SHOW = "systemctl show -p MainPID,InvocationID yitiji-vllm.service"
INSPECT = "docker inspect --format {{.State.Pid}} {{.Image}} yitiji-vllm"
SNMP = "Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm OutSegs RetransSegs\nTcp: 1 5000 17\n"
GROUP = "0::/system.slice/docker-abc.scope\n"


def node(**more):
    files = {
        "/proc/meminfo": "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\n",
        "/proc/net/snmp": SNMP,
        "/proc/pressure/io": "some avg10=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
        **{f"/proc/{pid}/cgroup": GROUP for pid in (41, 42)},
        "/proc/43/cgroup": "0::/other\n",
        **{f"/proc/{pid}/status": f"Name: x\nRssAnon:  {pid} kB\nRssFile: 9 kB\n" for pid in (41, 42, 43)},
        "/sys/fs/cgroup/system.slice/docker-abc.scope/cpu.stat": "usage_usec 1\nnr_periods 0\nnr_throttled 0\n",
        "/sys/fs/cgroup/system.slice/cpu.stat": "nr_periods 100\nnr_throttled 40\nthrottled_usec 9\n",
        **more.pop("files", {}),
    }
    commands = {
        SHOW: "MainPID=7\nInvocationID=run1\n", INSPECT: "41 sha256:abc\n", "nvidia-smi -q -x": SMI,
        "dmesg": "[1] NVRM: Xid (PCI:0000:00:06): 79\n[2] usb\n", **more.pop("commands", {}),
    }  # fmt: skip
    return Capture({"files": files, "commands": commands})


class Clock:
    now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def __call__(self):
        return self.now


def watch(host, seconds=5, url="http://127.0.0.1:9"):
    clock = Clock()
    return core.watch(
        host, [{"name": "yitiji-vllm", "url": url, "serves": True}], seconds, "", False, clock.sleep, clock
    )


def test_a_node_with_a_card_replayed_from_what_nvidia_smi_said():
    seen = watch(node())
    assert (seen["looks"], seen["engine_bytes"], seen["node_bytes"]) == (5, 83 * 1024, 600 * 1024)
    assert seen["requests"] is None  # nobody answers there
    [card] = seen["gpus"]
    assert (card["degrees"], card["watts"], card["mhz"], card["mhz_max"]) == ([35, 35], [77, 77], [345, 345], 1980)
    assert (card["link_width"], card["link_gen_max"], card["replays"], card["uncorrected"]) == (16, 5, [0, 0], [0, 0])
    assert card["slowed"] == ["gpu_idle"]
    assert seen["before"] == {
        "runs": {"yitiji-vllm": "run1"}, "images": {"yitiji-vllm": "sha256:abc"}, "xid": 1, "sent": 5000,
        "sent_again": 17, "cpu_periods": 100, "cpu_held": 40, "io_stalled": 7,
    }  # fmt: skip


def test_no_more_than_sixty_looks_and_one_without_time():
    assert watch(node(), 1800)["looks"] <= core.LOOKS and watch(node(), 0)["looks"] == 1


def test_an_engine_without_a_container_is_the_units_own_process():
    none = {INSPECT: {"rc": 1, "out": "\n", "err": "no such object"}}
    seen = watch(node(commands=none, files={"/proc/7/cgroup": GROUP}))
    assert seen["engine_bytes"] == 83 * 1024 and seen["before"]["images"] == {"yitiji-vllm": ""}


def test_a_bare_node_tells_nothing():
    seen = watch(Capture({}))
    assert (seen["engine_bytes"], seen["node_bytes"], seen["gpus"]) == (None, None, [])
    assert (seen["before"]["xid"], seen["before"]["sent"], seen["before"]["io_stalled"]) == (None, 0, None)


def test_a_quota_of_cgroups_of_the_first_kind():
    group = "5:cpuset:/q\n3:cpu,cpuacct:/machine/q\n0::/\n"
    files = {"/proc/41/cgroup": group, "/sys/fs/cgroup/cpu,cpuacct/machine/cpu.stat": "nr_periods 9\nnr_throttled 8\n"}
    seen = watch(node(files=files))
    assert (seen["before"]["cpu_periods"], seen["before"]["cpu_held"]) == (9, 8)


def test_what_varies_is_told_by_its_ends_and_reasons_are_gathered():
    hot = SMI.replace("<gpu_temp>35 C", "<gpu_temp>88 C").replace(
        "<clocks_event_reason_hw_thermal_slowdown>Not Active", "<clocks_event_reason_hw_thermal_slowdown>Active"
    ).replace("<replay_counter>0", "<replay_counter>4")  # fmt: skip

    class Heating(Capture):
        asked = 0

        def run(self, argv, timeout=5.0):
            if argv[0] == "nvidia-smi":
                self.asked += 1
                self.commands["nvidia-smi -q -x"] = SMI if self.asked < 3 else hot
            return super().run(argv, timeout)

    cold = node()
    [card] = watch(Heating({"files": cold.files, "commands": cold.commands}))["gpus"]
    assert (card["degrees"], card["replays"]) == ([35, 88], [0, 4])
    assert card["slowed"] == ["gpu_idle", "hw_thermal_slowdown"]


@pytest.fixture
def engine():
    class Metrics(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.text.encode())

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    server.text = VLLM
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_running_and_waiting_requests_are_counted_once(engine):
    url = f"http://127.0.0.1:{engine.server_address[1]}"
    assert core.counts([url])[0] == 0
    engine.text = VLLM.replace(
        'num_requests_running{engine="0",model_name="tiny-r1-distill"} 0.0',
        'num_requests_running{engine="0",model_name="tiny-r1-distill"} 3.0',
    ).replace(
        'num_requests_waiting{engine="0",model_name="tiny-r1-distill"} 0.0',
        'num_requests_waiting{engine="0",model_name="tiny-r1-distill"} 2.0',
    ).replace('reason="capacity"} 0.0', 'reason="capacity"} 2.0')  # fmt: skip
    assert core.counts([url])[0] == 5 and core.counts([url, "http://127.0.0.1:9"])[0] == 5
    assert (watch(node(), url=url)["requests"], watch(node(), url=url)["requests_most"]) == (5, 5)
    engine.text = "# TYPE x gauge\nllamacpp:requests_processing 1\nllamacpp:requests_deferred 2\n"
    assert core.counts([url])[0] == 3
    engine.text = "not found"
    assert core.counts([url])[0] is None


def test_a_short_probe_is_no_other_user(engine):
    class Blink(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            engine.text = "vllm:num_requests_running 0\n"

    engine.text, clock = "vllm:num_requests_running 1\n", Blink()
    unit = {"name": "yitiji-vllm", "url": f"http://127.0.0.1:{engine.server_address[1]}", "serves": True}
    seen = core.watch(node(), [unit], 6, "", False, clock.sleep, clock)
    assert (seen["requests"], seen["requests_most"]) == (0, 1)


@pytest.mark.parametrize(("comes", "looks", "requests"), [(40, 6, 4), (999, 6, 0)])
def test_a_load_that_takes_its_time_is_waited_for_and_idle_looks_do_not_count(engine, comes, looks, requests):
    class Late(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            engine.text = f"vllm:num_requests_running {4 if self.now >= comes else 0}\n"

    engine.text, clock = "vllm:num_requests_running 0\n", Late()
    unit = {"name": "yitiji-vllm", "url": f"http://127.0.0.1:{engine.server_address[1]}", "serves": True}
    seen = core.watch(node(), [unit], looks, "", True, clock.sleep, clock)
    assert (seen["looks"], seen["requests"], seen["requests_most"]) == (looks, requests, requests)
    assert clock.now < core.START + looks + 1


def test_an_engine_that_does_not_tell_is_looked_at_at_once():
    clock = Clock()
    unit = {"name": "yitiji-vllm", "url": "http://127.0.0.1:9", "serves": True}
    assert core.watch(node(), [unit], 5, "", True, clock.sleep, clock)["looks"] == 5 and clock.now < 6


@pytest.mark.parametrize(
    ("looks", "requests", "most", "tokens", "busy"),
    [(6, 0, 0, 0, 0), (6, 0, 1, 9, 0), (6, 2, 3, 0, 2), (3, 0, 1, 0, 1), (3, 0, 0, 0, 0), (6, None, None, 0, 0),
     (3, None, None, 0, 0), (6, 0, 2, 900, 2), (6, 0, 0, 900, 1), (6, None, None, 900, 1)],
)  # fmt: skip
def test_a_single_look_may_be_a_probe_unless_the_node_is_slow_to_tell_or_much_is_written(
    looks, requests, most, tokens, busy
):
    seen = {"looks": looks, "requests": requests, "requests_most": most, "tokens": tokens}
    assert core.busy(seen) == busy
    assert core.others(seen) == (None if requests is None and not tokens else busy)


def test_people_who_read_half_of_the_time_are_seen_by_what_is_written_for_them(engine):
    row = 'vllm:generation_tokens_total{engine="0"} '

    class Reads(Clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            engine.text = "not found" if self.now == 1 else f"vllm:num_requests_running 0\n{row}{300 * self.now}\n"

    engine.text, clock = f"vllm:num_requests_running 0\n{row}7.0\n", Reads()
    unit = {"name": "yitiji-vllm", "url": f"http://127.0.0.1:{engine.server_address[1]}", "serves": True}
    seen = core.watch(node(), [unit], 6, "", False, clock.sleep, clock)
    assert seen["requests"] == 0 and seen["tokens"] == 300 * clock.now - 7 and core.busy(seen) == 1
    assert watch(node(), url=unit["url"])["tokens"] == 0 and watch(node(), url="http://127.0.0.1:9")["tokens"] == 0
