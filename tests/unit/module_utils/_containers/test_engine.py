# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine is, and what it lacks."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import engine

INFO = {
    "ServerVersion": "20.10.24+dfsg1",
    "Driver": "overlay2",
    "DockerRootDir": "/var/lib/docker",
    "CgroupDriver": "systemd",
    "LoggingDriver": "json-file",
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=default"],
    "RegistryConfig": {"Mirrors": ["https://m.example/"]},
    "Runtimes": {"runc": {}, "nvidia": {}},
    "HttpProxy": "",
    "HttpsProxy": "http://proxy:3128",
}


def test_summary():
    got = engine.summary(INFO, "/usr/bin/docker")
    assert got["running"] and got["installed"] and not got["snap"] and not got["rootless"]
    assert got["registry_mirrors"] == ["https://m.example"]
    assert got["runtimes"] == ["nvidia", "runc"]
    assert got["proxy"] == "http://proxy:3128"


def test_absent_engine():
    got = engine.summary({}, None)
    assert not got["installed"] and not got["running"] and got["data_root"] is None
    engine.check(got)


@pytest.mark.parametrize(
    ("info", "path"),
    [(INFO, "/snap/bin/docker"), ({**INFO, "SecurityOptions": ["name=seccomp", "name=rootless"]}, "/usr/bin/docker")],
)
def test_snap_and_rootless_are_refused(info, path):
    with pytest.raises(Refusal) as caught:
        engine.check(engine.summary(info, path))
    assert caught.value.rule == "LLM301"


def test_mismatches():
    got = engine.summary(INFO, "/usr/bin/docker")
    assert engine.mismatches(got, {"running": True, "data_root": "/var/lib/docker/", "registry_mirrors": []}) == []
    assert engine.mismatches(got, {"registry_mirrors": ["https://m.example/"], "logging_driver": ""}) == []
    wrong = engine.mismatches(got, {"data_root": "/data", "registry_mirrors": ["https://other"]})
    assert len(wrong) == 2
    assert "data_root: /data wanted, /var/lib/docker found" in wrong
    assert engine.mismatches(engine.summary({}, None), {"running": True}) == ["running: True wanted, False found"]


def link(root, name, mtu, state="up"):
    (root / name).mkdir(parents=True)
    (root / name / "mtu").write_text(f"{mtu}\n")
    (root / name / "operstate").write_text(state + "\n")


def test_path_mtu(tmp_path):
    links, route = tmp_path / "net", tmp_path / "route"
    for name, mtu, state in (
        ("lo", 65536, "unknown"),
        ("eth0", 1400, "up"),
        ("eth1", 9000, "up"),
        ("eth2", 576, "down"),
    ):
        link(links, name, mtu, state)
    link(links, "docker0", 1280)
    route.write_text("Iface\tDestination\tGateway\neth1\t00000000\t0100000A\neth0\t000A0A0A\t0\n")
    assert engine.path_mtu(str(route), str(links)) == 9000
    route.write_text("Iface\tDestination\tGateway\n")
    assert engine.path_mtu(str(route), str(links)) == 1400
    assert engine.path_mtu(str(tmp_path / "none"), str(tmp_path / "none")) == 1500
