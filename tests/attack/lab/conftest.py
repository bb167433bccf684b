# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished appliance to attack: inventories/lab on a clean node, or what stands in the lab named by YITIJI_ATTACK."""

from __future__ import annotations

import os

import pytest

if os.environ.get("YITIJI_ATTACK"):
    os.environ["YITIJI_LAB"] = os.environ["YITIJI_ATTACK"]

import labctl
import sitectl


class Appliance:
    """The node as an attacker on its network sees it, and `node` as root on it sees it."""

    address = labctl.ADDRESS
    url = f"https://{labctl.ADDRESS}"

    def node(self, command: str, check: bool = True, timeout: float = 120) -> str:
        return labctl.node(command, check=check, timeout=timeout)

    def curl(self, *args: str, check: bool = True) -> str:
        return labctl.curl(*args, check=check)

    def key(self, team: str = "default") -> str:
        return self.node(f"cat /etc/yitiji/secrets/gateway-key-{team}").strip()


@pytest.fixture(scope="session")
def appliance() -> Appliance:
    if not os.environ.get("YITIJI_ATTACK"):
        labctl.clean_node()
        run = sitectl.site("attacked", "-e", "appliance_monitoring=true")
        assert run.ok, run.story()
    return Appliance()
