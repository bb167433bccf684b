# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import report as core

STEP = {
    "prompt": 64, "answer": 32, "concurrency": 4, "requests": 8, "failed": 0, "tokens_per_second": 50.0,
    "requests_per_second": 1.5, "seconds": 5.0, "at_once": 4.0, "errors": [],
    **{key: {"p50": 10.0, "p90": 20.0, "p99": 30.0} for key in ("first_token_ms", "between_ms", "latency_ms")},
}  # fmt: skip
PLAN = {
    "deployment": "campus", "profile": "lab", "model": {"id": "o/m", "served_name": "m", "context": 2048},
    "engine": {"name": "vllm", "version": "0.32.0"}, "totals": {"m": {"concurrency": 4}}, "speed": {},
}  # fmt: skip
LIMITS = {
    "failed_percent": 0, "first_token_seconds": 2, "near": 0.9, "knee_gain": 0.1, "skip": ["needle"],
    "restart_seconds": 60,
}  # fmt: skip
FUNCTION = [
    {"id": "json", "name": {"zh": "甲", "en": "a"}, "verdict": "pass", "evidence": "{}"},
    {"id": "needle", "name": {"zh": "乙", "en": "b"}, "verdict": "fail", "evidence": "missed"},
]
FACTS = {
    "system_vendor": "Maker", "product_name": "X1", "product_serial": "S1", "board_serial": "To be filled by O.E.M.",
    "machine_id": "abc", "bios_version": "1.2", "bios_date": "01/01/2026", "distribution": "Debian",
    "distribution_version": "12", "kernel": "6.1", "interfaces": ["lo", "eth-0", "veth1"],
    "veth1": {"type": "ether", "macaddress": "56:00:00:00:00:01", "speed": 10000},
    "eth_0": {"type": "ether", "macaddress": "02:00:00:00:00:01", "speed": 10000, "module": "ice"},
    "lo": {"type": "loopback"},
    "devices": {"nvme0n1": {"model": "D", "serial": "N1", "size": "1 TB", "removable": "0"}, "loop0": {"model": None}},
}  # fmt: skip
NODE = {
    "cpu": {"model": "C", "threads": 8}, "memory": {"total_bytes": 1 << 30},
    "nvidia": None, "containers": {"docker": None},
    "gpus": [{"name": "G", "uuid": "GPU-1", "bus": "0000:01:00.0", "memory_bytes": 1, "index": 0}],
}  # fmt: skip


def document(**more):
    given = {
        "plan": PLAN, "profile": {"stated": {"requests_per_second": "1-2"}}, "limits": LIMITS, "speed": [STEP],
        "function": FUNCTION, "identity": {"gpu01": core.machine(FACTS, NODE)}, "made": "2026-11-29T00:00:00Z",
        "load": {"generator": "g 1", "seed": 1, "url": "https://x", "from": "localhost"}, "collection": "1.0.0",
        "causes": {"failed_percent": [{"zh": "因", "en": "why"}]}, "parties": {"vendor": "V"},
        "soak": {}, "machines": {}, "card": {},
        "quality": {"lab": False, "areas": [], "signs": [], "answers": []}, **more,
    }  # fmt: skip
    return core.document(**given)


def test_a_report_says_of_what_it_is_and_how_it_is_judged():
    report = document()
    assert (report["verdict"], report["planned"], report["kind"]) == ("pass", 4, "yitiji-acceptance")
    assert [row["verdict"] for row in report["function"]] == ["pass", "skipped"]
    assert report["knees"] == [{"prompt": 64, "answer": 32, "knee": None}]
    assert report["plan_sha256"] == core.digest(dict(reversed(list(PLAN.items()))))


def test_a_missed_figure_has_its_causes_and_decides():
    report = document(speed=[{**STEP, "failed": 1}])
    assert report["verdict"] == "fail"
    assert [row["causes"] for row in report["figures"] if row["key"] == "failed_percent"] == [
        [{"zh": "因", "en": "why"}]
    ]


RESTART = {"waited": 600, "lost": 3, "at_once": 4}


@pytest.mark.parametrize(("seconds", "verdict"), [(41.5, "pass"), (99.0, "conditional"), (None, "fail")])
def test_a_soaks_figures_decide_too_and_say_what_to_do(seconds, verdict):
    report = document(soak={"slices": [], "restart": {**RESTART, "seconds": seconds}, "concurrency": 4})
    [figure] = [row for row in report["figures"] if row["key"] == "restart_seconds"]
    assert (report["verdict"], figure["verdict"], figure["rule"]) == (verdict, verdict, "LLM867")
    assert ("causes" in figure) == (verdict != "pass") and "remedy" not in figure
    assert report["soak"]["restart"]["lost"] == 3 and ("> 600 s" in figure["text"]["en"]) == (seconds is None)


def test_the_prediction_counts_only_where_there_is_one():
    rows = [{"concurrency": 4, "total_tokens_per_second": [100.0, 200.0]}]
    keys = [
        {row["key"] for row in document(plan={**PLAN, "speed": {"m": {"predicted": told, "rows": rows}}})["figures"]}
        for told in (True, False)
    ]
    assert [("tokens_per_second" in each) for each in keys] == [True, False]


def test_a_machine_is_known_by_what_lasts():
    machine = core.machine(FACTS, NODE)
    assert machine["serial"] == "S1" and machine["board_serial"] == ""  # what a maker left open is no number
    card = {"name": "eth-0", "mac": "02:00:00:00:00:01", "mbit": 10000, "driver": "ice", "firmware": None}
    assert machine["interfaces"] == [card]
    assert [disk["serial"] for disk in machine["disks"]] == ["N1"]
    report = document()
    same = core.machine({**FACTS, "kernel": "6.2", "bios_version": "9"}, NODE)
    assert core.other_machines(report, {"gpu01": same}) == []
    for facts, node in (({**FACTS, "product_serial": "S2"}, NODE), (FACTS, {**NODE, "gpus": []})):
        assert core.other_machines(report, {"gpu01": core.machine(facts, node)}) == ["gpu01"]
    assert core.other_machines(report, {"gpu02": same}) == ["gpu01"]
    nobody = {"identity": {"gpu01": core.machine({}, {})}}  # whom nothing tells from others
    assert core.other_machines(nobody, nobody["identity"]) == ["gpu01"]


def test_a_container_has_no_serial_number():
    assert core.machine({"product_serial": "NA", "machine_id": "m"}, {})["serial"] == ""


def test_questions_decide_too():
    row = {"area": "maths", "verdict": "fail"}
    report = document(quality={"lab": False, "areas": [row], "signs": [{"key": "token", "verdict": "skipped"}]})
    assert report["verdict"] == "fail" and (report["counts"]["fail"], report["counts"]["skipped"]) == (1, 2)


def test_what_runs_on_a_machine_is_told_to_the_digest():
    held = [
        {"ref": "vllm/vllm-openai:v1", "id": "sha256:aa", "digest": "sha256:bb"},
        {"ref": "local/chat:1", "id": "sha256:cc", "digest": None},
        {"ref": "nobody/runs:this", "id": "sha256:dd", "digest": None},
    ]
    running = [{"name": name, "image": name} for name in ("local/chat:1", "sha256:aa", "local/chat:1", "gone:1")]
    node = {**NODE, "containers": {"docker": {"version": "28", "containers": running, "images": held}}}
    told = {"weights": [{"model": "o/m (r1)", "sha256": "ee"}], "firmware": {"eth-0": "4.40 0x8001c967"}}
    found = core.machine(FACTS, {**node, "gpus": [{**NODE["gpus"][0], "vbios": "96.00.A5.00.1A"}]}, told)
    assert found["images"] == [
        {"ref": "local/chat:1", "sha256": "sha256:cc"},
        {"ref": "vllm/vllm-openai:v1", "sha256": "sha256:bb"},
    ]
    assert found["weights"] == told["weights"] and found["interfaces"][0]["firmware"] == "4.40 0x8001c967"
    assert found["gpus"][0]["vbios"] == "96.00.A5.00.1A" and found["firmware"] == "1.2 01/01/2026"


SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs/acceptance.schema.json").read_text(encoding="utf-8"))
COUNTED = {"prompt_tokens": 64.0, "answer_tokens": 32.0}
SEALED = {"signer": "SHA256:abc", "files": {"report.en.html": "0" * 64}}


def test_a_report_fits_the_schema_that_others_read_it_by():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for soak in ({}, {"restart": {**RESTART, "seconds": 41.5}, "concurrency": 4}):
        whole = json.loads(json.dumps({**document(speed=[{**STEP, "failed": 1, **COUNTED}], soak=soak), **SEALED}))
        assert [error.message for error in validator.iter_errors(whole)] == []
    for name in SCHEMA["required"]:
        short = {key: value for key, value in whole.items() if key != name}
        assert not validator.is_valid(short), name
    other = copy.deepcopy(whole)
    other["identity"]["gpu01"]["unheard"] = 1
    assert not validator.is_valid(other)


def test_an_interface_that_tells_no_speed_has_none_and_virtual_ones_are_no_part():
    silent = {**FACTS, "interfaces": ["eth-0", "ifb0", "dummy0"], "eth_0": {**FACTS["eth_0"], "speed": -1}}
    silent.update({name: FACTS["veth1"] for name in ("ifb0", "dummy0")})
    assert [(row["name"], row["mbit"]) for row in core.machine(silent, NODE)["interfaces"]] == [("eth-0", None)]
