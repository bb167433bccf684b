# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt says about packages and where they come from, and the sources of a target."""

from __future__ import annotations

import io
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt

URIS = """\
'http://u:p@m/pool/n/nginx_1%3a1.22-9%2bdeb12u1_amd64.deb' nginx_1%3a1.22-9+deb12u1_amd64.deb 527388 SHA256:aa
NOTE: this is no address
'http://m/pool/a/a_1_all.deb' a_1_all.deb 10
'http://m/dists/x/InRelease' m_InRelease 10
"""


def test_reads_what_apt_tells():
    found = apt.parse_uris(URIS)
    assert [(package.file, package.size) for package in found] == [
        ("nginx_1%3a1.22-9+deb12u1_amd64.deb", 527388),
        ("a_1_all.deb", 10),
    ]
    assert [(package.name, package.version) for package in found] == [("nginx", "1:1.22-9+deb12u1"), ("a", "1")]
    assert apt.plain_uri(found[0].uri).startswith("http://m/pool")
    assert apt.repository_name(found[0].file) == "nginx_1.22-9+deb12u1_amd64.deb"


@pytest.mark.parametrize("text, expected", [
    ("Debian|x|http://m/\nDebian|x-security|http://s/\n", {"main": "http://m/", "security": "http://s/"}),
    ("Debian|oldstable|http://m/debian/\nOther|x|http://o/", {"main": "http://m/debian/", "security": ""}),
    ("Ubuntu|noble|http://u/", {}), ("", {}), ("Debian|x|cdrom:[x]", {}),
])  # fmt: skip
def test_finds_the_machines_mirrors(text, expected):
    assert apt.mirrors(text, "debian") == expected


def test_sources_of_a_target():
    target = {"release": "bookworm", "architecture": "amd64", "keyring": "/k",
              "suites": ["{release}", "{release}-security"], "components": ["main"]}  # fmt: skip
    assert apt.sources(target, {"main": "http://m", "security": ""}) == [
        "deb [arch=amd64 signed-by=/k] http://m bookworm main"
    ]
    assert apt.sources({**target, "sources": ["deb x"]}, {}) == ["deb x"]


def test_what_lies_on_this_machine_is_copied_into_the_archives():
    assert apt.copied("deb [x=file:y] file:/m x\nURIs: file:/v") == "deb [x=file:y] copy:/m x\nURIs: copy:/v"
    assert apt.copied("file:///m http://file:80") == "copy:///m http://file:80"


def test_licences_of_a_copyright_file():
    text = "Format: https://x\nFiles: *\nLicense: GPL-2+\n text\nLicense: MIT\nLicense: GPL-2+\n"
    assert apt.licences(text) == "GPL-2+; MIT" and apt.licences("This package was debianized") == ""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        info = tarfile.TarInfo("./usr/share/doc/x/copyright")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    assert apt.read_copyright(io.BytesIO(data.getvalue()), "x") == text
    assert apt.read_copyright(io.BytesIO(data.getvalue()), "y") == ""


def test_a_package_is_known_by_the_name_that_apt_gives_it():
    text = "'http://m/dl?id=3' a_1_all.deb 10\n'http://m/odd.deb' index.html 10\n"
    assert [(package.file, package.name) for package in apt.parse_uris(text)] == [("a_1_all.deb", "a")]


def test_no_more_licences_are_told_than_fit_and_no_more_is_read():
    text = "Format: x\n" + "".join(f"License: L{number}\n" for number in range(20))
    assert apt.licences(text) == "; ".join(f"L{number}" for number in range(12))


@pytest.mark.parametrize(("code", "out", "err", "why"), [
    (0, URIS, "", ""), (0, "", "", "apt-get ended with 0"), (100, "", "", "apt-get ended with 100"),
    (100, URIS, "W: warned\nE: Unable to locate package x", "E: Unable to locate package x"),
])  # fmt: skip
def test_why_apt_did_not_resolve(code, out, err, why):
    asked = []
    found, said = apt.resolve(lambda words: asked.append(words) or (code, out, err), "/c", ["x", "y"], "/none")
    assert said == why and bool(found) == (not why)
    assert asked[0][-2:] == ["x", "y"] and "--no-install-recommends" in asked[0]
    assert "Dir::Cache::archives=/none" in asked[0]


def test_an_entry_of_the_index_is_the_packages_own_with_its_place():
    assert apt.stanza("\nPackage: a\n\nVersion: 1\n", "a.deb", 5, "ff") == (
        "Package: a\nVersion: 1\nFilename: ./a.deb\nSize: 5\nSHA256: ff\n"
    )
    assert apt.field("Package:  a \nX: y\n", "Package") == "a" and apt.field("X: y\n", "Package") == ""


def test_a_node_reads_the_bundle_and_nothing_else_and_keeps_its_own_state():
    lines = apt.node_configuration("/n").splitlines()
    assert lines[:4] == [
        'Dir::Etc::sourcelist "/n/sources.list";', 'Dir::Etc::sourceparts "/dev/null";',
        'Dir::State::lists "/n/lists";', 'Dir::Cache "/n/cache";',
    ]  # fmt: skip
    assert {'Acquire::Check-Date "false";', 'Acquire::http::Proxy "DIRECT";'} <= set(lines[4:])
