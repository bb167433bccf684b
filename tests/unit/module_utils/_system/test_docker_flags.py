# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that stand on docker.service's command line and in daemon.json."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import docker_flags as core

# As Debian 13 answers, with a drop-in of the lab.
LINE = "/usr/sbin/dockerd -H fd:// --containerd=/run/c.sock $DOCKER_OPTS --mtu ${MTU}"
LOADED = f"""LoadState=loaded
ExecStart={{ path=/usr/sbin/dockerd ; argv[]={LINE} ; ignore_errors=no ; pid=784 }}
Environment=MTU=1400 "X=a b"
EnvironmentFiles=/etc/default/docker (ignore_errors=yes)
FragmentPath=/usr/lib/systemd/system/docker.service
DropInPaths=/etc/systemd/system/docker.service.d/00-lab.conf
"""
FILES = {
    "/etc/default/docker": '# comment\nDOCKER_OPTS="--log-driver=journald --dns 10.0.0.1 -D"\n',
    "/usr/lib/systemd/system/docker.service": "ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/c.sock $O",
}
ABSENT = "LoadState=not-found\nFragmentPath=\n"


def no_names(_folder):
    return []


def test_words_come_from_the_unit_its_drop_ins_and_its_environment():
    start = core.started(LOADED, FILES.get, no_names)
    assert start.words[1:] == [
        "-H", "fd://", "--containerd=/run/c.sock", "--log-driver=journald", "--dns", "10.0.0.1", "-D", "--mtu", "1400"
    ]  # fmt: skip
    assert set(core.options(start.words)) == {"hosts", "containerd", "log-driver", "dns", "debug", "mtu"}


@pytest.mark.parametrize(
    ("live", "options", "file"),
    [
        ({"hosts": ["fd://"], "bip": "10.1.0.1/16"}, ["hosts"], "/usr/lib/systemd/system/docker.service"),
        ({"log-driver": "json-file", "debug": True}, ["debug", "log-driver"], "/etc/default/docker"),
        ({"log-opts": {"max-size": "1m"}, "runtimes": {}}, [], ""),
    ],
)
def test_clashes_name_the_file(live, options, file):
    found = core.clashes(live, core.started(LOADED, FILES.get, no_names), FILES.get)
    assert [clash.option for clash in found] == options
    assert all(clash.file == file for clash in found)


def test_before_docker_is_installed_the_packages_unit_counts():
    assert core.clashes({"hosts": []}, core.started(ABSENT, {}.get, no_names), {}.get) == [
        core.Clash("hosts", "-H", core.PACKAGED)
    ]
    drop_in = f"{core.DROP_INS}/override.conf"
    reset = {drop_in: "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --data-root /d\n"}
    start = core.started(ABSENT, reset.get, lambda folder: ["override.conf", "x.txt"])
    assert core.clashes({"hosts": []}, start, reset.get) == []
    assert core.clashes({"graph": "/x"}, start, reset.get) == [core.Clash("graph", "--data-root", drop_in)]


def test_another_file_of_options():
    assert core.config_file(["dockerd", "-H", "fd://"]) == "/etc/docker/daemon.json"
    assert core.config_file(["dockerd", "--config-file", "/x"]) == core.config_file(["d", "--config-file=/x"]) == "/x"


def test_odd_text():
    assert core.loaded("{") == core.loaded("3") == core.loaded("") == {}
    assert core.started("", {}.get, no_names).words[1] == "-H"
    assert core.started('LoadState=loaded\nEnvironment="a\n', {}.get, no_names).words == []


def test_misspelt_options():
    assert core.misspelt({"registry-mirror": [], "hosts": [], "of-a-newer-docker": 1}) == {
        "registry-mirror": "registry-mirrors"
    }


def test_the_last_drop_in_wins_and_is_looked_at_first():
    rows = {f"{core.DROP_INS}/{name}.conf": f"[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --{flag} x\n"
            for name, flag in (("1", "data-root"), ("2", "graph"), ("3", "bip"))}  # fmt: skip
    start = core.started(ABSENT, rows.get, lambda folder: ["2.conf", "3.conf", "1.conf"])
    assert start.words[1:] == ["--bip", "x"] and start.files[0] == f"{core.DROP_INS}/3.conf"
    assert start.files[-1] == core.PACKAGED and start.files.index(f"{core.DROP_INS}/2.conf") == 2
