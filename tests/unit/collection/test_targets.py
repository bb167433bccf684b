# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases for which a bundle can be made, held against the distributions."""

from __future__ import annotations

import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import target_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import (
    KIND,
    find,
    resolved,
    targets,
)
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue

ENTRIES = resolved(catalogue([], (KIND,))[KIND])
TARGETS = targets(ENTRIES)
BY_SUBSCRIPTION = {"rhel-9", "rhel-10", "kylin-v11", "centos-10"}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_a_distribution_that_is_served(name):
    target = target_of({"release": name, "architecture": "amd64"}, TARGETS)
    entry = find(ENTRIES, System(target["distribution"], target["version"]))
    assert entry["manager"] == target["manager"]
    # a node is told from others by these two
    assert (entry["ids"][0], entry["versions"][0]) == (target["distribution"], target["version"])


def test_every_distribution_that_is_served_is_a_target():
    there = {(row["distribution"], row["version"]) for row in TARGETS.values()}
    served = {key: row for key, row in ENTRIES.items() if row["tested"] != "no"}
    assert [key for key, row in served.items() if (row["ids"][0], row["versions"][0]) not in there] == []


@pytest.mark.parametrize("name", [name for name, row in TARGETS.items() if row.get("manager") == "dnf"])
def test_repositories_are_whole(name):
    target = TARGETS[name]
    assert bool(target["repositories"]) != (name in BY_SUBSCRIPTION)
    rows = target["repositories"]
    assert len({row["name"] for row in rows}) == len(rows) == len({row["url"] for row in rows})
    for row in rows:
        assert row["url"].startswith(target["base"] + "/") and "$basearch" in row["url"] and row["url"].endswith("/")
        assert row["key_url"].startswith("https://") and row["url"].startswith("https://")
        assert row["fingerprints"] and all(re.match("^[0-9A-F]{40}$", key) for key in row["fingerprints"])
