# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as manifests: held against published schemas, also as the pod that KServe's preset makes of them."""

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

COPIES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "tests/fixtures/kubernetes").glob("*.json")
}
PRESET_POD = COPIES.pop("preset")["template"]
SCHEMAS = {schema["properties"]["kind"]["const"]: schema for schema in COPIES.values()}
KEYS = {"containers": "name", "volumes": "name", "env": "name", "volumeMounts": "mountPath", "ports": "containerPort"}
TENSOR = "{{ .Spec.Parallelism.Tensor }}"
GO = {  # what KServe's controller writes for the expressions of its preset
    "{{- if and .Spec.Parallelism .Spec.Parallelism.Tensor }} --tensor-parallel-size " + TENSOR + "{{- end }}":
        " --tensor-parallel-size {tensor}",
    "{{ shutdownTimeout .Spec.Template 15 }}": "45",
    "{{ kvTransferConfig .Spec.KVCacheOffloading }}": "",
    "{{ if .GlobalConfig.EnableTLS }}HTTPS{{else}}HTTP{{- end }}": "HTTPS",
    "{{ ChildName .ObjectMeta.Name `-kserve-self-signed-certs` }}": "{name}-kserve-self-signed-certs",
    "{{ .Spec.Model.Name }}": "{model}",
    "{{ .ObjectMeta.Namespace }}": "ai",
}  # fmt: skip
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


def merged(base, patch, field=""):
    """Kubernetes' strategic merge, as far as an export has need of it: lists with a key by it, others as a whole."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {**base, **{key: merged(base.get(key), value, key) for key, value in patch.items()}}
    if isinstance(base, list) and field in KEYS:
        key = KEYS[field]
        rows = {row[key]: row for row in base}
        return list({**rows, **{row[key]: merged(rows.get(row[key]), row) for row in patch}}.values())
    return patch


def pod(service):
    """As KServe's controller writes it: its preset's templates filled in, the export's over it."""
    text, spec = json.dumps(PRESET_POD), service["spec"]
    names = {
        "tensor": spec["parallelism"]["tensor"],
        "model": spec["model"]["name"],
        "name": service["metadata"]["name"],
    }
    for expression, value in GO.items():
        assert expression in text
        text = text.replace(expression, value.format(**names))
    text = re.sub(r"{{ if .GlobalConfig.EnableTLS }}(.*?){{- end }}", r"\1", text)
    assert "{{" not in text
    return merged(json.loads(text), spec["template"])


def started(main, tmp_path):
    """The words that vLLM would be started with: the container's own command, with a vLLM that tells them."""
    vllm = tmp_path / "vllm"
    vllm.write_text("#!/bin/sh\n[ $1 = --version ] && echo 0.32.0 || printf '%s\\0' \"$@\"\n", encoding="utf-8")
    vllm.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", **{row["name"]: row["value"] for row in main["env"] if "value" in row}}
    done = subprocess.run([*main["command"], *main["args"]], capture_output=True, text=True, check=True, env=env)
    return done.stdout[done.stdout.index("serve\0") :].split("\0")[:-1]


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


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_pod_that_kserve_makes_of_it(catalog, tmp_path, replicas):
    """Image, flags, resources, volumes and probes, after the preset was merged in."""
    made = plan(catalog, declared("rtx-4090-24g", 2), replicas=replicas)
    _claim, service = export(made)
    whole = {**service, "spec": {**service["spec"], "template": pod(service)}}
    assert not problems(whole)
    unit, spec = first_unit(made), whole["spec"]["template"]
    (main,) = spec["containers"]
    assert main["image"] == image(made["image"]) and "llm-d" not in main["image"]
    words = started(main, tmp_path)
    assert words[:5] == ["serve", "/mnt/models", "--served-model-name", made["model"]["served_name"],
                         "publishers/ai/models/" + made["model"]["served_name"]]  # fmt: skip
    flags = [word for word in words if word.startswith("--")]
    assert len(flags) == len(set(flags)), "vLLM takes the last of two; the plan's must be the only one"
    assert " ".join(word for word in unit["args"][1:] if word in flags) == " ".join(
        word for word in unit["args"][1:] if word.startswith("--") and word not in ("--host", "--model")
    )
    at = words.index("--max-model-len")
    assert words[at + 1] == str(made["model"]["context"])
    assert set(main["resources"]["limits"]) == {"nvidia.com/gpu"} and set(main["resources"]["requests"]) == {"memory"}
    volumes = {row["name"]: row for row in spec["volumes"]}
    mounts = {row["mountPath"]: row["name"] for row in main["volumeMounts"]}
    assert set(mounts.values()) <= set(volumes) and mounts["/dev/shm"] == "dshm"
    assert volumes["dshm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": mib(made["container"]["shm_bytes"])}
    probe = main["startupProbe"]
    assert probe["httpGet"] == {"path": "/health", "port": 8000, "scheme": "HTTPS"}
    assert probe["failureThreshold"] * probe["periodSeconds"] >= made["start"]["timeout_seconds"]
    assert main["livenessProbe"]["httpGet"] == main["readinessProbe"]["httpGet"] == probe["httpGet"]
    assert main["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    names = [row["name"] for row in main["env"]]
    assert len(names) == len(set(names)) and "VLLM_API_KEY" in names


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("containers", 0, "livenessProbe", "httpGet", "url"), "/health"),
        (("containers", 0, "startupProbe", "failureThreshold"), "60"),
        (("containers", 0, "resources", "limits", "nvidia.com/gpu"), True),
        (("containers", 0, "volumeMounts", 0, "path"), "/x"),
        (("volumes", 0, "emptyDir", "limit"), "1Gi"),
        (("containers", 0, "env", 0, "val"), "x"),
    ],
)
def test_a_wrong_field_of_that_pod_is_noticed(catalog, path, value):
    _claim, service = export(plan(catalog, declared("rtx-4090-24g", 2)))
    made = json.loads(json.dumps({**service, "spec": {**service["spec"], "template": pod(service)}}))
    part = made["spec"]["template"]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert problems(made)


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
    for key, value in (
        ("accessModes", ["Many"]),
        ("storageClass", "x"),
        ("resources", {"requests": {"storage": "9GB"}}),
    ):
        assert problems({**claim, "spec": {**claim["spec"], key: value}}), key
    assert all("Apache License, Version 2.0" in schema["$comment"] for schema in SCHEMAS.values())


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
