# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong variables are named in words."""

from __future__ import annotations

import re

from ansible_collections.yitiji.deepseek.plugins.action.check_variables import load_removed, load_specs
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import variables
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.names import Unknown


def test_variables():
    specs = {"r": {"argument_specs": {"main": {"options": {"r_port": {"type": "int", "description": ["A port."]}}}}}}
    options = variables.options_of(specs)
    assert options["r_port"][0] == "r"
    text = variables.wrong_value("r_port", "r", options["r_port"][1], "abc", "why").message("n1")
    assert text.count("[LLM120] n1") == 2 and "'abc'" in text and "must be: int" in text and "A port." in text
    secret = variables.wrong_value("r_key", "r", {"type": "list", "no_log": True}, "s3cret", "s3cret")
    assert "s3cret" not in secret.message("n1")
    assert variables.missing("r_x", "r", {"description": "X."}).message("n1").startswith("[LLM121] n1: ")
    assert variables.shape({"choices": ["a", "b"]}) == "a | b"
    assert variables.shape({"type": "list", "elements": "dict"}) == "list of dict"
    near, far = Unknown("docker_prot", ["docker_port", "docker_proxy"], True), Unknown("docker_x", [], False)
    assert "did you mean docker_port, docker_proxy?" in variables.unknown_name(near).message("n1")
    assert variables.unknown_name(far).rule == "LLM186" and "docker_x" in variables.unknown_name(far).reason.en


def removed(given, roles):
    return {old: one.values["new"] for old, one in variables.removed(given, roles, load_removed()).items()}


def test_variables_that_are_no_longer_read():
    options = variables.options_of(load_specs())
    for row in load_removed():
        assert re.fullmatch(r"\d+\.\d+\.\d+", row["since"])
        for old, new in row["now"].items():
            assert new in options and old not in options, "a successor that nobody reads"
            assert row.get("of") in (None, options[new][0])
    given = ["image_bridge", "image_seal_power_off", "disk_image_name", "gateway_servers", "open_webui_restore_archive"]
    always = {"gateway_servers": "gateway_units", "open_webui_restore_archive": "backup_file"}
    assert removed(given, ["appliance", "disk_image"]) == {**always, "image_bridge": "disk_image_bridge"}
    assert removed(given, ["disk_seal"]) == {**always, "image_seal_power_off": "disk_seal_power_off"}
    assert removed(given, ["appliance"]) == always, "a name that others use too is theirs"
    lines = variables.removed(given, [], load_removed())["gateway_servers"].message("n1").splitlines()
    assert sum("[LLM123] n1" in line and "gateway_units" in line and "1.0.0" in line for line in lines) == 2
