# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The written file, read back by a reader of YAML."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.answers import check
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.inventory import (
    flow,
    inventory,
    place,
    quoted,
    scalar,
)

from tests.unit.module_utils._new_site.sample import BASIC, FLAGSHIP, KEY, KNOWN

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def written(**given):
    site, problems = check(given, KNOWN)
    assert problems == []
    text = inventory(site, {"basic": Text("basic", "基础版")})
    read = yaml.safe_load(text)["all"]["children"]["appliances"]["children"]
    assert list(read) == [given["name"]]
    return text, read[given["name"]]["vars"], read[given["name"]]["hosts"]


def test_the_least():
    _text, variables, hosts = written(**BASIC)
    assert variables == {
        "appliance_deployment": "office", "appliance_profile": "basic", "ansible_user": "root",
        "appliance_hardware": {"gpus": [{"model": "rtx-4090-24g", "count": 2}]}, "appliance_source": "modelscope",
    }  # fmt: skip
    assert hosts == {"gpu01": {"ansible_host": "10.0.0.11"}}


def test_all_of_a_cluster():
    nodes = ["gpu01=[2001:db8::1]:2222", "gpu02.lan"]
    _text, variables, hosts = written(**{
        **FLAGSHIP, "nodes": nodes, "data_addresses": "10.1.0.1 10.1.0.2", "user": "deploy", "proxy": "http://p.lan:1/",
        "admin_networks": ["10.0.0.0/8", "2001:db8::/32"],
    })  # fmt: skip
    assert variables["ansible_become"] is True and variables["ansible_user"] == "deploy"
    assert variables["firewall_admin_networks"] == ["10.0.0.0/8", "2001:db8::/32"]
    assert variables["appliance_environment"] == {
        "HTTP_PROXY": "http://p.lan:1", "HTTPS_PROXY": "http://p.lan:1",
        "NO_PROXY": "localhost,127.0.0.1,2001:db8::1,10.1.0.1,gpu02.lan,10.1.0.2",
    }  # fmt: skip
    assert hosts == {
        "gpu01": {"ansible_host": "2001:db8::1", "ansible_port": 2222, "appliance_data_address": "10.1.0.1"},
        "gpu02.lan": {"appliance_data_address": "10.1.0.2"},
    }


def test_a_mirror():
    given = {
        "mirror_hub": "http://hub.lan/",
        "mirror_registry": "https://r.lan",
        "mirror_packages": "http://m.lan/docker",
    }
    _text, variables, _hosts = written(**BASIC, source="mirror", **given)
    assert variables["appliance_modelscope_endpoint"] == "http://hub.lan"
    assert variables["docker_registry_mirrors"] == ["https://r.lan"]
    assert variables["docker_repository_url"] == "http://m.lan/docker"


def test_a_bundle():
    _text, variables, _hosts = written(**BASIC, source="bundle", bundle="/media/bundle", bundle_signer=KEY)
    told = {name: variables[f"appliance_{name}"] for name in ("source", "bundle", "bundle_signer")}
    assert told == {"source": "bundle", "bundle": "/media/bundle", "bundle_signer": KEY}


def test_this_machine_itself():
    _text, _variables, hosts = written(**{**BASIC, "nodes": "gpu01=local"})
    assert hosts == {"gpu01": {"ansible_connection": "local"}}


@pytest.mark.parametrize("language", ["both", "zh", "en"])
def test_comments_speak_the_language(language):
    text, variables, _hosts = written(**BASIC, language=language)
    assert bool(CHINESE.search(text)) == (language != "en") and ("Set it up" in text) == (language != "zh")
    assert variables.get("appliance_language", "both") == language
    assert max(map(len, text.splitlines())) <= 160


def test_everything_that_is_commented_out_is_a_variable_of_ours(known_variables):
    text = written(**BASIC, source="mirror")[0]
    names = re.findall(r"^ +# ([a-z]+_[a-z_]+): ", text, re.MULTILINE)
    assert len(names) > 5 and [name for name in names if name not in known_variables] == []


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "on",
        "1e3",
        "0x10",
        "007",
        "1:30",
        "null",
        "~",
        "",
        "a: b",
        "# no",
        "[x]",
        "校园",
        "it's",
        '"',
        "a\\b",
        "1.5",
    ],
)
def test_a_scalar_is_read_back_as_it_was(text):
    assert yaml.safe_load(scalar(text)) == text
    assert yaml.safe_load(flow([text, {"a": text}])) == [text, {"a": text}]


def test_paths():
    assert quoted("inventories/campus") == "inventories/campus" and quoted("my site") == "'my site'"
    assert quoted("it's") == "'it'\\''s'" and place("a") == "a/hosts.yml"
