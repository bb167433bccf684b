# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles make of each distribution that is served: their own variables, filled in by Ansible itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.sizing.common import ROOT
from tests.unit.module_utils._catalog.test_distributions import ENTRIES

SERVED = sorted(key for key, entry in ENTRIES.items() if entry["tested"] != "no")
OTHERS = ("firewall", "isolation", "ollama", "open_webui", "monitoring", "compliance")
LARGE = {"ansible.builtin.include_tasks", "yitiji.deepseek.modelscope_download"}
MIRROR = "https://mirror.example/packages"
PLAN = {"manager": "apt", "stream": "", "branch": "580", "version_of": "nvidia-driver-cuda", "min_driver": "570",
        "same_version": ["nvidia-driver-cuda"]}  # fmt: skip
DRIVER = {
    "nvidia_driver_repository_url": MIRROR, "nvidia_driver_repository_key": "KEY",
    "__nvidia_driver_planned": {"plan": PLAN},
    "ansible_search_path": [str(ROOT / "roles/nvidia_driver")],
}  # fmt: skip
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
    # A bundle is made from the inventory of the site, which says that it installs from one.
    "gateway's bundle": ("gateway", {"appliance_source": "bundle"}, ["__gateway_from", "__gateway_vendor"]),
    "monitoring's bundle": ("monitoring", {"appliance_source": "bundle"}, ["__monitoring_from", "__monitoring_vendor"]),
    "toolkit's bundle": (
        "nvidia_container_toolkit", {"appliance_source": "bundle"}, ["__nvidia_container_toolkit_repositories"],
    ),
    "driver": ("nvidia_driver", DRIVER, ["__nvidia_driver_apt", "__nvidia_driver_fits"]),
    "driver of the archive": ("nvidia_driver", {**DRIVER, "nvidia_driver_repository_url": ""}, ["__nvidia_driver_apt"]),
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


@pytest.mark.parametrize("key", SERVED)
def test_a_bundle_is_made_from_where_a_node_would_take_it_and_installed_without_that(told, key):
    sources = ENTRIES[key]["sources"]
    assert list(told["gateway's bundle", key].values()) == [sources.get("njs") or "", ""]
    assert list(told["monitoring's bundle", key].values()) == [sources.get("prometheus") or "", ""]
    (rows,) = told["toolkit's bundle", key].values()
    assert [(row["name"], row["manager"], len(row["fingerprints"])) for row in rows] == [
        ("nvidia", ENTRIES[key]["manager"], 1)
    ]


def test_a_driver_is_resolved_with_the_pin_of_a_node(told):
    (row,), fits = told["driver", "debian-12"].values()
    assert (row["url"], row["key"], row["suite"], row["components"]) == (MIRROR, "KEY", "/", [])
    assert "Package: *nvidia* libcuda*" in row["preferences"] and "\nPin: version 580.*\n" in row["preferences"]
    assert fits == {"version_of": "nvidia-driver-cuda", "same_version": ["nvidia-driver-cuda"], "branch": "580",
                    "min_version": "570"}  # fmt: skip
    assert told["driver of the archive", "debian-12"] == {"__nvidia_driver_apt": []}


def test_packages_are_resolved_before_anything_large_comes():
    tasks = yaml.safe_load((ROOT / "roles/bundle/tasks/make.yml").read_text(encoding="utf-8"))
    steps = [
        (task.get("yitiji.deepseek.bundle_make") or {}).get("state") or next(iter(set(task) & LARGE), "")
        for task in tasks
    ]
    assert [step for step in steps if step] == [
        "resolved",
        "ansible.builtin.include_tasks",
        "yitiji.deepseek.modelscope_download",
    ]
