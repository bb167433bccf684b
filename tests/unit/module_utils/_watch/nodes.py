# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node on which all is well, as the watch sees it, and a plan for it."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import Served, Settings, Weights

ENGINE, PAGE, NGINX, DOCKER = "yitiji-vllm.service", "yitiji-open-webui.service", "nginx.service", "docker.service"
UNIT = {
    "load": "loaded", "active": "active", "sub": "running", "enabled": "enabled", "result": "success",
    "condition": True, "restarts": 0, "type": "simple", "restart": "always", "remains": False, "since": 100.0,
    "invocation": "run-1",
}  # fmt: skip
CONFIG: dict[str, Any] = {
    "host": "gpu01",
    "plan": {
        "schema": 2, "models_beside": [],
        "model": {"served_name": "r1", "id": "lab/r1", "path": "/srv/models/lab/r1"},
        "run": {"health": "/health"}, "start": {"timeout_seconds": 200},
        "container": {"network": "bridge"},
        "nodes": {
            "gpu01": {"head": True, "units": [
                {"name": "yitiji-vllm", "serves": True, "url": "http://127.0.0.1:8000"},
                {"name": "yitiji-rank", "serves": False, "url": None}]},
            "gpu02": {"head": False, "units": []}}},
    "settings": {"ports": {"chat": 8080, "https": 443}},
}  # fmt: skip
SETTINGS = Settings(True, 443, "r1", [
    Served(ENGINE, "yitiji-vllm", 8000, "http://127.0.0.1:8000/health", 200.0),
    Served(PAGE, "yitiji-open-webui", 8080, "http://127.0.0.1:8080/health", 300.0),
], [Weights("/srv/models/lab/r1", "lab/r1")])  # fmt: skip


def seen(**changed: Any) -> dict[str, Any]:
    """A look at a healthy node, with some of it changed."""
    container = {"mode": "yitiji", "networks": ["yitiji"], "published": True}
    good = {"ok": True, "stage": "", "status": 200, "reason": "", "seconds": 0.1}
    found = {
        "clock": 2000.0,
        "units": {name: dict(UNIT) for name in (ENGINE, PAGE, NGINX, DOCKER)},
        "tables": {"yitiji-firewall.service": True},
        "addresses": {"yitiji-door.service": True},
        "containers": {"yitiji-vllm": {"id": "c1", **container}, "yitiji-open-webui": {"id": "c2", **container}},
        "docker rules": True,
        "doors": {name: {"port": "open", "health": True, "reason": "HTTP 200"} for name in (ENGINE, PAGE)},
        "weights": {"lab/r1": ""},
        "free": 10**11,
        "answer": dict(good, model="r1"),
        "page": dict(good),
    }
    found.update(copy.deepcopy(changed))
    return found


def units(**changed: dict[str, Any]) -> dict[str, Any]:
    """All units, some of them changed; `nginx` stands for nginx.service."""
    found = seen()["units"]
    for name, change in changed.items():
        key = {"engine": ENGINE, "page": PAGE}.get(name, name.replace("_", "-") + ".service")
        found[key] = {**UNIT, **change}
    return found


def doors(**changed: dict[str, Any]) -> dict[str, Any]:
    found = seen()["doors"]
    for name, change in changed.items():
        found[{"engine": ENGINE, "page": PAGE}[name]].update(change)
    return found
