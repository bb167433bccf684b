# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles make of each distribution that is served: their own variables, filled in by Ansible itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.sizing.common import ROOT
from tests.unit.module_utils._catalog.test_distributions import ENTRIES

SERVED = sorted(key for key, entry in ENTRIES.items() if entry["tested"] != "no")
OTHERS = ("firewall", "isolation", "ollama", "open_webui", "monitoring", "compliance")
MIRROR = "https://mirror.example/packages"
# role, more variables, names
ASKED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "docker": ("docker", {}, ["__docker_source", "__docker_packages", "__docker_repository"]),
    "docker's mirror": ("docker", {"docker_repository_url": MIRROR}, ["__docker_repository"]),
    "gateway": (
        "gateway", {},
        ["__gateway_packages", "__gateway_vendor", "__gateway_repository", "__gateway_drain", "__gateway_main_line"],
    ),
    "gateway's own": ("gateway", {"gateway_repository_url": ""}, ["__gateway_vendor"]),
    "host_tuning": (
        "host_tuning", {},
        ["__host_tuning_packages", "__host_tuning_sources", "__host_tuning_menu", "__host_tuning_grub"],
    ),
    "toolkit": (
        "nvidia_container_toolkit", {},
        ["__nvidia_container_toolkit_pinned", "__nvidia_container_toolkit_repository"],
    ),
    **{role: (role, {}, [f"__{role}_packages"]) for role in OTHERS},
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, str], dict[str, Any]]:
    """{(what was asked, entry): the variables}, all in one go."""
    places = [(asked, key) for asked in ASKED for key in SERVED]
    rows = [
        (ASKED[asked][0], {**ASKED[asked][1], "appliance_distribution": ENTRIES[key]}, ASKED[asked][2])
        for asked, key in places
    ]
    words = [sys.executable, "-m", "tests.unit.playbooks.role_variables"]
    done = subprocess.run(words, cwd=ROOT, input=json.dumps(rows), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(places, json.loads(done.stdout)))


@pytest.mark.parametrize("key", SERVED)
def test_docker_comes_from_where_there_is_one(told, key):
    source, packages, repository = told["docker", key].values()
    entry = ENTRIES[key]
    assert source == ("docker" if entry["packages"]["docker"] is None else "distribution")
    assert packages == entry["packages"]["docker" if source == "distribution" else "docker_vendor"]
    assert repository["manager"] == entry["manager"] and repository["fingerprints"]
    (moved,) = told["docker's mirror", key].values()
    assert moved["url"].startswith(f"{MIRROR}/") and moved["key_url"].startswith(f"{MIRROR}/")


@pytest.mark.parametrize("key", SERVED)
def test_nginx_comes_with_its_script_module(told, key):
    """Where a package loads it, nothing else does; where none does, our file above nginx' sites loads it."""
    packages, vendor, repository, drain, line = told["gateway", key].values()
    theirs = ENTRIES[key]["paths"]["nginx_modules_conf"]
    assert (vendor == "nginx") == (theirs is None) == ("nginx-module-njs" in packages)
    assert drain.startswith(theirs or "/etc/nginx/modules-enabled") and drain.rpartition("/")[0] in line
    if vendor:
        assert len(repository["fingerprints"]) == 3 and repository["url"].startswith("https://nginx.org/packages/")
    assert told["gateway's own", key] == {"__gateway_vendor": ""}


@pytest.mark.parametrize("key", SERVED)
def test_the_clock_and_the_kernels_line(told, key):
    packages, servers, menu, grub = told["host_tuning", key].values()
    apt = ENTRIES[key]["manager"] == "apt"
    assert packages == ["chrony"]
    assert servers == ("/etc/chrony/sources.d/yitiji.sources" if apt else "/etc/yitiji/time-servers.conf")
    assert menu == (["update-grub"] if apt else ["grubby", "--update-kernel=ALL", "--args=iommu=pt"])
    assert grub.startswith("/etc/default/grub.d/" if apt else "/var/lib/yitiji/")


@pytest.mark.parametrize("key", SERVED)
def test_the_other_roles_have_their_names(told, key):
    for role in OTHERS:
        (packages,) = told[role, key].values()
        assert packages and all(isinstance(name, str) for name in packages), role
    pinned, repository = told["toolkit", key].values()
    assert all(name.endswith("=1.18.2-1") for name in pinned) and len(pinned) == 4
    assert repository["signs"] == ("packages" if ENTRIES[key]["manager"] == "apt" else "metadata")
