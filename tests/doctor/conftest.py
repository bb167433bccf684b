# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab nodes with the doctor's command on them, from a base of their own that is made once and kept."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
import labctl
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import pack
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

from tests.unit.module_utils.machines import expand, load

from . import feign

BASE = "doctor"
NAME, OCTET = "doc1", "61"
ADDRESS = f"10.77.0.{OCTET}"
MODEL = "/srv/models/lab/tiny"
COMMAND = "/usr/local/bin/yitiji-doctor"
CONFIG: dict[str, Any] = {
    "host": NAME,
    "language": "both",
    "plan": {
        "schema": 2,
        "verdict": "fits",
        "model": {"id": "lab/tiny", "path": MODEL, "bytes": 10**6},
        "engine": {"name": "vllm", "device": "cpu"},
        "nodes": {NAME: {"rank": 0, "head": True, "gpus": [], "address": ADDRESS}},
        "needs": {"memory_bytes": 10**9, "ports": [8000], "disk_bytes": {}},
        "container": {"shm_bytes": 200 * 2**20},
    },
    "settings": {
        "distribution": {"name": "Debian 12", "ids": ["debian"], "versions": ["12"], "tested": "real"},
        "source": "modelscope",
        "endpoint": labctl.HUB,
        "ports": {"engine": 8000, "chat": 8080, "https": 443, "http": 80},
    },
}


class Doctor:
    """The node, its configuration, and what the command says."""

    def __init__(self, folder: Path) -> None:
        run = labctl.CACHE / "run" / os.environ["YITIJI_LAB"]
        settings = {
            "BatchMode": "yes", "LogLevel": "ERROR", "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(run / "known_hosts"), "IdentityFile": str(labctl.CACHE / "ssh/id_ed25519"),
            # one connection for all: a login each would take most of the time
            "ControlMaster": "auto", "ControlPath": str(folder / "ssh"), "ControlPersist": "60",
        }  # fmt: skip
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self.ssh = ["nsenter", f"--net=/run/netns/yitiji-{run.name}", "ssh", *options, f"root@{ADDRESS}"]

    def run(self, command: str, text: bytes = b"", check: bool = True) -> str:
        done = subprocess.run([*self.ssh, command], input=text, capture_output=True, check=False)
        said = done.stdout.decode() + (done.stderr.decode() if check and done.returncode else "")
        assert not (check and done.returncode), f"{command[:200]}\n{text[-800:].decode(errors='replace')}\n{said}"
        return said

    def put(self, path: str, content: bytes | str, mode: str = "644") -> None:
        data = content.encode() if isinstance(content, str) else content
        self.run(f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}", data)

    def configure(self, plan: dict[str, Any] | None = None, settings: dict[str, Any] | None = None) -> None:
        config = json.loads(json.dumps(CONFIG))
        config["plan"].update(plan or {})
        config["settings"].update(settings or {})
        self.put("/etc/yitiji/doctor.json", json.dumps(config), "600")

    def script(self, text: str) -> None:
        """A script of any length, by its standard input."""
        self.run("bash -s", text.encode())

    def wear(self, machine: str, *more: dict[str, Any]) -> None:
        """Look like a recorded machine, with more files and commands."""
        recorded = expand(load(machine))
        for kind, values in [row for part in more for row in part.items()]:
            recorded[kind] = {**recorded.get(kind, {}), **values}
        self.script(feign.END)
        self.script(feign.machine(recorded))

    def results(self, phase: str) -> dict[str, dict[str, Any]]:
        said = self.run(f"yitiji-doctor --phase {phase} --json -", check=False)
        return {result["id"]: result for result in json.loads(said)["results"]}


def ensure_base() -> None:
    """The base is a frozen node; its recipe is written into it."""
    labctl.lab("serve")
    recipe = (HERE / "base.sh").read_text() + (labctl.CACHE / "base-bookworm.key").read_text()
    mark = labctl.CACHE / "store" / f"base-{BASE}" / "etc" / "lab-recipe"
    key = hashlib.sha256(recipe.encode()).hexdigest()
    if mark.exists() and mark.read_text().strip() == key:
        return
    labctl.clean_node("docbase", "60")
    said = subprocess.run(
        [str(labctl.LAB), "ssh", "docbase", f"bash -s && echo {key} > /etc/lab-recipe"],
        input=(HERE / "base.sh").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr.decode()
    labctl.lab("freeze", "docbase", BASE)


def command() -> bytes:
    return pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules())


@pytest.fixture(scope="session", name="machine")
def fixture_machine(tmp_path_factory):
    ensure_base()
    labctl.clean_node(NAME, OCTET, BASE)
    found = Doctor(tmp_path_factory.mktemp("doctor"))
    found.put(COMMAND, command(), "755")
    found.put("/usr/local/lib/standin.py", (HERE / "standin.py").read_bytes())
    found.put("/usr/local/lib/appliance.sh", (HERE / "appliance.sh").read_bytes())
    found.put("/usr/local/lib/weights.py", (HERE / "weights.py").read_bytes())
    # the node's clock is the host's, which nothing may keep in time: this is what timesyncd would write
    found.run("mkdir -p /run/systemd/timesync; touch /run/systemd/timesync/synchronized")
    yield found
    labctl.lab("down", NAME, check=False)


@pytest.fixture(name="doctor")
def fixture_doctor(machine):
    machine.configure()
    return machine
