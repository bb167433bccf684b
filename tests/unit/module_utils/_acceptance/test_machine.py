# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import machine as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Output

ROOT = Path(__file__).resolve().parents[4]
LIMITS = yaml.safe_load((ROOT / "plugins/catalog/acceptance/limits.yml").read_text(encoding="utf-8"))["default"]
H200 = {"gbs": 4800, "tflops": {"fp16": 989}, "link_gbs": 450}
GOOD = {"disk_mbs": 3000.0, "memory_gbs": 60.0, "gpus": [{"gbs": 4300.0, "tflops": 690.0}]}
DD = "256+0 records in\n256+0 records out\n4294967296 bytes (4.3 GB, 4.0 GiB) copied, 1.5 s, 2.9 GB/s\n"


class Machine(Host):
    def __init__(self, dd=DD, torch='{"memory_gbs": 60.5, "gpus": []}'):
        self.dd, self.torch, self.asked = dd, torch, []

    def run(self, argv, timeout=5.0):
        self.asked.append((list(argv), timeout))
        if argv[0] == "docker":
            return Output(0 if self.torch else 127, f"a warning\n{self.torch}\n", "")
        return Output(0, "", self.dd)


@pytest.fixture
def weights(tmp_path):
    for name, size in (("small", 1 << 20), ("part/large", core.LEAST)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with open(tmp_path / name, "wb") as stream:
            os.truncate(stream.fileno(), size)
    (tmp_path / "gone").symlink_to("/nonexistent")
    return str(tmp_path)


def test_the_largest_file_is_read_past_the_cache_bounded_in_bytes_and_time(weights):
    host = Machine()
    assert core.measure(host, weights, ["yitiji-vllm"]) == {"disk_mbs": 2863.3, "memory_gbs": 60.5, "gpus": []}
    words, timeout = host.asked[0]
    assert words[:4] == ["timeout", "-s", "INT", "20"] and timeout == 30
    assert f"if={weights}/part/large" in words and "iflag=direct" in words and "count=256" in words


def test_a_real_dd_says_it_in_the_form_that_is_read(weights):
    found = core.measure(Host(), weights, [])
    assert found["disk_mbs"] is None or found["disk_mbs"] > 1  # None: a file system that can't do without its cache


def test_every_engine_has_cards_of_its_own():
    host = Machine(torch='{"memory_gbs": 60.5, "gpus": [{"gbs": 1, "tflops": 2}]}')
    found = core.measure(host, "/nonexistent", ["yitiji-vllm-0", "yitiji-vllm-1"])
    assert found == {"disk_mbs": None, "memory_gbs": 60.5, "gpus": [{"gbs": 1, "tflops": 2}] * 2}


@pytest.mark.parametrize("torch", ["", "not JSON"])
def test_what_can_not_be_measured_is_not_known_and_memory_is_copied_here(tmp_path, torch, monkeypatch):
    monkeypatch.setattr(core, "COPYING", 0.1)
    found = core.measure(Machine("dd: Invalid argument", torch), str(tmp_path), ["yitiji-llama-cpp"])
    assert found == {"disk_mbs": None, "memory_gbs": found["memory_gbs"], "gpus": []}
    assert 0.1 < found["memory_gbs"] < 1000


def test_copies_of_memory_take_the_time_that_is_given(monkeypatch):
    """Bytes read and written, of all threads, in the seconds of each."""
    moved = []
    monkeypatch.setattr(core.ctypes, "memmove", lambda _to, _of, size: moved.append(size))
    monkeypatch.setattr(core, "COPIED_AT_ONCE", 1000)
    ticks = iter([0.0, 0.5, 1.0, 1.9, 2.0, 2.5])  # it begins, looks four times, and ends
    monkeypatch.setattr(core.time, "monotonic", lambda: next(ticks))
    assert core._memory(1) == 2 * 1000 * len(moved) / 2.5 / 1e9 and len(moved) == 3


def judged(card=H200, **more):
    found = core.figures({"gpu01": {**GOOD, **more}}, LIMITS, card)
    return {row["key"]: (row["verdict"], row["stated"]) for row in found}


def test_a_machine_that_is_well():
    assert judged() == {
        "disk_mbs": ("pass", 500), "memory_gbs": ("pass", 20), "card_gbs": ("pass", 3600.0),
        "card_tflops": ("pass", 494.5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("disk_mbs", {"disk_mbs": 120.0}),
        ("memory_gbs", {"memory_gbs": 4.0}),
        ("card_gbs", {"gpus": [{"gbs": 2000.0, "tflops": 690.0}]}),
        ("card_tflops", {"gpus": [{"gbs": 4300.0, "tflops": 200.0}]}),
    ],
)
def test_each_part_that_is_slow_is_named(key, change):
    assert {name for name, (verdict, _least) in judged(**change).items() if verdict != "pass"} == {key}
    [row] = [row for row in core.figures({"gpu01": {**GOOD, **change}}, LIMITS, H200) if row["key"] == key]
    assert (row["verdict"], row["rule"]) == ("conditional", "LLM868") and row["text"]["en"].startswith("gpu01")


def test_what_was_not_measured_or_has_no_stated_figure_is_skipped_and_said():
    assert judged(disk_mbs=None)["disk_mbs"][0] == "skipped" and judged(card={})["card_gbs"] == ("skipped", "-")
    assert core.figures({}, LIMITS, H200) == []


def test_the_program_is_whole():
    compile(core.PROGRAM, "program", "exec")


STAMP = {"model": "o/m", "revision": "r1", "manifest_sha256": "ab", "verified_at": "2026-11-29T00:00:00Z"}
ETHTOOL = "driver: mlx5_core\nversion: 6.8.0\nfirmware-version: 22.36.1010 (MT_0000000359)\nbus-info: 0000:01:00.0\n"


def test_weights_are_told_by_their_manifest_and_interfaces_by_their_firmware():
    files = {"/m/.s": json.dumps(STAMP), "/broken": "{", "/list": "[]"}
    net = [f"/sys/class/net/{name}/address" for name in ("ens1", "ens2", "veth1")]
    cards = [f"/sys/class/net/{name}/device" for name in ("ens1", "ens2")]
    host = Capture({"files": {**files, **dict.fromkeys(net, "")}, "directories": cards,
                    "commands": {"ethtool -i ens1": ETHTOOL, "ethtool -i ens2": "firmware-version: \n"}})  # fmt: skip
    found = core.told(host, [{"stamp": path} for path in ("/m/.s", "/broken", "/list", "/none")])
    assert found["weights"] == [{"model": "o/m (r1)", "sha256": "ab"}]
    assert found["firmware"] == {"ens1": "22.36.1010 (MT_0000000359)", "ens2": None}


NETWORK = {"to": "gpu01", "mbps": 23000, "again_percent": 0.01}
SUMS = [{"ranks": 8, "own": True, "first": True, "gbs": 300.0}]


def linked(network=NETWORK, sums=SUMS, card=H200):
    found = core.figures({"gpu02": {**GOOD, "link": {"network": network, "sums": sums}}}, LIMITS, card)
    return {
        row["key"]: (row["verdict"], row["stated"]) for row in found if row["key"].split("_")[0] in ("network", "sum")
    }


def test_what_nodes_and_cards_carry_between_them_is_judged_where_something_is_stated():
    good = {"sum_gbs": ("pass", 225.0), "network_mbps": ("pass", 17500), "network_again": ("pass", 1)}
    assert linked() == good
    assert linked(card={"pcie_gbs": 64})["sum_gbs"] == ("pass", 32.0)
    over_nodes = [{**SUMS[0], "own": False}]
    assert linked(sums=over_nodes)["sum_gbs"] == ("skipped", "-")
    assert "sum_gbs" not in linked(sums=[{**over_nodes[0], "first": False}])
    assert linked(network=None) == {"sum_gbs": good["sum_gbs"]}


@pytest.mark.parametrize(
    ("key", "verdict", "change"),
    [
        ("sum_gbs", "conditional", {"sums": [{**SUMS[0], "gbs": 20.0}]}),
        ("sum_gbs", "skipped", {"sums": [{**SUMS[0], "gbs": None}]}),
        ("network_mbps", "conditional", {"network": {**NETWORK, "mbps": 940}}),
        ("network_again", "conditional", {"network": {**NETWORK, "again_percent": 2.2}}),
    ],
)
def test_a_link_that_is_slow_or_loses_packets_is_named(key, verdict, change):
    found = linked(**change)
    assert {name: row[0] for name, row in found.items() if row[0] != "pass"} == {key: verdict}


def test_a_network_that_nothing_could_measure_is_not_judged():
    assert linked(network={"to": "gpu01", "mbps": None, "again_percent": None})["network_mbps"][0] == "skipped"
