# SPDX-License-Identifier: GPL-3.0-or-later
"""KServe's published schema of LLMInferenceService, cut down to what an export may hold.

    git -C KSERVE show v0.20.0:config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml |
      python -m tests.export.trim > tests/fixtures/kubernetes/llminferenceservice.json

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
VOLUMES = {"name", "emptyDir", "persistentVolumeClaim"}
LEFT_OUT = {"lifecycle", "livenessProbe", "readinessProbe", "resizePolicy", "restartPolicyRules", "volumeDevices"}
NOTICE = (
    "Trimmed copy of a schema of KServe v0.20.0 (config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml). "
    "Copyright The KServe Authors. Licensed under the Apache License, Version 2.0: "
    "https://www.apache.org/licenses/LICENSE-2.0. Changed: descriptions and unused fields were removed."
)


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
    _keep(spec["template"]["properties"], POD)
    _keep(spec["template"]["properties"]["volumes"]["items"]["properties"], VOLUMES)
    container = spec["template"]["properties"]["containers"]["items"]["properties"]
    _keep(container, set(container) - LEFT_OUT)
    schema["properties"]["apiVersion"] = {"const": definition["spec"]["group"] + "/" + VERSION}
    schema["properties"]["kind"] = {"const": definition["spec"]["names"]["kind"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": NOTICE, **schema}


def _keep(properties: dict[str, Any], names: set[str]) -> None:
    for name in set(properties) - names:
        del properties[name]


if __name__ == "__main__":
    print(json.dumps(trim(yaml.safe_load(sys.stdin)), indent=1))
