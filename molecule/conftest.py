# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of all scenarios run on every node of theirs; a failing one shows that node's journal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

CACHE = Path(os.environ.get("YITIJI_LAB_DIR", "/var/cache/yitiji-lab"))
LAB = os.environ.get("YITIJI_LAB", "lab")


def pytest_configure(config):
    """Directly over SSH as root: five times as fast as a run of ansible for every command."""
    scenario = os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY")
    if not scenario:
        return
    platforms = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text(encoding="utf-8"))["platforms"]
    settings = Path(scenario) / "ssh_config"
    common = f"""
  User root
  IdentityFile {CACHE}/ssh/id_ed25519
  UserKnownHostsFile {CACHE}/run/{LAB}/known_hosts
  StrictHostKeyChecking yes
  LogLevel ERROR
  ControlMaster auto
  ControlPath {CACHE}/run/{LAB}/cp-%C
  ControlPersist 20
  ProxyCommand nsenter --net=/run/netns/yitiji-{LAB} nc.openbsd %h %p
"""
    settings.write_text("".join(f"Host {p['name']}\n  HostName 10.77.0.{p['octet']}{common}" for p in platforms))
    config.option.hosts = ",".join(f"ssh://{p['name']}" for p in platforms)
    config.option.connection = "ssh"
    config.option.ssh_config = str(settings)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    host = getattr(item, "funcargs", {}).get("host")
    if report.failed and call.when == "call" and host is not None:
        said = host.run("systemctl --failed --no-legend; journalctl --no-pager --lines=30 | cut -c1-240")
        report.sections.append(("journal", said.stdout_bytes.decode(errors="replace")))  # cut between bytes


# What a scenario's tests call otherwise where the base is `rpm` (YITIJI_BASE).
NAMES = {
    False: {
        "docker": "docker.io",
        "again": "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --reinstall",
        "installed": "dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n' | grep ^installed",
        "nginx_user": "www-data",
        "monitoring": "prometheus prometheus-node-exporter prometheus-alertmanager",
    },
    True: {
        "docker": "docker-ce",
        "again": "dnf -y -q reinstall",
        "installed": "rpm -qa | sort",
        "nginx_user": "nginx",
        "monitoring": "prometheus node_exporter alertmanager",
    },
}


@pytest.fixture
def names(host):
    return NAMES[host.exists("rpm")]


@pytest.fixture
def root(host):
    """A shell command as root: its output, whatever its status."""
    return lambda command: host.run(command).stdout.strip()
