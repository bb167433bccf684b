# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources that can't be used: why, and where they stand. What apt says was recorded from apt 3.0 (Debian 13)."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all import PHRASES
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import apt_sources as core

WELL = "Get:1 http://deb.example/debian trixie InRelease [140 kB]\nReading package lists...\n"
THIRD = core.Entry("http://127.0.0.1:8123/nothing", "stable", "/etc/apt/sources.list.d/third.list:2")
OTHERS = [
    core.Entry("http://deb.example/debian", "trixie", "/etc/apt/sources.list:1"),
    core.Entry("http://deb.example/debian", "trixie-updates", "/etc/apt/sources.list:3"),
    core.Entry("http://deb.example/debian-security", "trixie-security", "/etc/apt/sources.list:5"),
]
SQV = "Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 0x1234"


def says(kind, reason, url=THIRD.url):
    """An `Err:` with its reason, as apt prints it."""
    return f"{WELL}Err:5 {url} stable {kind}\n  {reason}\nReading package lists...\n"


NO_ROUTE = "Cannot initiate the connection to"
CASES = {
    "absent": says("Release", "404  File not found [IP: 127.0.0.1 8123]")
    + f"E: The repository '{THIRD.url} stable Release' does not have a Release file.\n",
    "expired": f"{WELL}E: Release file for {THIRD.url}/dists/stable/Release is expired (invalid since 10d 0h 0min "
    "11s). Updates for this repository will not be applied.\n",
    "not_yet": f"{WELL}E: Release file for {THIRD.url}/dists/stable/Release is not valid yet (invalid for another 1d "
    "23h 59min 32s). Updates for this repository will not be applied.\n",
    "key": says("InRelease", SQV) + f"E: The repository '{THIRD.url} stable InRelease' is not signed.\n",
    "name": says("InRelease", "Could not resolve 'no-such-host.example'")
    + f"W: Failed to fetch {THIRD.url}/dists/stable/InRelease  Could not resolve 'no-such-host.example'\n"
    "W: Some index files failed to download. They have been ignored, or old ones used instead.\n",
    "unreachable": says(
        "InRelease", "Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)"
    ),
    # in a network namespace without a route
    "family": says("InRelease", f"{NO_ROUTE} 192.0.2.1:80 (192.0.2.1). - connect (101: Network is unreachable)"),
    "tls": says("InRelease", "SSL connection failed: error:0A000086:SSL routines::certificate verify failed / Success"),
    "proxy": says("InRelease", "Could not resolve 'proxy.example'"),
    "denied": says("InRelease", "401  Unauthorized [IP: 127.0.0.1 8123]"),
    "other": says("InRelease", "Something new happened"),
}


@pytest.mark.parametrize("kind", CASES)
def test_each_cause_by_its_name_once_and_with_its_place(kind):
    found = core.located(core.complaints(CASES[kind]), [*OTHERS, THIRD], ["proxy.example"])
    assert [(row.kind, row.source, row.place) for row in found] == [(kind, f"{THIRD.url} stable", THIRD.place)]
    told = found[0].refusal()
    assert told.rule == "LLM175" and THIRD.place in told.reason.en and THIRD.place in told.reason.zh
    assert told.remedy.en and told.remedy.zh


def test_every_kind_has_its_words():
    for kind in core.ORDER:
        assert PHRASES[f"source_{kind}"] and PHRASES[f"source_{kind}_remedy"]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("E: Malformed entry 1 in list file /etc/apt/sources.list.d/third.list (Suite)", "third.list:1"),
        ("E: Type 'debx' is not known on line 4 in source list /etc/apt/sources.list.d/third.list", "third.list:4"),
        ("E: Malformed entry 1 in sources file /etc/apt/sources.list.d/third.sources (URI)", "third.sources:1"),
        ("E: Conflicting values set for option Signed-By regarding source http://x/d stable: a != b", ""),
    ],
)
def test_what_apt_cannot_even_read(line, place):
    (found,) = core.located(core.complaints(f"{line}\nE: The list of sources could not be read.\n"), OTHERS)
    assert found.kind == "malformed" and found.place.endswith(place)


def test_several_sources_and_none():
    said = "".join(f"Err:1 {row.url} {row.suite} InRelease\n  Unable to connect to 127.0.0.1:9:\n" for row in OTHERS)
    found = core.located(core.complaints(said), OTHERS, ["127.0.0.1"])
    assert [row.place for row in found] == [row.place for row in OTHERS] and {row.kind for row in found} == {"proxy"}
    assert core.located(core.complaints(WELL), OTHERS) == []


def test_sources_are_read_from_both_kinds_of_files(tmp_path):
    plain = "# none\n\ndeb [arch=amd64 signed-by=/k] http://u:pw@one.example/d/ stable main\n"
    (tmp_path / "sources.list").write_text(plain)
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "two.sources").write_text(
        "Types: deb\n# a comment\nURIs: http://two.example/d\n http://three.example/d\nSuites: a b\nComponents: main\n"
        "\n"
        "Types: deb\nURIs: http://off.example\nSuites: a\nEnabled: no\n"
    )
    (folder / "x.list.save").write_text("deb http://never.example a main\n")
    found = core.entries(str(tmp_path / "sources.list"), str(folder))
    at = str(folder / "two.sources") + ":3"
    assert found == [
        core.Entry("http://one.example/d", "stable", str(tmp_path / "sources.list") + ":3"),
        core.Entry("http://two.example/d", "a", at),
        core.Entry("http://two.example/d", "b", at),
        core.Entry("http://three.example/d", "a", at),
        core.Entry("http://three.example/d", "b", at),
    ]
    assert core.entries(str(tmp_path / "none"), str(tmp_path / "none.d")) == []


def test_no_password_is_told():
    (found,) = core.located(core.complaints(says("Release", "404 not found", "http://user:secret@h.example/x")), [])
    assert "secret" not in str(found) and found.source == "http://h.example/x"


def test_apt_is_asked_quickly_and_for_tables_of_contents_alone():
    asked = []

    def run(words, seconds):
        asked.append((words, seconds))
        return (124, "Ign:1 http://x") if "update" in words else (0, "")

    (found,) = core.troubles(run, ["apt-get"])
    assert "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false" in asked[0][0] and asked[0][1] == core.SECONDS
    assert found.kind == "unreachable" or "no end within" in found.said
    assert core.troubles(lambda words, seconds: (0, WELL), ["apt-get"]) == []


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        # no route by IPv6, and by IPv4 somebody who does not answer: the route is not what is wrong
        (f"{NO_ROUTE} m.example:80 (2001:db8::1). - connect (101: Network is unreachable) "
         "Could not connect to m.example:80 (192.0.2.1), connection timed out", "unreachable"),
        (f"{NO_ROUTE} 2001:db8::1:80 (2001:db8::1). - connect (101: Network is unreachable)", "family"),
    ],
)  # fmt: skip
def test_a_node_without_the_sources_kind_of_address(reason, kind):
    assert core.kind_of(reason) == kind


@pytest.mark.parametrize(("url", "host"), [
    ("http://deb.example/debian", "deb.example"), ("http://u:p@proxy.example:3128/", "proxy.example"),
    ("https://10.0.0.1:8080", "10.0.0.1"), ("", ""),
])  # fmt: skip
def test_the_host_of_an_address(url, host):
    assert core.host_of(url) == host
