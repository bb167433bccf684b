# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site's parts, read the way nginx reads them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, site

LIMITS = {"rate": 60, "burst": 5, "concurrency": 4}


@pytest.mark.parametrize("name", ["default", "volatile", "research"])
def test_every_map_has_one_default(name):
    """nginx has words of its own in a map: a team may bear them all the same."""
    zones, _use = site.limits(keys.parse([{"name": name}], LIMITS))
    maps = re.findall(r"map [^{]*\{(.*?)\}", "\n".join(zones), re.S)
    assert len(maps) >= 2
    for body in maps:
        words = [line.split()[0].strip('"') for line in body.strip().splitlines()]
        assert words.count("default") == 1
        assert not {"hostnames", "include", "volatile"} & set(words)
