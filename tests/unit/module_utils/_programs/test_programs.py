# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every program of the table packs, starts alone, and can be asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.units import GROUP
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.programs import PROGRAMS
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import pack
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec, documentation

CORES = str(Path(__file__).resolve().parents[4] / "plugins/module_utils")


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_packed_it_starts_alone(name, tmp_path):
    packed = pack(CORES, PROGRAMS[name].start, [])
    assert packed == pack(CORES, PROGRAMS[name].start, []) and packed.startswith(b"#!/usr/bin/env python3\n")
    (tmp_path / "program").write_bytes(packed)
    command = [sys.executable, "-I", str(tmp_path / "program"), "--help"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


def test_the_module_offers_them_all_and_names_their_places():
    assert set(argument_spec("node_program")["program"]["choices"]) == set(PROGRAMS)
    words = " ".join(documentation("node_program")["options"]["path"]["description"])
    assert [p.path for p in PROGRAMS.values() if f"C({p.path})" not in words] == []


def test_the_units_start_the_program_where_it_lies():
    role = (Path(CORES).parents[1] / "roles/engine/vars/main.yml").read_text(encoding="utf-8")
    assert GROUP[-1] == PROGRAMS["engine-group"].path and f"__engine_group: {GROUP[-1]}\n" in role
