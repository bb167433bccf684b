# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of whom, and with which default."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import BY_NAME, QUESTIONS, wording

from tests.unit.module_utils._new_site.sample import BASIC, FLAGSHIP, KNOWN

ALWAYS = ["name", "profile", "nodes", "user", "admin_networks", "source", "path", "preflight"]


@pytest.mark.parametrize(
    ("given", "more"),
    [
        (BASIC, ["gpus", "proxy"]),
        (FLAGSHIP, ["gpus", "data_addresses", "proxy"]),
        ({**BASIC, "profile": "lab"}, ["memory_gib", "proxy"]),
        ({**BASIC, "source": "mirror"}, ["gpus", "mirror_hub", "mirror_registry", "mirror_packages"]),
        ({**BASIC, "source": "ｂｕｎｄｌｅ"}, ["gpus", "bundle", "bundle_signer"]),
    ],
)
def test_only_what_matters_is_asked(given, more):
    assert {question.name for question in QUESTIONS if question.wanted(given, KNOWN)} == {*ALWAYS, *more}


def test_defaults():
    assert BY_NAME["gpus"].default(FLAGSHIP, KNOWN) == "h20-96g*8"
    assert BY_NAME["gpus"].default({"profile": "vendor"}, KNOWN) == ""
    assert BY_NAME["path"].default(BASIC, KNOWN) == "inventories/office"
    assert BY_NAME["path"].default({}, KNOWN) == "", "without a name there is no folder to be taken"


def test_the_wording_says_what_is_known():
    assert "basic, flagship, lab, vendor" in wording(BY_NAME["profile"], {}, KNOWN).en
    assert wording(BY_NAME["nodes"], FLAGSHIP, KNOWN).zh.startswith("节点（该档位为 2 个）")
