# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as manifests: held against KServe's published schema, and nothing of the plan is lost."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.kubernetes import (
    PRESET,
    arguments,
    image,
    manifests,
    mib,
    name_of,
)

from tests.sizing.common import ROOT, declared, first_unit, plan

SCHEMAS = {
    json.loads(path.read_text(encoding="utf-8"))["properties"]["kind"]["const"]: json.loads(
        path.read_text(encoding="utf-8")
    )
    for path in (ROOT / "tests/fixtures/kubernetes").glob("*.json")
}
NOTHING = {"namespace": "", "claim": "", "storage_class": "", "key_secret": ""}
LABEL = re.compile(r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")


def problems(manifest):
    validator = jsonschema.Draft202012Validator(SCHEMAS[manifest["kind"]])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


def export(made, selector=None, **settings):
    """Through YAML, as it is applied."""
    found = manifests(made, {**NOTHING, **settings}, selector or {})
    found = list(yaml.safe_load_all(yaml.safe_dump_all(found, sort_keys=False)))
    for manifest in found:
        assert not problems(manifest)
        assert LABEL.match(manifest["metadata"]["name"])
    return found


def container(service):
    (only,) = service["spec"]["template"]["containers"]
    return only


@pytest.mark.parametrize(
    ("profile", "cards", "wish", "replicas"),
    [
        ("basic", declared("rtx-4090-24g", 2), {}, 1),
        ("basic", declared("rtx-4090-24g", 2), {"replicas": 2}, 2),
        ("standard", declared("rtx-4090-24g", 4), {}, 1),
        ("flagship", declared("h20-141g", 8), {}, 1),
        ("lab", declared("", 0, memory_gib=24), {}, 1),
    ],
)
def test_plans_of_one_node_keep_to_the_schema_and_lose_nothing(catalog, profile, cards, wish, replicas):
    made = plan(catalog, cards, profile=profile, **wish)
    claim, service = export(made)
    unit, spec = first_unit(made), service["spec"]
    assert spec["replicas"] == replicas and ("scheduler" in spec["router"]) == (replicas > 1)
    assert spec["parallelism"]["tensor"] == unit["layout"]["tensor"]
    assert spec["model"]["uri"] == "pvc://demo-weights/" + made["model"]["id"]
    assert spec["model"]["name"] == made["model"]["served_name"]
    main = container(service)
    given = {row["name"]: row.get("value") for row in main["env"]}
    assert unit["env"].items() <= given.items()
    assert main["resources"].get("limits", {}) == ({"nvidia.com/gpu": str(len(unit["gpus"]))} if unit["gpus"] else {})
    assert main["startupProbe"]["failureThreshold"] * 10 >= made["start"]["timeout_seconds"]
    size = int(claim["spec"]["resources"]["requests"]["storage"][:-2]) * 2**30
    assert size >= made["needs"]["disk_bytes"]["weights"]
    left = [word for word in unit["args"] if word not in main["args"]]
    assert set(left) <= {
        *PRESET,
        unit["args"][0],
        *(unit["args"][unit["args"].index(flag) + 1] for flag in left if flag in PRESET),
    }


def test_the_schema_notices_what_kubernetes_would_drop_or_refuse(catalog):
    claim, service = export(plan(catalog, declared("rtx-4090-24g", 2)))
    for path, value in (
        (("spec", "model", "url"), "pvc://x"),
        (("spec", "replicas"), "2"),
        (("spec", "template", "containers", 0, "image"), ["x"]),
        (("spec", "template", "containers", 0, "arguments"), []),
        (("spec", "template", "volumes", 0, "emptyDir", "size"), "1Gi"),
        (("apiVersion",), "serving.kserve.io/v1"),
    ):
        wrong = json.loads(json.dumps(service))
        part = wrong
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
        assert problems(wrong), path
    claim["spec"]["accessModes"] = ["Many"]
    assert problems(claim)
    assert "Apache License, Version 2.0" in SCHEMAS["LLMInferenceService"]["$comment"]


def test_the_key_comes_from_a_secret_and_stands_nowhere(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 2))
    _claim, service = export(made)
    (row,) = [row for row in container(service)["env"] if row["name"] == "VLLM_API_KEY"]
    assert row == {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "demo-engine-key", "key": "key"}}}
    _claim, service = export(made, key_secret="ours")
    assert "ours" in json.dumps(service) and "demo-engine-key" not in json.dumps(service)


def test_settings_of_a_site(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 2))
    labels = {"nvidia.com/gpu.product": "NVIDIA-GeForce-RTX-4090"}
    claim, service = export(made, labels, namespace="deepseek", storage_class="nfs")
    assert claim["spec"]["storageClassName"] == "nfs"
    assert {row["metadata"]["namespace"] for row in (claim, service)} == {"deepseek"}
    assert service["spec"]["template"]["nodeSelector"] == labels
    (service,) = export(made, claim="models")
    assert service["spec"]["model"]["uri"].startswith("pvc://models/deepseek-ai/")


def test_models_beside_each_other_are_services_of_one_claim(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), beside=[{"model": "deepseek-r1-1.5b", "cards": 1}])
    claim, first, second = export(made)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert {row["spec"]["model"]["uri"].split("/")[2] for row in (first, second)} == {claim["metadata"]["name"]}
    cards = [int(container(row)["resources"]["limits"]["nvidia.com/gpu"]) for row in (first, second)]
    assert cards[1] == 1 and sum(cards) <= 4


@pytest.mark.parametrize(
    ("profile", "nodes", "wish", "said"),
    [
        ("flagship", declared("h20-96g", 8, nodes=2), {}, "2 nodes"),
        ("basic", declared("rtx-4090-24g", 2), {"engine": "sglang"}, "sglang"),
        ("basic", declared("rtx-4090-24g", 2), {"engine": "llamacpp"}, "llamacpp"),
        ("basic", declared("ascend-910b-64g", 2), {}, "npu"),
    ],
)
def test_what_no_preset_runs_is_refused(catalog, profile, nodes, wish, said):
    with pytest.raises(Refusal) as caught:
        export(plan(catalog, nodes, profile=profile, **wish))
    assert caught.value.rule == "LLM591" and said in caught.value.reason.en


def test_arguments_survive_the_presets_shell():
    """The preset ends in `eval "exec vllm serve ... $@"` of `bash -c SCRIPT -- ARGS`."""
    args = ["/models/a b", "--port", "8000", "--hf-overrides", '{"a": "it\'s $HOME"}', "--model", "x", "--seed", "0"]
    script = "eval \"exec printf '%s\\0' $@\""
    done = subprocess.run(["bash", "-c", script, "--", *arguments(args)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == ["--hf-overrides", '{"a": "it\'s $HOME"}', "--seed", "0"]


def test_an_image_is_named_with_its_digest():
    assert image({"ref": "a/b:1", "digest": "sha256:0"}) == "a/b:1@sha256:0"
    assert image({"ref": "a/b:1", "digest": None}) == "a/b:1"


@pytest.mark.parametrize(
    ("words", "name"),
    [(("My_Site", "deepseek-r1-7b"), "my-site-deepseek-r1-7b"), (("9",), "m9"), (("a" * 39, "b"), "a" * 39)],
)
def test_names_fit_kubernetes(words, name):
    assert name_of(*words) == name


def test_mebibytes_are_rounded_up():
    assert [mib(amount) for amount in (1, 2**20, 2**20 + 1, 2**30)] == ["1Mi", "1Mi", "2Mi", "1024Mi"]
