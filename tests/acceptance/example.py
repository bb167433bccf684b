# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as of two machines with eight cards each. Its figures are made up, so that every section shows something.

python -m tests.acceptance.example FOLDER PYTHON writes it there; PYTHON has what makes PDFs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import compare, quality, report, seal
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import CHECKS
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import limits_of

from tests.unit.module_utils._acceptance.test_quality import GOOD

ROOT = Path(__file__).resolve().parents[2]
PLAN: dict[str, Any] = {
    "deployment": "campus", "profile": "flagship",
    "model": {"id": "deepseek-ai/DeepSeek-R1", "served_name": "deepseek-r1-671b", "context": 32768},
    "engine": {"name": "vllm", "version": "0.32.0"}, "totals": {"deepseek-r1-671b": {"concurrency": 90}},
    "speed": {"deepseek-r1-671b": {"predicted": True, "rows": [
        {"concurrency": 90, "total_tokens_per_second": [1500.0, 2600.0]}]}},
}  # fmt: skip
EVIDENCE = {
    "json": '{"sky": "blue"}',
    "tools": 'weather({"town": "Paris"})',
    "page": "2",
    "upload": "The code of the blue door is 4729.",
    "knowledge": "4729",
    "doors": {"zh": "71 个请求均被拒绝", "en": "71 requests, all refused"},
    "chinese": "因为大气分子对短波长的蓝光散射最强。" * 12,
    "english": "gibberish" * 40,
}
TOLD = {"zh": "128 词元，stop", "en": "128 tokens, stop"}
PARTIES = {
    "vendor": "示例智算科技有限公司", "customer": "示例大学信息中心", "contract": "HT-2026-0117",
    "site": "示例大学图书馆机房 3 号机柜",
}  # fmt: skip


def machine(number: int) -> dict[str, Any]:
    facts = {
        "system_vendor": "Inspur", "product_name": "NF5688M7", "product_serial": f"21A0{number:04}",
        "board_serial": f"B{number:07}", "machine_id": f"{number:032x}", "bios_version": "05.02.01",
        "bios_date": "03/18/2026", "distribution": "Ubuntu", "distribution_version": "24.04",
        "kernel": "6.8.0-85-generic",
        "interfaces": ["eno1", "ens2np0"],
        "eno1": {"type": "ether", "macaddress": f"02:00:00:00:00:{number:02x}", "speed": 1000, "module": "igb"},
        "ens2np0": {
            "type": "ether", "macaddress": f"02:00:00:00:01:{number:02x}", "speed": 200000, "module": "mlx5_core",
        },
        "devices": {f"nvme{n}n1": {"model": "SAMSUNG MZQL27T6HBLA", "serial": f"S6CKNN0T{number}{n}", "size": "6.99 TB",
                                   "removable": "0"} for n in range(2)},
    }  # fmt: skip
    node = {
        "cpu": {"model": "Intel(R) Xeon(R) Platinum 8480+", "threads": 224}, "memory": {"total_bytes": 2048 << 30},
        "nvidia": {"version": "580.95.05"}, "containers": {"docker": {
            "version": "28.5.1", "containers": [{"image": "vllm/vllm-openai:v0.32.0"}],
            "images": [{"ref": "vllm/vllm-openai:v0.32.0", "id": "-", "digest": "sha256:" + "5e" * 32}],
        }},
        "gpus": [{"name": "NVIDIA H20", "uuid": f"GPU-5f2c77a1-9d3b-4c{number:02}-8e1f-00000000000{n}",
                  "bus": f"0000:{n + 16:x}:00.0", "memory_bytes": 96 << 30, "vbios": "96.00.AF.00.01"}
                 for n in range(8)],
    }  # fmt: skip
    told = {"firmware": {"eno1": "1.69, 0x80000df4", "ens2np0": "22.41.1000 (MT_0000000359)"},
            "weights": [{"model": "deepseek-ai/DeepSeek-R1 (master)", "sha256": "c4" * 32}]}  # fmt: skip
    return report.machine(facts, node, told)


def step(prompt: int, answer: int, at_once: int, each: float) -> dict[str, Any]:
    """`each`: tokens/s of one request when it is alone."""
    share = 1 / (1 + at_once / 60)
    rate, first = each * at_once * share, 180 + prompt * 0.11 * (1 + at_once / 12)
    whole = first + answer * 1000 * at_once / rate
    spread = {"p50": 1.0, "p90": 1.18, "p99": 1.31}
    return {
        "prompt": prompt, "answer": answer, "concurrency": at_once, "requests": max(10, at_once * 3), "failed": 0,
        "seconds": 60.0, "at_once": float(at_once), "prompt_tokens": float(prompt), "answer_tokens": float(answer),
        "tokens_per_second": rate, "requests_per_second": rate / answer, "errors": [],
        "first_token_ms": {key: first * by for key, by in spread.items()},
        "between_ms": {key: 1000 * at_once / rate * by for key, by in spread.items()},
        "latency_ms": {key: whole * by for key, by in spread.items()},
    }  # fmt: skip


def seen(at: int) -> dict[str, Any]:
    """What a node shows in a slice: its cards get warm."""
    cards = [
        {
            "index": number, "name": "NVIDIA H20", "degrees": [45, round(74 + number - 30 / (at + 1))], "slowed": [],
            "uncorrected": [0, 0], "corrected": [0, 0], "replays": [0, 0], "link_width": 16, "link_width_max": 16,
            "link_gen": 5, "link_gen_max": 5,
        }
        for number in range(8)
    ]  # fmt: skip
    counters = {"runs": {"vllm": "1"}, "xid": 0, "cpu_periods": 0, "cpu_held": 0, "sent": 10**6 * at, "sent_again": 9}
    return {
        "requests": 90, "requests_most": 90, "engine_bytes": 40 << 30, "node_bytes": 300 << 30, "gpus": cards,
        "before": counters, "after": counters,
    }  # fmt: skip


def measured(network: Any = None) -> dict[str, Any]:
    """How fast a machine is; the sum over all cards of both is told by the first one."""
    sums = [{"ranks": 16, "own": False, "first": not network, "gbs": 41.3}]
    cards = [{"gbs": 3390.0 + number, "tflops": 118.2} for number in range(8)]
    warned = {
        "id": "LLM102", "status": "warn",
        "evidence": {"zh": "时钟相差 0.8 秒", "en": "the clock is 0.8 s off"},
    }  # fmt: skip
    doctor = {"summary": {"pass": 61, "warn": 1, "fail": 0, "unknown": 0}, "missed": [warned]}
    return {
        "doctor": doctor,
        "disk_mbs": 6120.4,
        "memory_gbs": 214.8,
        "gpus": cards,
        "link": {"network": network, "sums": sums},
    }


def soaked() -> dict[str, Any]:
    rows = []
    for at in range(60):
        row = step(1024, 1024, 90, 38.0 - at % 7 / 10)
        nodes = {"gpu01": seen(at), "gpu02": seen(at)}
        rows.append({**row, "began": f"2026-11-29T02:{at:02}:00Z", "nodes": nodes})
    return {
        "minutes": 60, "slice_seconds": 60, "prompt": 1024, "answer": 1024, "concurrency": 90, "slices": rows,
        "restart": {"seconds": 412, "lost": 90, "at_once": 90}, "others": 0,
    }  # fmt: skip


def answered(catalog: dict[str, Any], limits: dict[str, Any], causes: Any) -> dict[str, Any]:
    """Answers as of a model that is whole but for one that shows a token."""
    asked = quality.questions_of(catalog)
    told = [{"id": row["id"], "answer": GOOD[row["id"]], "finish": "stop", "said": GOOD[row["id"]]} for row in asked]
    told[-1] = {**told[-1], "answer": "A\nB\nC<|im_end|>", "said": "A\nB\nC<|im_end|>"}
    return quality.judged(asked, told, limits["quality"], {"maths": 100.0, "code": 83.3}, False, causes)


def example(slower: float = 1.0) -> dict[str, Any]:
    catalog: dict[str, Any] = {}
    for name in ("limits", "questions"):
        with open(ROOT / f"plugins/catalog/acceptance/{name}.yml", encoding="utf-8") as stream:
            catalog.update(yaml.safe_load(stream))
    limits, causes = limits_of(catalog, "flagship")
    with open(ROOT / "plugins/catalog/profiles/profiles.yml", encoding="utf-8") as stream:
        profile = yaml.safe_load(stream)["flagship"]
    speed = [
        step(prompt, answer, at_once, 38.0 * slower)
        for prompt, answer in ((1024, 1024), (4096, 1024), (32448, 256))
        for at_once in (1, 2, 4, 8, 16, 32, 64, 90, 135)
    ]
    speed[8] = {**speed[8], "failed": 3}
    function = [
        {"id": key, "name": {"zh": zh, "en": en}, "verdict": "pass", "evidence": EVIDENCE.get(key, TOLD)}
        for key, (zh, en, _check) in CHECKS.items()
    ]
    return report.document(
        plan=PLAN, profile=profile, limits=limits, speed=speed, function=function,
        identity={"gpu01": machine(1), "gpu02": machine(2)}, made="2026-11-29T04:00:00Z", collection="1.0.0",
        load={"generator": "aiperf==0.13.0", "seed": 1, "url": "https://10.20.0.11", "from": "localhost"},
        causes=causes, parties=PARTIES, soak=soaked(), quality=answered(catalog, limits, causes),
        machines={"gpu01": measured(), "gpu02": measured({"to": "gpu01", "mbps": 187400, "again_percent": 0.02})},
        card={"gbs": 4000, "tflops": {"fp16": 148}, "link_gbs": 450},
    )  # fmt: skip


def compared() -> dict[str, Any]:
    """The example, compared with an earlier one that was faster, of an older driver and another disk."""
    before, now = example(1.04), example()
    before["made"] = "2026-05-06T08:00:00Z"
    before["identity"]["gpu01"].update(driver="570.86.15", disks=before["identity"]["gpu02"]["disks"])
    return {**now, "against": compare.against(before, now)}


if __name__ == "__main__":
    seal.write(sys.argv[1], compared(), sys.argv[1] + ".key", sys.argv[2])
