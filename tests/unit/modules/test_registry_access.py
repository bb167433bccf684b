# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of the roles docker, nvidia_container_toolkit and host_tuning, run as a node runs them."""

from __future__ import annotations

import json
import os

import pytest

from tests.unit.modules.run_module import four_states, run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files must belong to root")


PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


def access(tmp_path, **entry):
    registries = [{"host": "r:5000", **entry}] if entry else []
    return {"registries": registries, "directory": str(tmp_path / "d"), "certificates": str(tmp_path / "c")}


@needs_root
def test_registry_access_gives_and_takes_away(tmp_path):
    given = access(tmp_path, username="u", password="very-secret", ca=PEM)
    answers = four_states("registry_access", given)
    assert "very-secret" not in json.dumps(answers)
    assert oct((tmp_path / "d/config.json").stat().st_mode)[-3:] == "600"
    assert (tmp_path / "c/r:5000/yitiji-ca.crt").read_text() == PEM + "\n"
    (tmp_path / "d/config.json").chmod(0o644)
    assert run("registry_access", given)["changed"], "a mode that others can read is put right"
    four_states("registry_access", access(tmp_path))
    assert not (tmp_path / "d").exists() and list((tmp_path / "c").iterdir()) == []


def test_registry_access_refuses_before_it_writes(tmp_path):
    answer = run("registry_access", access(tmp_path, username="u"))
    assert answer["failed"] and answer["rule"] == "LLM314" and "r:5000" in answer["msg"]
    assert list(tmp_path.iterdir()) == []
