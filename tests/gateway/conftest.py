# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab node with the gateway on it, in front of two stand-in engines, and OpenAI's SDK to use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
import labctl
import loadctl
from loadctl import drive

NAME, OCTET = "load1", "71"
ADDRESS = f"10.77.0.{OCTET}"


class Gateway:
    def __init__(self, folder: Path) -> None:
        self.folder, self.url, self.ca = folder, f"https://{ADDRESS}/v1", folder / "ca.crt"

    def converge(self, *more: str) -> str:
        """molecule/gateway/converge.yml, so that both meet the same thing."""
        hosts = {"all": {"children": {"appliances": {"children": {"demo": {
            "vars": {"appliance_deployment": "demo", "appliance_profile": "lab"},
            "hosts": {NAME: {"ansible_host": ADDRESS}}}}}}}}  # fmt: skip
        (self.folder / "hosts.json").write_text(json.dumps(hosts))
        link = self.folder / "group_vars"
        if not link.exists():
            link.symlink_to(ROOT / "inventories/lab/group_vars")
        done = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", "-i", self.folder / "hosts.json", *more,
             ROOT / "molecule/gateway/converge.yml"],
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_PIPELINING": "true"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        return done.stdout

    def drive(self, *more: str) -> subprocess.Popen[str]:
        return drive(self.url, self.ca, *more)

    def key(self, team: str) -> str:
        return labctl.node(f"cat /etc/yitiji/secrets/gateway-key-{team}", NAME).strip()

    def status(self, key: str) -> str:
        auth = f"Authorization: Bearer {key}"
        return labctl.curl("-o", "/dev/null", "-w", "%{http_code}", "-H", auth, f"{self.url}/models")


@pytest.fixture(scope="session", autouse=True)
def sdk() -> None:
    loadctl.sdk()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    labctl.clean_node(NAME, OCTET, "trixie")
    it = Gateway(tmp_path_factory.mktemp("gateway"))
    it.converge()
    it.ca.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt", NAME))
    yield it
    labctl.lab("down", NAME, check=False)
