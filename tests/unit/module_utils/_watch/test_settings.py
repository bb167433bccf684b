# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is watched follows from the plan."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import settings

from tests.unit.module_utils._watch.nodes import CONFIG, SETTINGS


def test_the_engines_that_serve_and_the_page():
    assert settings.of_node(CONFIG, chat=True) == SETTINGS
    assert [service.container for service in settings.of_node(CONFIG, chat=False).services] == ["yitiji-vllm"]


def test_an_engine_that_is_no_container_and_a_node_that_serves_nobody():
    config = copy.deepcopy(CONFIG)
    config["plan"].update(container=None, start={})
    first = settings.of_node(config, chat=False).services[0]
    assert (first.container, first.loading) == ("", settings.LOADING)
    config["host"] = "gpu02"
    assert settings.of_node(config, chat=False) == settings.Settings(False, 443, "r1", [], SETTINGS.weights)


def test_the_second_gateway_is_asked_too():
    config = copy.deepcopy(CONFIG)
    config["plan"]["gateways"] = {"nodes": {"gpu01": {}, "gpu02": {}}}
    config["host"] = "gpu02"
    assert settings.of_node(config, chat=False).head
    config["plan"]["gateways"]["nodes"].pop("gpu02")
    assert not settings.of_node(config, chat=False).head


@pytest.mark.parametrize("config", [{}, {"plan": {"schema": 1}}, {**CONFIG, "host": "other"}])
def test_without_a_plan_there_is_nothing_to_watch(config):
    with pytest.raises(ValueError, match="no plan"):
        settings.of_node(config, chat=True)


def test_what_was_kept_is_the_same():
    assert settings.restored(SETTINGS.as_dict()) == SETTINGS
