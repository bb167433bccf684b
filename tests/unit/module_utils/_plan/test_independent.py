# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of one deployment that each serve the model by themselves."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import placed_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.site import models
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.heal import ended_rows
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.kubernetes import manifests
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import shares
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish

from tests.sizing.common import declared, plan, totals

FACTS = {"gpus": [], "memory": {"total_bytes": 24 * 2**30}, "cpu": {"cores": 2}}
NOTHING = {"namespace": "", "claim": "", "storage_class": "", "key_secret": ""}
SHORT = {"kind": "context", "max_len": 131072, "need_gib": 3.5, "kv_gib": 2.5, "longest": 93616, "line": "said"}


def nodes(*cards):
    """One node for each (card, count, GiB of main memory)."""
    found = {}
    for number, (card, count, *memory) in enumerate(cards, 1):
        (row,) = declared(card, count, **({"memory_gib": memory[0]} if memory else {})).values()
        found[f"n{number}"] = {**row, "address": f"10.0.0.{number}"}
    return found


def made(catalog, there, **wish):
    return plan(catalog, there, independent_nodes=True, **wish)


def urls(of):
    return [(name, unit["name"], unit["url"]) for name, unit in placed_units(of)]


@pytest.mark.parametrize("count", [2, 3])
def test_each_node_has_a_whole_engine_and_no_group(catalog, count):
    there = declared("rtx-4090-24g", 8, count)
    found = made(catalog, there, concurrency=10)
    alone = plan(catalog, declared("rtx-4090-24g", 8), concurrency=-(-10 // count))
    first = placed_units(found)[0][1]
    assert {key: first[key] for key in ("args", "env", "gpus")} == {
        key: placed_units(alone)[0][1][key] for key in ("args", "env", "gpus")
    }
    assert urls(found) == [
        (f"n{at}", "yitiji-vllm", f"http://{'127.0.0.1' if at == 1 else f'10.0.0.{at}'}:8000")
        for at in range(1, count + 1)
    ]
    assert found["cluster"] is None and found["container"]["network"] == "bridge" and found["provision"]["ready"]
    assert [node["head"] for node in found["nodes"].values()] == [True] + [False] * (count - 1)
    assert all(not unit["group"] and not unit["devices"] for _name, unit in placed_units(found))
    assert totals(found)["kv_tokens"] == count * totals(alone)["kv_tokens"] and totals(found)["engines"] == count
    assert found["needs"]["ports"] == [8000, 8001] and found["balancer"]["port"] == 8001
    assert found["needs"]["memory_bytes"] == alone["needs"]["memory_bytes"], "of one node"
    assert not [row for row in found["warnings"] if row["id"] in ("LLM187", "LLM188")]
    rows = found["speed"]["deepseek-r1-7b"]["rows"][-1], alone["speed"]["deepseek-r1-7b"]["rows"][-1]
    assert rows[0]["total_tokens_per_second"][0] > 1.5 * rows[1]["total_tokens_per_second"][0]


def test_different_cards_and_several_copies_a_node(catalog):
    found = made(catalog, nodes(("rtx-4090-24g", 8), ("a100-80g", 4)), replicas=2)
    assert urls(found) == [
        ("n1", "yitiji-vllm-1", "http://127.0.0.1:8000"),
        ("n1", "yitiji-vllm-2", "http://127.0.0.1:8001"),
        ("n2", "yitiji-vllm-1", "http://10.0.0.2:8000"),
        ("n2", "yitiji-vllm-2", "http://10.0.0.2:8001"),
    ]
    assert [unit["gpus"] for _name, unit in placed_units(found)] == [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1], [2, 3]]
    assert found["needs"]["ports"] == [8000, 8001, 8002]
    assert "4090" in found["card"] and "A100" in found["card"]
    assert not found["speed"]["deepseek-r1-7b"]["predicted"], "no range for unlike engines"
    with pytest.raises(Refusal, match="differ") as caught:
        manifests(found, NOTHING, {})
    assert caught.value.rule == "LLM591"


def test_the_gateway_asks_all_of_them(catalog):
    found = made(catalog, declared("rtx-4090-24g", 8, 3))
    units = [unit for node in found["nodes"].values() for unit in node["units"]]
    (model,) = models(units)
    assert model["servers"] == ["127.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"]


def test_an_address_of_six_words_is_bracketed(catalog):
    there = declared("rtx-4090-24g", 1, 2)
    there["n2"]["address"] = "fd00::2"
    assert urls(made(catalog, there))[1][2] == "http://[fd00::2]:8000"


def test_on_cpus(catalog):
    there = {f"gpu0{at}": {"address": f"10.0.0.{at}", "facts": FACTS} for at in (1, 2)}
    network = {"interfaces": [{"name": "eth0", "addresses": ["10.0.0.2/24"]}]}
    with pytest.raises(Refusal) as caught:
        made(catalog, there, profile="lab")
    assert caught.value.rule == "LLM401" and "gpu02" in caught.value.reason.en
    there["gpu02"]["facts"] = {**FACTS, "network": network}
    found = made(catalog, there, profile="lab")
    assert [url for _name, _unit, url in urls(found)] == ["http://127.0.0.1:8000", "http://10.0.0.2:8000"]
    catalog["profiles"]["lab"]["layout"] = {"tensor": 2}
    with pytest.raises(Refusal) as caught:
        made(catalog, there, profile="lab")
    assert caught.value.rule == "LLM512" and caught.value.reason.zh.startswith("gpu01：")


def test_it_is_explained(catalog):
    found = made(catalog, declared("rtx-4090-24g", 8, 2))
    assert "2 independent nodes" in explain(found, "en") and "2 个节点各自独立运行" in explain(found, "zh")
    assert "rank" not in explain(found, "en") and "n2 GPU 0–7" in page(found)


def test_one_node_is_planned_as_ever(catalog):
    there = declared("rtx-4090-24g", 8)
    assert made(catalog, there) == plan(catalog, there)
    assert made(catalog, there, engine="ollama") == plan(catalog, there, engine="ollama")


def test_as_many_services_of_kserve(catalog):
    found = manifests(made(catalog, declared("rtx-4090-24g", 8, 3)), NOTHING, {})[-1]["spec"]
    one = manifests(plan(catalog, declared("rtx-4090-24g", 8)), NOTHING, {})[-1]["spec"]
    assert found["replicas"] == 3
    memory = [spec["template"]["containers"][0]["resources"]["requests"] for spec in (found, one)]
    assert memory[0] == memory[1]


@pytest.mark.parametrize(
    ("there", "wish", "said"),
    [
        (declared("rtx-4090-24g", 8, 2), {"beside": [{"model": "qwen3-8b"}]}, "appliance_beside"),
        (declared("rtx-4090-24g", 8, 2), {"engine": "ollama"}, "no key"),
        (nodes(("rtx-4090-24g", 8), ("v100-32g", 4)), {}, "different images"),
        (nodes(("rtx-4090-24g", 8), ("rtx-4090-24g", 1, 16)), {"engine": "llamacpp", "concurrency": 64}, "GGUF"),
    ],
    ids=str,
)
def test_what_cannot_be(catalog, there, wish, said):
    with pytest.raises(Refusal) as caught:
        made(catalog, there, **wish)
    assert caught.value.rule == "LLM558" and said in caught.value.reason.en and caught.value.remedies


def test_the_node_that_lacks_memory_is_named(catalog):
    with pytest.raises(Refusal) as caught:
        made(catalog, nodes(("rtx-4090-24g", 8), ("rtx-4090-24g", 1)), model="deepseek-r1-32b")
    assert caught.value.rule == "LLM504" and caught.value.reason.en.startswith("n2: ")


def test_what_one_node_lacked_makes_all_of_them_shorter(catalog):
    """Both kinds of cards then serve the context that the weaker one found room for."""
    there, long = nodes(("a100-80g", 1), ("rtx-4090-24g", 2)), {"context_length": 131072, "concurrency": 2}
    before = made(catalog, there, **long)
    variables = {"deployment": "demo", "profile": "basic", "nodes": there, "independent_nodes": True, **long}
    parts = [part for _suffix, part in shares(read_wish(variables, catalog))]
    (row,) = ended_rows(before, parts, {"n2": {"yitiji-vllm": SHORT}})
    assert (row["gpu"], row["cards"], row["hosts"], row["span"]) == ("rtx-4090-24g", 2, 1, 1)
    after = made(catalog, there, calibration=[row], **long)
    lengths = {unit["capacity"]["context"] for _name, unit in placed_units(after)}
    assert len(lengths) == 1 and lengths.pop() < 93616 and after["model"]["context"] < 93616
