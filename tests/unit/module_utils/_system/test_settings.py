# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports, paths and addresses as people write them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as core

from tests.unit.module_utils.preflight_rules import rules_of


@pytest.mark.parametrize("text", ["gpu01", "chat.example.com", "chat.example.com.", "10.0.0.1", "fd00::1", "a_b"])
def test_hosts(text):
    assert core.is_host(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "https://x", "x:443", "-a", "a-.b", "a..b", "x/y", "a" * 64, "*.example.com"]
)
def test_what_is_no_host(text):
    assert not core.is_host(text)


@pytest.mark.parametrize(
    "text", ["http://a", "https://a.b:8443/x?y", "https://[fd00::1]:8443/", "http://10.0.0.1/hook?token=a"]
)
def test_addresses(text):
    assert core.is_url(text)


@pytest.mark.parametrize(
    "text", ["", "a.b", "ftp://a", "https://", "https:// a", "https://a b", 'https://a/"', "https://a:port/"]
)
def test_what_is_no_address(text):
    assert not core.is_url(text)


def test_ports():
    assert rules_of(core.port_problems, {"a": 1, "b": "65535", "c": 443}) == []
    assert rules_of(core.port_problems, {"a": 0, "b": 65536, "c": "ssh", "d": None}) == ["LLM130"]
    (found,) = core.port_problems({"https": 443, "chat": "443", "other": 80})
    assert found.rule == "LLM130" and found.reason.en == "ports that can't be used: 443 for https, chat"


@pytest.mark.parametrize(
    "path", ["srv", "/", "//", "/a b", "/a,b", "/a'b", "/a%b", "/a$b", '/a"', "/a\nb", "./x", "~/x", ""]
)
def test_paths_that_cannot_be_used(path):
    assert rules_of(core.path_problems, {"docker_data_root": path}) == ["LLM132"]


def test_paths_that_can():
    assert core.path_problems({"a": "/srv", "b": "/srv/models-1/x_y.z"}) == []
    assert core.path_problems({"a": ""}, empty=True) == []


def test_a_name_has_253_letters_at_most():
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(longest) == 253 and core.is_host(longest) and not core.is_host(longest + "a")


def test_a_port_that_one_role_alone_has_is_told():
    shared = {"gateway_port": {"appliance_port": "443"}, "chat_port": {"appliance_chat": 8080}}
    assert core.port_differences({"gateway_port": 443, "chat_port": "8080"}, shared) == []
    (found,) = core.port_differences({"gateway_port": 8443, "chat_port": 8080}, shared)
    assert found.rule == "LLM185" and "8443" in found.reason.en and "gateway_port" in found.reason.en
    assert core.is_address("10.0.0.1") is True and core.is_address("gpu01") is False


def test_paths_may_be_empty_only_where_that_means_something():
    assert rules_of(core.path_problems, {"a": ""}) == ["LLM132"] and core.path_problems({"a": "/x"}, empty=True) == []
    assert [row.rule for row in core.path_problems({"a": "x"}, empty=True)] == ["LLM132"]
