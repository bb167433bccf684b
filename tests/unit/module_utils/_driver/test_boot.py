# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a module does not load."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import boot


@pytest.mark.parametrize(
    ("text", "log", "rule"),
    [
        ("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service", [], "LLM224"),
        (
            "modprobe: ERROR: could not insert 'nvidia': Operation not permitted",
            ["nvidia: Required key not available"],
            "LLM224",
        ),
        (
            "modprobe: ERROR: could not insert 'nvidia_current': No such device",
            ["NVRM: No NVIDIA GPU found."],
            "LLM213",
        ),
    ],
)
def test_why_a_module_does_not_load(text, log, rule):
    assert boot.not_loaded("nvidia", text, log).rule == rule
