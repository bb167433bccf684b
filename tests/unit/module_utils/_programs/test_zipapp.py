# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's command is one file, and the same bytes each time."""

from __future__ import annotations

import ast
import io
import zipfile
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import zipapp
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

ROOT = Path(__file__).resolve().parents[4]


def test_the_command_is_one_file_and_always_the_same(command):
    data = command.read_bytes()
    again = zipapp.pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules())
    assert data == again and data.startswith(b"#!/usr/bin/env python3\n") and len(data) < 300_000
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "__main__.py" in names and not [name for name in names if "catalog" in name]


def test_remarks_stay_at_home_and_lines_keep_their_numbers():
    said = '# GNU\n# SPDX\n"""W\n# stays"""\n    # why\na = "#"  # this\n'
    assert zipapp.bare(said) == '\n\n"""W\n# stays"""\n\na = "#"  # this\n'
    for path in sorted((ROOT / "plugins/module_utils").glob("*/**/*.py")):
        whole = path.read_text(encoding="utf-8")
        trees = [ast.dump(ast.parse(text), include_attributes=True) for text in (whole, zipapp.bare(whole))]
        assert trees[0] == trees[1], path
