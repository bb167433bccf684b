# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data goes with the appliance only where each node was named a second time; until then no node is asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.sizing.common import ROOT

WANTED = "appliance_deployment=appliances\nappliance_profile=lab\n"


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("uninstall_data=true", ["gpu01", "gpu02"]),
        ("uninstall_data=true uninstall_confirm=gpu01", ["gpu02"]),
        ("uninstall_data=true uninstall_confirm=gpu01,gpu02", []),
        ("uninstall_weights=true", []),
    ],
)
def test_data_is_removed_only_where_it_was_confirmed(tmp_path, given, refused):
    inventory = tmp_path / "hosts"
    inventory.write_text("[appliances]\ngpu01\ngpu02\n[all:vars]\nansible_host=127.0.0.1\nansible_port=9\n" + WANTED)
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(inventory)]
    command += ["playbooks/uninstall.yml", "-e", given]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    told = [name for name in ("gpu01", "gpu02") if f"[LLM195] {name}: " in run.stdout + run.stderr]
    assert told == refused and run.returncode == (2 if refused else 4), run.stdout[-3000:] + run.stderr[-1000:]
    assert ("UNREACHABLE" in run.stdout) is not bool(refused)
