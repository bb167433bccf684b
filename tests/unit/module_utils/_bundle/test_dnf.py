# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf is told for a target, and what its answers about an empty root mean; the answers are real ones."""

from __future__ import annotations

import configparser

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import dnf

from tests.unit.module_utils._bundle.samples import OWN, ROCKY, VENDOR
from tests.unit.module_utils._system.packages.dnf_said import said

ROWS = [OWN, VENDOR]


class Machine:
    def __init__(self, *answers):
        self.calls, self.answers = [], list(answers)

    def __call__(self, command):
        self.calls.append(list(command))
        code, text = self.answers.pop(0)
        return code, text, ""


def test_the_closure_with_sizes_and_addresses():
    machine = Machine(said("empty-root"), said("empty-root-described"))
    found, why = dnf.resolve(machine, ["dnf"], ["web"], ROWS, "x86_64")
    assert why == "" and machine.calls[0] == ["dnf", "--assumeno", "install", "web"]
    assert machine.calls[1][-3:] == [
        "libfoo-2.0~rc1-1.el9.x86_64",
        "web-1:1.26.1-1.el9.x86_64",
        "web-core-1.26.1-1.el9.noarch",
    ]
    assert [(row.name, row.version, row.file, row.size, row.licence) for row in found][1] == (
        "web", "1:1.26.1-1.el9", "web-1.26.1-1.el9.x86_64.rpm", 6062, "BSD-2-Clause",
    )  # fmt: skip
    assert [row.uri for row in found][:2] == [
        "http://m/9/BaseOS/x86_64/os/libfoo-2.0~rc1-1.el9.x86_64.rpm",
        "http://v/rhel/9/web-1.26.1-1.el9.x86_64.rpm",
    ]


@pytest.mark.parametrize("answers, why", [
    ([said("install-unknown")], "No match for argument: nosuch"),
    ([said("install-broken")], "nothing provides nothing-has-this"),
    ([said("install-there")], "named no package"),
    ([(1, "")], "ended with 1"),
    ([said("empty-root"), (0, "")], "does not describe libfoo-2.0~rc1-1.el9.x86_64"),
    ([said("empty-root"), (1, said("empty-root-described")[1])], "does not describe"),
    # the same package in another repository is another file
    ([said("empty-root"), (0, said("empty-root-described")[1].replace("|vendor|", "|other|"))], "describe web-1:1.26"),
])  # fmt: skip
def test_why_not(answers, why):
    found, told = dnf.resolve(Machine(*answers), ["dnf"], ["web"], ROWS, "x86_64")
    assert found == [] and why in told


def test_words_for_a_target():
    words = dnf.words(ROCKY, "/w", True)
    assert words[:2] == ["dnf", "-y"] and "--installroot=/w/root" in words and "--releasever=9" in words
    assert "--forcearch=x86_64" in words and "--setopt=module_platform_id=platform:el9" in words
    assert dnf.words({**ROCKY, "architecture": "arm64", "platform": ""}, "/w", False)[:3] == [
        "unshare", "--map-root-user", "dnf",
    ]  # fmt: skip
    assert "--forcearch=aarch64" in dnf.words({**ROCKY, "architecture": "arm64"}, "/w", False)


def test_a_machines_own_settings_do_not_count():
    text = configparser.ConfigParser()
    text.read_string(dnf.configuration("/w"))
    main = text["main"]
    assert main["reposdir"] == "/w/repos" and main["plugins"] == "False" and main["gpgcheck"] == "True"
    assert main["install_weak_deps"] == "False" and main["skip_if_unavailable"] == "False"


SECTIONS = [
    ({}, {"gpgcheck": "1", "repo_gpgcheck": "0", "gpgkey": "file:///k", "module_hotfixes": None}),
    ({"vendor": True}, {"gpgcheck": "1", "module_hotfixes": "1", "priority": "10"}),
    ({"vendor": True, "signs": "metadata"}, {"gpgcheck": "0", "repo_gpgcheck": "1", "gpgkey": "file:///k"}),
    ({"vendor": True, "streams": ["nvidia-driver:580-open"]}, {"module_hotfixes": None, "priority": None}),
    ({"trusted": True}, {"gpgcheck": "0", "repo_gpgcheck": "0", "gpgkey": None}),
]


@pytest.mark.parametrize("more, expected", SECTIONS)
def test_a_repository(more, expected):
    text = configparser.ConfigParser(interpolation=None)
    text.read_string(dnf.section({**OWN, **more}, "/k"))
    assert {key: text["os"].get(key) for key in expected} == expected and text["os"]["baseurl"] == OWN["url"]


def test_a_mirror_and_vendors_each_once():
    target = {**ROCKY, "base": "http://m", "mirror": "https://mirror.example/rocky/"}
    rows = dnf.repositories(target, [VENDOR, {**VENDOR, "url": "http://second"}, {**VENDOR, "name": "os"}])
    assert [(row["name"], row["url"], row.get("vendor", False)) for row in rows] == [
        ("os", "https://mirror.example/rocky/9/BaseOS/$basearch/os/", False),
        ("vendor", "http://v/rhel/9/", True),
    ]
    assert rows[0]["key_url"] == "https://mirror.example/rocky/KEY" and rows[1]["key_url"] == VENDOR["key_url"]
    assert dnf.moved("http://elsewhere/x", target) == "http://elsewhere/x"


UNFIT = [
    ({"repositories": []}, [], "LLM930"),
    ({}, [{**VENDOR, "url": ""}], "LLM930"),
    ({}, [{**VENDOR, "fingerprints": []}], "LLM929"),
    ({}, [{**VENDOR, "key_url": ""}], "LLM929"),
    ({"repositories": [{"name": "os", "url": "http://m"}]}, [], "LLM929"),
    ({}, [VENDOR], ""),
    ({}, [{**VENDOR, "fingerprints": [], "key_url": "", "key": "-----BEGIN"}], ""),
    ({}, [{**VENDOR, "fingerprints": [], "trusted": True}], ""),
]


@pytest.mark.parametrize("more, vendors, rule", UNFIT)
def test_what_could_not_be_trusted_is_refused(more, vendors, rule):
    target = {**ROCKY, **more}
    rows = dnf.repositories(target, vendors)
    if not rule:
        return dnf.check(target, rows)
    with pytest.raises(Refusal) as caught:
        dnf.check(target, rows)
    assert caught.value.rule == rule and "rocky-9" in caught.value.reason.en
    return None


def test_a_node_reads_the_signed_index_and_nothing_through_a_proxy():
    text = configparser.ConfigParser()
    text.read_string(dnf.node_repository("http://c:8812", "rocky-9-amd64", "/n"))
    row = text["yitiji-bundle"]
    assert (row["baseurl"], row["gpgkey"]) == ("http://c:8812/dnf/rocky-9-amd64/", "file:///n/key.asc")
    assert (row["repo_gpgcheck"], row["module_hotfixes"], row["proxy"]) == ("1", "1", "")
