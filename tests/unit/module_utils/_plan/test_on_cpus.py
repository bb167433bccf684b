# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for nodes without a card: the lab's, and two nodes as one."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import SLOW_DISK

from tests.sizing.common import first_unit, plan

FACTS = {"gpus": [], "memory": {"total_bytes": 24 * 2**30}, "cpu": {"cores": 2}}


def test_lab_plan(catalog):
    archives = [{"url": "http://192.0.2.1/images.tar"}]
    images = {"vllm-cpu": {"id": "sha256:1"}}
    made = plan(
        catalog,
        {"gpu01": {"address": "192.0.2.11", "facts": FACTS}},
        profile="lab",
        images=images,
        image_archives=archives,
    )
    assert made["verdict"] == "fits" and made["engine"]["device"] == "cpu"
    assert first_unit(made)["args"][0] == "/models/yitiji-lab/tiny-r1-distill"
    flags = " ".join(first_unit(made)["args"])
    for wanted in (
        "--host 0.0.0.0",
        "--reasoning-parser deepseek_r1",
        "--max-model-len 2048",
        "--disable-fastapi-docs",
        "--kv-cache-memory-bytes 67108864",
        "--max-num-seqs 4",
    ):
        assert wanted in flags
    assert made["image"]["id"] == "sha256:1" and made["image"]["archive"] == archives[0]
    assert made["run"]["secrets"] == {"VLLM_API_KEY": "engine-key"}
    assert made["nodes"]["gpu01"]["head"]
    assert {image["key"] for image in made["images"]} == {"vllm-cpu", "open-webui-slim"}
    assert json.loads(json.dumps(made)) == made


def test_lab_refuses_too_little_memory(catalog):
    small = {**FACTS, "memory": {"total_bytes": 2**30}}
    with pytest.raises(Refusal) as refused:
        plan(catalog, {"a": {"facts": small}}, profile="lab")
    assert refused.value.rule == "LLM104"


def pair(**network):
    return {
        name: {"address": f"10.77.0.1{number}", "facts": {"memory": {"total_bytes": 2**34}, "network": {"interfaces": [
            {"name": "host0", "addresses": [f"10.77.0.1{number}/24"]}]}}}
        for number, name in ((1, "gpu01"), (2, "gpu02"))
    }  # fmt: skip


def cpu_profile(catalog, **more):
    changed = copy.deepcopy(catalog)
    changed["profiles"]["two"] = {**changed["profiles"]["lab"], **more}
    changed["images"]["vllm-cpu-ray"] = {**changed["images"]["vllm-cpu"], "ray": True, "ref": "x:ray"}
    return changed


def test_two_nodes_without_a_card(catalog):
    made = plan(cpu_profile(catalog, layout={"tensor": 2}), pair(), profile="two")
    assert made["cluster"]["head"] == "10.77.0.11" and made["container"]["network"] == "host"
    args = {name: " ".join(row["units"][0]["args"]) for name, row in made["nodes"].items()}
    assert "--node-rank 0 --master-addr 10.77.0.11" in args["gpu01"] and "--host 127.0.0.1" in args["gpu01"]
    assert "--node-rank 1" in args["gpu02"] and "--headless" in args["gpu02"]
    assert made["image"]["key"] == "vllm-cpu"  # Ray only where it is asked for


def test_two_nodes_by_ray(catalog):
    made = plan(cpu_profile(catalog, layout={"pipeline": 2}, executor="ray"), pair(), profile="two")
    assert made["image"]["key"] == "vllm-cpu-ray" and made["cluster"]["ray_port"] == 6379
    assert made["run"]["secrets"] == {"VLLM_API_KEY": "engine-key", "RAY_AUTH_TOKEN": "cluster-key"}
    args = first_unit(made)["args"]
    assert "--distributed-executor-backend ray" in " ".join(args) and "--nnodes" not in args
    with pytest.raises(Refusal, match=r"has 1 node.*2 are needed"):
        only = {name: row for name, row in pair().items() if name == "gpu01"}
        plan(cpu_profile(catalog, layout={"pipeline": 2}), only, profile="two")


def test_a_large_model_has_longer_to_start(catalog):
    """Read once, by one process on each node."""
    info = {"bytes_total": 60 * 10**9}
    nodes = {"a": {"facts": FACTS}}
    small, large = (plan(catalog, nodes, profile="lab", **more) for more in ({}, {"model_info": info}))
    assert large["start"]["timeout_seconds"] - small["start"]["timeout_seconds"] == pytest.approx(
        2 * (60 * 10**9 - small["model"]["bytes"]) / SLOW_DISK, abs=1
    )


@pytest.mark.parametrize(("said", "flag"), [("float16", "float16"), ("float32", "float32"), ("int4", "bfloat16")])
def test_the_checkpoints_type_where_a_cpu_has_it(catalog, said, flag):
    config = {**catalog["models"]["tiny-r1-distill"]["config"], "torch_dtype": said}
    args = first_unit(plan(catalog, {"a": {"facts": FACTS}}, profile="lab", model_info={"config": config}))["args"]
    assert args[args.index("--dtype") + 1] == flag
