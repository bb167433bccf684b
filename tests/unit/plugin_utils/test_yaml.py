# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own YAML, read fast."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _yaml
from labctl import ROOT


def test_every_entry_of_the_catalogue_is_read_as_the_slow_reader_does():
    for path in sorted(ROOT.glob("plugins/catalog/*/*.yml"))[::7]:
        text = path.read_text(encoding="utf-8")
        assert _yaml.parse(text) == yaml.safe_load(text), path


def test_nothing_but_data_is_made():
    with pytest.raises(yaml.YAMLError):
        _yaml.parse("!!python/object/apply:os.getcwd []")
