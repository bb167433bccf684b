# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab node of its own with the doctor's command on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / ".collections")]
import labctl
from ansible_collections.yitiji.deepseek.plugins.action.doctor import load_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_bundle import bundle

NAME, OCTET = "doc1", "61"
ADDRESS = f"10.77.0.{OCTET}"
MODEL = "/srv/models/lab/tiny"
GB = 10**9
CONFIG: dict[str, Any] = {
    "host": NAME,
    "language": "both",
    "plan": {
        "verdict": "fits",
        "model": {"id": "lab/tiny", "path": MODEL, "bytes": 10**6},
        "engine": {"name": "vllm", "device": "cpu"},
        "nodes": {NAME: {"rank": 0, "head": True, "gpus": [], "address": ADDRESS}},
        "needs": {"memory_bytes": GB, "ports": [8000], "disk_bytes": {}},
    },
    "settings": {
        "source": "modelscope",
        "endpoint": labctl.HUB,
        "ports": {"engine": 8000, "chat": 8080, "https": 443, "http": 80},
    },
}


class Doctor:
    """The node, its configuration, and what the command says."""

    def put(self, path: str, content: bytes | str, mode: str = "644") -> None:
        data = content.encode() if isinstance(content, str) else content
        subprocess.run(
            [str(labctl.LAB), "ssh", NAME, f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}"],
            input=data,
            check=True,
            capture_output=True,
        )

    def configure(self, plan: dict[str, Any] | None = None, settings: dict[str, Any] | None = None) -> None:
        config = json.loads(json.dumps(CONFIG))
        config["plan"].update(plan or {})
        config["settings"].update(settings or {})
        self.put("/etc/yitiji/doctor.json", json.dumps(config), "600")

    def sh(self, command: str, check: bool = True) -> str:
        return labctl.node(command, NAME, check=check)

    def results(self, phase: str) -> dict[str, dict[str, Any]]:
        said = self.sh(f"yitiji-doctor --phase {phase} --json -", check=False)
        return {result["id"]: result for result in json.loads(said)["results"]}


@pytest.fixture(scope="session", name="machine")
def fixture_machine():
    labctl.lab("serve")
    labctl.clean_node(NAME, OCTET)
    found = Doctor()
    found.put("/usr/local/bin/yitiji-doctor", bundle(str(ROOT / "plugins" / "module_utils"), load_rules()), "755")
    yield found
    labctl.lab("down", NAME, check=False)


@pytest.fixture(name="doctor")
def fixture_doctor(machine):
    machine.configure()
    return machine
