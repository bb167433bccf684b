# SPDX-License-Identifier: GPL-3.0-or-later
"""What KServe and Kubernetes publish, cut down to what an export, and the pod that KServe makes of it, may hold.

    git -C KSERVE show v0.20.0:config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml |
      python -m tests.export.trim service > tests/fixtures/kubernetes/llminferenceservice.json
    git -C KSERVE show v0.20.0:config/llmisvcconfig/config-llm-template.yaml |
      python -m tests.export.trim preset > tests/fixtures/kubernetes/preset.json
    python -m tests.export.trim claim < SCHEMAS/v1.37.0-local-strict/_definitions.json >
      tests/fixtures/kubernetes/claim.json

SCHEMAS is kubernetes_validate/kubernetes-json-schema of PyPI's kubernetes-validate 1.37.0 (Kubernetes' own OpenAPI).
What is cut away is refused by the test like any unknown field, so a smaller copy is only stricter.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import yaml

VERSION = "v1alpha2"
KEPT = {"model", "parallelism", "replicas", "router", "template"}
POD = {"automountServiceAccountToken", "containers", "nodeSelector", "securityContext", "volumes"}
MADE = {"terminationGracePeriodSeconds"}  # of the pod that KServe makes
VOLUMES = {"name", "emptyDir", "persistentVolumeClaim", "secret"}
LEFT_OUT = {"resizePolicy", "restartPolicyRules", "volumeDevices"}
CLAIM = "io.k8s.api.core.v1.PersistentVolumeClaimSpec"
CLAIMS = {"accessModes", "resources", "storageClassName"}
MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
QUANTITY = "^[0-9]+(Mi|Gi|Ti)?$"
NOTICE = (
    "Trimmed copy of {}. Copyright The {} Authors. Licensed under the Apache License, Version 2.0: "
    "https://www.apache.org/licenses/LICENSE-2.0. Changed: descriptions and unused fields were removed."
)
SERVICE = "a schema of KServe v0.20.0 (config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml)"
PRESET = "a preset of KServe v0.20.0 (config/llmisvcconfig/config-llm-template.yaml)"
CLAIM_OF = "Kubernetes v1.37.0's schema of PersistentVolumeClaim (api/openapi-spec)"


def told(schema: Any) -> Any:
    """Without descriptions, and closed: Kubernetes drops unknown fields, so none may be written."""
    if isinstance(schema, list):
        return [told(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: told(value) for key, value in schema.items() if not (key == "description" and isinstance(value, str))}
    if isinstance(found.get("properties"), dict) and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def trim(definition: dict[str, Any]) -> dict[str, Any]:
    (version,) = [row for row in definition["spec"]["versions"] if row["name"] == VERSION]
    schema = told(version["schema"]["openAPIV3Schema"])
    schema["properties"].pop("status")
    spec = schema["properties"]["spec"]["properties"]
    _keep(spec, KEPT)
    for part in spec["router"]["properties"].values():
        part["properties"] = {}  # the presets' own
    _keep(spec["template"]["properties"], POD | MADE)
    _keep(spec["template"]["properties"]["volumes"]["items"]["properties"], VOLUMES)
    container = spec["template"]["properties"]["containers"]["items"]["properties"]
    _keep(container, set(container) - LEFT_OUT)
    return closed(schema, definition["spec"]["group"] + "/" + VERSION, definition["spec"]["names"]["kind"], SERVICE)


def closed(schema: dict[str, Any], version: str, kind: str, of: str) -> dict[str, Any]:
    schema["properties"] |= {"apiVersion": {"const": version}, "kind": {"const": kind}}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": notice(of)}
    return {**head, **schema, "required": ["apiVersion", "kind", "metadata", "spec"]}


def notice(of: str) -> str:
    if of == CLAIM_OF:
        return NOTICE.format(of, "Kubernetes") + " Values were narrowed."
    return NOTICE.format(of, "KServe")


def preset(manifest: dict[str, Any]) -> dict[str, Any]:
    """The pod alone, as the templates of Go that it is."""
    return {"$comment": notice(PRESET), "template": manifest["spec"]["template"]}


def claim(definitions: dict[str, Any]) -> dict[str, Any]:
    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(row) for row in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return whole(definitions["$defs"][part["$ref"].rpartition("/")[2]])
        return {key: whole(row) for key, row in part.items()}

    spec = told(whole(definitions["$defs"][CLAIM]))
    _keep(spec["properties"], CLAIMS)
    spec["properties"]["accessModes"]["items"] = {"enum": MODES}  # the API server asks for these, its schema doesn't
    spec["properties"]["resources"]["properties"]["requests"]["additionalProperties"]["pattern"] = QUANTITY
    spec["required"] = ["accessModes", "resources"]
    schema = {"type": "object", "properties": {"metadata": {"type": "object"}, "spec": spec}}
    return closed({**schema, "additionalProperties": False}, "v1", "PersistentVolumeClaim", CLAIM_OF)


def _keep(properties: dict[str, Any], names: set[str]) -> None:
    for name in set(properties) - names:
        del properties[name]


TRIMS = {"service": trim, "preset": preset, "claim": claim}

if __name__ == "__main__":
    print(json.dumps(TRIMS[sys.argv[1]](yaml.load(sys.stdin, yaml.CSafeLoader)), indent=1))
