# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as manifests for KServe: one LLMInferenceService for each model, and the claim that holds the weights.

KServe's own preset runs `vllm serve /mnt/models` with name, port, TLS and probes; the plan adds what it knows.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import independent, serving_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import CACHE

API = "serving.kserve.io/v1alpha2"
# Options of the plan that the preset gives itself; each has one value.
PRESET = (
    "--model",
    "--served-model-name",
    "--host",
    "--port",
    "--tensor-parallel-size",
    "--disable-access-log-for-endpoints",
)
CARDS = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu", "cpu": ""}  # as the makers' device plugins offer them
USER = 10001  # the preset lets nobody run as root, and vLLM's image names no other user
PROBE_SECONDS = 10
LONGEST = 40  # of a name: KServe adds to it, and 63 is the end


def name_of(*words: str) -> str:
    """A name as Kubernetes allows it."""
    text = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
    return re.sub(r"^(?=[0-9])", "m", text)[:LONGEST].strip("-")


def manifests(
    plan: Mapping[str, Any], settings: Mapping[str, str], selector: Mapping[str, str]
) -> List[Dict[str, Any]]:
    """What `kubectl apply` takes. settings: namespace, claim, storage_class, key_secret, each may be empty."""
    check(plan)
    units = [unit for node in plan["nodes"].values() for unit in node["units"]]
    claim = settings["claim"] or name_of(plan["deployment"], "weights")
    found = [] if settings["claim"] else [_claim(plan, claim, settings["storage_class"])]
    for model in (plan["model"], *plan["models_beside"]):
        mine = [unit for unit in units if unit["model"]["served_name"] == model["served_name"]]
        memory = -(-int(plan["needs"]["memory_bytes"]) // max(len(node["units"]) for node in plan["nodes"].values()))
        secret = settings["key_secret"] or name_of(plan["deployment"], "engine-key")
        found.append(_service(plan, model, mine, {"claim": claim, "secret": secret}, memory))
        if selector:
            found[-1]["spec"]["template"]["nodeSelector"] = dict(selector)
    if settings["namespace"]:
        for manifest in found:
            manifest["metadata"]["namespace"] = settings["namespace"]
    return found


def check(plan: Mapping[str, Any]) -> None:
    """Refuses what KServe's presets do not run (LLM591)."""
    if plan["engine"]["name"] != "vllm" or not plan["image"]:
        raise Refusal("LLM591", what=say("export_engine", engine=plan["engine"]["name"]))
    if plan["engine"]["device"] not in CARDS:
        raise Refusal("LLM591", what=say("export_device", device=plan["engine"]["device"]))
    if plan["cluster"]:
        raise Refusal("LLM591", what=say("export_nodes", count=len(plan["nodes"])))
    forms = [(unit["layout"]["tensor"], *arguments(unit["args"])) for unit in serving_units(plan)]
    if independent(plan) and len(set(forms)) > 1:
        raise Refusal("LLM591", what=say("export_unlike"))


def _claim(plan: Mapping[str, Any], name: str, storage_class: str) -> Dict[str, Any]:
    size = max(1, -(-int(plan["needs"]["disk_bytes"]["weights"]) * 21 // 20 // 2**30))  # and a twentieth
    spec: Dict[str, Any] = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": f"{size}Gi"}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def _service(
    plan: Mapping[str, Any],
    model: Mapping[str, Any],
    units: List[Mapping[str, Any]],
    names: Mapping[str, str],
    memory: int,
) -> Dict[str, Any]:
    unit = units[0]
    router: Dict[str, Any] = {"gateway": {}, "route": {}}
    if len(units) > 1:
        router["scheduler"] = {}  # llm-d's: it knows whose cache holds a conversation
    return {
        "apiVersion": API,
        "kind": "LLMInferenceService",
        "metadata": {"name": name_of(plan["deployment"], model["served_name"])},
        "spec": {
            "model": {"uri": "pvc://{}/{}".format(names["claim"], model["id"]), "name": model["served_name"]},
            "replicas": len(units),
            "parallelism": {"tensor": int(unit["layout"]["tensor"])},
            "router": router,
            "template": _pod(plan, unit, names["secret"], memory),
        },
    }


def _pod(plan: Mapping[str, Any], unit: Mapping[str, Any], secret: str, memory: int) -> Dict[str, Any]:
    env: List[Dict[str, Any]] = [{"name": key, "value": str(value)} for key, value in sorted(unit["env"].items())]
    env.append({"name": "USER", "value": "vllm"})  # libraries that ask for the user's name read it
    key = {"secretKeyRef": {"name": secret, "key": "key"}}
    env.append({"name": plan["run"]["key_variable"], "valueFrom": key})
    resources: Dict[str, Any] = {"requests": {"memory": mib(memory)}}
    cards = CARDS[plan["engine"]["device"]]
    if cards:
        resources["limits"] = {cards: str(len(unit["gpus"]) or 1)}
    tries = -(-int(plan["start"]["timeout_seconds"]) // PROBE_SECONDS)
    return {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsUser": USER, "runAsGroup": USER},
        "containers": [
            {
                "name": "main",
                "image": image(plan["image"]),
                "args": arguments(unit["args"]),
                "env": env,
                "resources": resources,
                "startupProbe": {"periodSeconds": PROBE_SECONDS, "failureThreshold": tries},
                "volumeMounts": [{"name": "engine-cache", "mountPath": CACHE}],
            }
        ],
        "volumes": [
            {"name": "engine-cache", "emptyDir": {}},
            {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": mib(plan["container"]["shm_bytes"])}},
        ],
    }


def mib(amount: int) -> str:
    return f"{-(-int(amount) // 2**20)}Mi"


def image(row: Mapping[str, Any]) -> str:
    """With the registry's digest where it is known."""
    return "{}@{}".format(row["ref"], row["digest"]) if row.get("digest") else str(row["ref"])


def arguments(args: List[Any]) -> List[str]:
    """The plan's arguments without those of the preset, quoted: its shell reads them once more."""
    words = [str(word) for word in args]
    if words and not words[0].startswith("-"):
        del words[0]  # the model, which lies elsewhere here
    found: List[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in PRESET:
            skip = True
        else:
            found.append(shlex.quote(word))
    return found
