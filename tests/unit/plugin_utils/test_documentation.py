# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are declared once, in the documentation; fragments come in as ansible-doc brings them in."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec, documentation


def test_fragments_are_merged_and_a_modules_own_words_win():
    found = documentation("bundle_make")
    assert found["options"]["catalog_dirs"]["elements"] == "path" and found["options"]["progress"]["type"] == "path"
    check = found["attributes"]["check_mode"]
    assert check["support"] == "full" and "licence" in check["details"] and "check mode" in check["description"]
    assert documentation("modelscope_download")["options"]["model"]["required"] is True


def test_ansible_takes_the_spec():
    answer = ArgumentSpecValidator(argument_spec("node_program")).validate({"program": "metrics"})
    assert answer.validated_parameters == {"program": "metrics", "path": "", "state": "present"}
    assert ArgumentSpecValidator(argument_spec("node_program")).validate({"program": "other"}).error_messages
    assert ArgumentSpecValidator(argument_spec("serving_plan")).validate({"deployment": "a"}).error_messages
