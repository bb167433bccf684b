# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lab turns Debian's packages into RPMs, and whether its table offers what the distributions' data name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import resolved

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "lab"))

import tomllib
from labkit import rpm_build
from labkit.rpm_build import Deb, Package

TABLE = tomllib.loads((ROOT / "lab/rpm/packages.toml").read_text())
DATA = ROOT / "plugins/catalog/distributions"
# what the lab does not offer, and why
ABSENT = {
    "ansible": "a first boot needs a whole image",
    "compliance": "no level is set on the lab's RPM node",
    "compiler": "only drivers and wheels need one",
    "keepalived": "a second gateway is not tried on the lab's RPM node",
    "python_headers": "only drivers and wheels need one",
    "python_venv": "a bundle's controller is no RPM node",
    "resolved": "part of Debian's systemd",
    "selinux": "the lab's kernel has none",
    "syslog_tls": "no level is set on the lab's RPM node",
    "toolkit": "there is no GPU",
}


@pytest.mark.parametrize(
    ("debian", "expected"),
    [
        ("5:7.0.15-1~deb12u10", ("7.0.15", "1~deb12u10.el9")),
        ("20.10.24+dfsg1-1+deb12u1+b6", ("20.10.24", "1.deb12u1.b6.el9")),
        ("1.6.20~ds1-1+deb12u3", ("1.6.20", "1.deb12u3.el9")),
        ("2026f-0+deb12u1", ("2026f", "0.deb12u1.el9")),
        ("6.4", ("6.4", "0.el9")),
    ],
)
def test_versions(debian, expected):
    assert rpm_build.parse_version(debian) == expected


def test_dependencies():
    said = "libc6 (>= 2.34), init-system-helpers (>= 1.54~), iptables | nftables, python3:any, , adduser"
    names = [["libc6"], ["init-system-helpers"], ["iptables", "nftables"], ["python3"], ["adduser"]]
    assert rpm_build.parse_depends(said) == names


def test_requires_are_the_familys_names():
    """What the base tree has (libc6) needs no name; a package does not require itself; the first alternative counts."""
    docker = Deb("docker.io", "1", "", [["libc6"], ["containerd"], ["tini"], ["nftables", "iptables"]])
    owner = {"docker.io": "docker-ce", "tini": "docker-ce", "containerd": "containerd.io", "iptables": "iptables-nft"}
    whole = Package("docker-ce", ["docker.io"], requires=["docker-ce-cli"])
    assert rpm_build.requires(whole, {"docker.io": docker}, owner) == ["containerd.io", "docker-ce-cli", "iptables-nft"]
    part = Package("docker-ce-cli", ["docker.io"], only=["usr/bin/docker"])
    assert rpm_build.requires(part, {"docker.io": docker}, owner) == []


def test_what_debian_provides_has_an_owner():
    """cryptography names the interface of cffi's library, not its package."""
    cffi = Deb("python3-cffi-backend", "1", "", [], ["python3-cffi-backend-api-min"])
    user = Deb("python3-cryptography", "1", "", [["python3-cffi-backend-api-min"]])
    debs = {deb.name: deb for deb in (cffi, user)}
    packages = rpm_build.table({"package": {}, "unwanted": []}, debs)
    owner = rpm_build.owners(packages, debs)
    assert rpm_build.requires(packages[1], debs, owner) == ["python3-cffi-backend"]


def test_what_is_not_named_keeps_its_name():
    data = {"package": {"redis": {"debs": ["redis-server"]}}, "unwanted": ["libjs-*"]}
    packages = rpm_build.table(data, ["redis-server", "liblzf1", "libjs-d3"])
    assert [(p.name, p.debs) for p in packages] == [("redis", ["redis-server"]), ("liblzf1", ["liblzf1"])]


def test_a_spec_starts_nothing(tmp_path):
    tree, base = tmp_path / "tree", tmp_path / "base"
    for name in ("etc/redis.conf", "usr/bin/redis-server"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("")
    (tree / "var/lib/redis").mkdir(parents=True)
    (base / "usr/bin").mkdir(parents=True)
    (base / "etc").mkdir()
    owned, units = ["/var/lib/redis"], ["redis.service"]
    package = Package("redis", [], user="redis", home="/var/lib/redis", owned=owned, units=units)
    text = rpm_build.spec(package, ("7.0", "1.el9"), "a store", ["liblzf1"], tree, base)
    lines = text.splitlines()
    assert "Requires: liblzf1" in lines and "Epoch: 0" not in lines
    assert '%config(noreplace) "/etc/redis.conf"' in lines and '"/usr/bin/redis-server"' in lines
    assert '%dir %attr(0750,redis,redis) "/var/lib/redis"' in lines
    assert '%dir "/usr/bin"' not in lines  # the base tree's
    assert "systemctl --no-reload preset redis.service" in text and "start" not in text


def test_every_name_of_the_data_is_offered():
    """So that what a role asks for on the lab's node is decided by the data alone."""
    entries = {k: v for file in DATA.glob("*.yml") for k, v in yaml.safe_load(file.read_text()).items()}
    rocky = resolved(entries)["rocky-9"]
    offered = {*TABLE["package"], *TABLE["base"], *TABLE["wanted"]}
    wanted = {name: packages for name, packages in rocky["packages"].items() if packages and name not in ABSENT}
    missing = {name: set(packages) - offered for name, packages in wanted.items()}
    assert {name: names for name, names in missing.items() if names} == {}


def test_vendors_packages_are_where_the_data_look_for_them():
    entries = {k: v for file in DATA.glob("*.yml") for k, v in yaml.safe_load(file.read_text()).items()}
    rocky = resolved(entries)["rocky-9"]
    places = {name: said.get("repository") for name, said in TABLE["package"].items()}
    for name, source in rocky["sources"].items():
        own = [package for package in rocky["packages"][name] or [] if package in places and package != "iptables-nft"]
        assert {places[package] for package in own} <= {source}, name


def test_own_files_belong_to_a_package():
    named = {path.name for path in (ROOT / "lab/rpm/files").iterdir()}
    assert named <= {*TABLE["package"], "rocky-release"}
