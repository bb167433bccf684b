# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ubuntu as its machines have it (tests/fixtures/nodes): what the probes and the data make of its files."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import find, targets
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import basics
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import apt, apt_sources, manager

from tests.unit.module_utils._catalog.test_distributions import ENTRIES
from tests.unit.module_utils.machines import load, read

MACHINES = ["ubuntu-22.04", "ubuntu-24.04-snap"]


def entry_of(name):
    os = read(name)["os"]
    return find(ENTRIES, System(os["id"], os["version"], commands=["apt-get"])), os


@pytest.mark.parametrize("name", MACHINES)
def test_who_it_is_and_by_what_name_its_packages_are_asked_for(name):
    """The codename that the release file tells is the one of every repository and of the bundle."""
    entry, os = entry_of(name)
    assert entry["key"] == name.removesuffix("-snap") and entry["tested"] == "data"
    suites = {entry["repositories"][each]["suite"] for each in ("docker", "nginx")}
    assert suites == {os["codename"]} == {entry["bundle"]["release"]}
    assert targets(ENTRIES)[os["codename"]]["version"] == os["version"]


@pytest.mark.parametrize("name", MACHINES)
def test_before_any_python_runs_there(name):
    text = load(name)["files"]["/etc/os-release"]
    said = f"@ os\n{text}@ machine\nx86_64\n@ kernel\n6.8.0\n@ glibc\nglibc 2.39\n@ cgroup\ncgroup2fs\n@ commands\n"
    found = basics.parse(f"{said}/usr/bin/apt-get\n@ pythons\n/usr/bin/python3 3.12\n@ end\n")
    assert found["os"]["id"] == "ubuntu" and found["commands"] == ["apt-get"]
    assert manager.of_node(text, {"apt-get": "/usr/bin/apt-get", "dnf": None}.get) == "apt"
    assert manager.of_node(text, {"apt-get": "/usr/bin/apt-get", "dnf": "/usr/bin/dnf"}.get) == "apt", (
        "dnf is in universe"
    )


@pytest.fixture
def sources(tmp_path):
    """(address, suite, place below /etc/apt) of each of a machine's sources."""

    def written(name):
        for path, text in load(name)["files"].items():
            if path.startswith("/etc/apt/"):
                (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path[1:]).write_text(text)
        folder = tmp_path / "etc/apt"
        found = apt_sources.entries(str(folder / "sources.list"), str(folder / "sources.list.d"))
        return [(row.url.rpartition("/")[0], row.suite, row.place.removeprefix(f"{folder}/")) for row in found]

    return written


def test_sources_in_deb822(sources):
    ours, security = "http://nz.archive.ubuntu.com", "http://security.ubuntu.com"
    assert sources("ubuntu-24.04-snap") == [
        (ours, "noble", "sources.list.d/ubuntu.sources:4"),
        (ours, "noble-updates", "sources.list.d/ubuntu.sources:4"),
        (ours, "noble-backports", "sources.list.d/ubuntu.sources:4"),
        (security, "noble-security", "sources.list.d/ubuntu.sources:12"),
    ]


def test_sources_in_lines(sources):
    """Comments and files that apt does not read are none."""
    archive, security = "http://archive.ubuntu.com", "http://security.ubuntu.com"
    assert sources("ubuntu-22.04") == [
        (archive, "jammy", "sources.list:2"),
        (archive, "jammy-updates", "sources.list:4"),
        (archive, "jammy", "sources.list:5"),
        (security, "jammy-security", "sources.list:6"),
        ("https://download.docker.com/linux", "jammy", "sources.list.d/docker.list:1"),
    ]


def test_docker_of_the_snap_store_is_seen_where_the_path_of_root_has_no_snap():
    docker = read("ubuntu-24.04-snap")["containers"]["docker"]
    assert docker["snap"] is True and docker["path"] == "/snap/bin/docker"
    assert read("ubuntu-22.04")["containers"]["docker"]["snap"] is False


def test_what_upgrades_by_itself_and_what_is_held_is_seen():
    packages = {row["name"]: row["held"] for row in read("ubuntu-24.04-snap")["packages"]}
    assert packages["unattended-upgrades"] is False and packages["linux-image-generic"] is True


def test_needrestart_restarts_nothing_while_we_install():
    """Its hook of apt ends at once where this is set, whatever its configuration says."""
    assert apt.environment()["NEEDRESTART_SUSPEND"]


def test_a_docker_of_its_vendor_would_be_taken_away_by_the_archives():
    entry, _os = entry_of("ubuntu-22.04")
    there = {row["name"]: row["version"] for row in read("ubuntu-22.04")["packages"]}
    lacking = manager.missing(there, entry["packages"]["docker"])
    with pytest.raises(Refusal) as caught:
        manager.stand_aside(
            apt.Apt(lambda _argv, _seconds: (0, ""), 1, 1), there, lacking, entry["conflicts"]["docker"]
        )
    assert caught.value.rule == "LLM332" and "docker-ce, docker-ce-cli, containerd.io" in caught.value.reason.en
