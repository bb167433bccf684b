# SPDX-License-Identifier: GPL-3.0-or-later
"""promtool, the real one: from the machine, or out of the distribution's package without installing it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CATALOG = Path(__file__).resolve().parents[4] / "plugins/catalog"


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found:
        return found
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yitiji/prometheus"
    tool = home / "root/usr/bin/promtool"
    if not tool.exists():
        home.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "download", "-q", "prometheus"]
        if subprocess.run(fetch, cwd=home, check=False, capture_output=True).returncode:  # no lists yet
            subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
            subprocess.run(fetch, cwd=home, check=True, capture_output=True)
        (package,) = home.glob("prometheus_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, home / "root"], check=True)
        package.unlink()
    return str(tool)


@pytest.fixture(scope="session")
def alerts():
    return yaml.safe_load((CATALOG / "alerts/alerts.yml").read_text())


@pytest.fixture(scope="session")
def boards():
    return yaml.safe_load((CATALOG / "dashboards/dashboards.yml").read_text())
