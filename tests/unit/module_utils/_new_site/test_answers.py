# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All answers are checked at once, each by a rule of its own."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import check
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import QUESTIONS

from tests.unit.module_utils._new_site.sample import BASIC, FLAGSHIP, KEY, KNOWN

BUNDLE = {**BASIC, "source": "bundle", "bundle": "/media/bundle"}


def told(given):
    return {(problem.question, problem.refusal.rule) for problem in check(given, KNOWN)[1]}


@pytest.mark.parametrize(
    "given",
    [
        BASIC,
        FLAGSHIP,
        {**FLAGSHIP, "data_addresses": "10.1.0.1 10.1.0.2"},
        {**BASIC, "profile": "lab", "memory_gib": "64"},
        {**BASIC, "gpus": "H20-96G × 8"},
        {**BASIC, "gpus": "h20-96g*4, rtx-4090-24g"},
        {
            **FLAGSHIP,
            "nodes": "gpu01=10.0.0.11",
            "gpus": "h20-96g*16",
        },  # other machines than the profile's: the plan judges
        {**BASIC, "user": "deploy", "admin_networks": "10.0.0.0/8，2001:db8::/32"},
        {**BASIC, "source": "mirror"},
        {**BASIC, "source": "mirror", "mirror_hub": "http://hub.lan", "mirror_registry": "https://r.lan"},
        BUNDLE,
        {**BUNDLE, "bundle_signer": KEY},
        {**BASIC, "preflight": True},
        {**BASIC, "preflight": "是"},
        {**BASIC, "language": "zh", "proxy": ""},
    ],
)
def test_right(given):
    site, problems = check(given, KNOWN)
    assert problems == [] and site.name == given["name"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({**BASIC, "name": ""}, ("name", "LLM177")),
        ({**BASIC, "name": "  "}, ("name", "LLM177")),
        ({**BASIC, "nodes": []}, ("nodes", "LLM177")),
        ({"name": "office", "nodes": "gpu01"}, ("profile", "LLM177")),
        ({**BASIC, "source": "bundle"}, ("bundle", "LLM177")),
        ({**BASIC, "profile": "vendor"}, ("gpus", "LLM177")),
        ({**BASIC, "name": "Office"}, ("name", "LLM178")),
        ({**BASIC, "nodes": "office=10.0.0.1"}, ("nodes", "LLM178")),
        ({**BASIC, "nodes": "gpu01=10.0.0.300"}, ("nodes", "LLM179")),
        ({**BASIC, "admin_networks": "10.0.0.5/24"}, ("admin_networks", "LLM179")),
        ({**FLAGSHIP, "data_addresses": "10.1.0.1 data02"}, ("data_addresses", "LLM179")),
        ({**FLAGSHIP, "nodes": "gpu01=10.0.0.1 gpu01=10.0.0.2"}, ("nodes", "LLM180")),
        ({**FLAGSHIP, "data_addresses": "10.1.0.1 10.1.0.1"}, ("data_addresses", "LLM180")),
        ({**BASIC, "admin_networks": "10.0.0.0/8 10.0.0.0/8"}, ("admin_networks", "LLM180")),
        ({**BASIC, "nodes": "gpu01=10.0.0.1 gpu02=10.0.0.2"}, ("nodes", "LLM181")),
        ({**FLAGSHIP, "nodes": "gpu01=10.0.0.1"}, ("nodes", "LLM181")),
        ({**FLAGSHIP, "nodes": "gpu01=10.0.0.1", "gpus": "h20-96g*8"}, ("nodes", "LLM181")),
        ({**BASIC, "path": "inventories/taken"}, ("path", "LLM182")),
        ({**BASIC, "name": "taken"}, ("path", "LLM182")),
        ({**BASIC, "path": "a\x07b"}, ("path", "LLM183")),
        ({**BASIC, "user": "a b"}, ("user", "LLM183")),
        ({**BASIC, "user": "Root"}, ("user", "LLM183")),
        ({**BASIC, "source": "web"}, ("source", "LLM183")),
        ({**BASIC, "language": "fr"}, ("language", "LLM183")),
        ({**BASIC, "preflight": "perhaps"}, ("preflight", "LLM183")),
        ({**BASIC, "proxy": "10.0.0.1:3128"}, ("proxy", "LLM183")),
        ({**BASIC, "source": "mirror", "mirror_packages": "m"}, ("mirror_packages", "LLM183")),
        ({**BUNDLE, "bundle": "/nowhere"}, ("bundle", "LLM183")),
        ({**BUNDLE, "bundle_signer": "AAAA"}, ("bundle_signer", "LLM183")),
        ({**BASIC, "gpus": "h20-96g*0"}, ("gpus", "LLM183")),
        ({**BASIC, "gpus": "8 cards"}, ("gpus", "LLM183")),
        ({**BASIC, "profile": "lab", "memory_gib": "0"}, ("memory_gib", "LLM183")),
        ({**BASIC, "profile": "lab", "memory_gib": "much"}, ("memory_gib", "LLM183")),
        ({**FLAGSHIP, "data_addresses": "10.1.0.1"}, ("data_addresses", "LLM183")),
        # answers to what is not asked
        ({**BASIC, "mirror_hub": "http://hub.lan"}, ("mirror_hub", "LLM183")),
        ({**BUNDLE, "proxy": "http://proxy.lan"}, ("proxy", "LLM183")),
        ({**BASIC, "bundle": "/media/bundle"}, ("bundle", "LLM183")),
        ({**BASIC, "memory_gib": "64"}, ("memory_gib", "LLM183")),
        ({**BASIC, "profile": "lab", "gpus": "h20-96g*8"}, ("gpus", "LLM183")),
        ({**BASIC, "data_addresses": "10.1.0.1"}, ("data_addresses", "LLM183")),
        # by the catalogue's own rules
        ({**BASIC, "profile": "premium"}, ("profile", "LLM521")),
        ({**BASIC, "gpus": "h999*8"}, ("gpus", "LLM525")),
    ],
)
def test_wrong(given, problem):
    assert told(given) == {problem}
    assert check(given, KNOWN)[0] is None


def test_everything_at_once():
    given = {
        "name": "1",
        "profile": "x",
        "nodes": "a=1 a=10.0.0.1",
        "user": "?",
        "source": "y",
        "path": "inventories/taken",
    }
    assert told(given) == {
        ("name", "LLM178"), ("profile", "LLM521"), ("nodes", "LLM179"), ("user", "LLM183"), ("source", "LLM183"),
        ("path", "LLM182"),
    }  # fmt: skip


def test_nothing_at_all():
    assert told({}) == {("name", "LLM177"), ("profile", "LLM177"), ("nodes", "LLM177")}


def test_every_message_names_the_variable_to_set():
    for question in QUESTIONS:
        for problem in check({**BASIC, question.name: "\x07"}, KNOWN)[1]:
            assert "new_site_" in problem.refusal.message("localhost")


def test_addresses_between_the_nodes_go_to_their_nodes():
    site, _none = check({**FLAGSHIP, "data_addresses": ["10.1.0.1", "10.1.0.2"]}, KNOWN)
    assert [node.data_address for node in site.nodes] == ["10.1.0.1", "10.1.0.2"]
    rows = [{"name": "a", "address": "10.0.0.1", "data_address": "10.1.0.1"}, {"name": "b", "address": "10.0.0.2"}]
    assert told({**FLAGSHIP, "nodes": rows}) == {("data_addresses", "LLM183")}, "one of two"
