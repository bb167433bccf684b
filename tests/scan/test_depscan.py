# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real scanner, OWASP dep-scan, reads a bundle's bill of materials: without a network, from a folder and from a tar.

`tests/run scan` installs it (YITIJI_DEPSCAN: its folder of programs).
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import scan

from tests.unit.module_utils._bundle.test_sbom import WHOLE

PROGRAMS = Path(os.environ.get("YITIJI_DEPSCAN", "/nowhere"))
KNOWN = [("critical", "CVE-2099-0001", "openssl 3.0.15-1~deb12u1"), ("high", "CVE-2099-0002", "Jinja_2 3.1.0")]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vdb")
    made = [PROGRAMS / "python", Path(__file__).with_name("database.py"), folder]
    subprocess.run(made, check=True, timeout=120)
    return folder


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """In a network namespace of its own nothing answers; here a proxy that does not stands for that."""
    monkeypatch.setattr(scan, "path", lambda: f"{PROGRAMS}:/usr/bin:/bin")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / core.MANIFEST).write_text(core.dump(WHOLE), encoding="utf-8")
    return tmp_path


def listed(report):
    return [(row["severity"], row["id"], row["part"]) for row in report["findings"]]


def test_a_deb_is_found_by_its_source_and_a_wheel_by_its_name(bundle, database):
    report = scan.scan(str(bundle), str(database), 120)
    assert listed(report) == KNOWN
    assert report["unseen"] == ["images/both.tar"]


def test_from_the_tar_that_the_bundle_holds(bundle, database):
    (bundle / "files").mkdir()
    with tarfile.open(bundle / "files/db.tar", "w") as tar:
        tar.add(database, ".")
    holds = {**WHOLE.holds, "downloads": [{"name": scan.DATABASE, "path": "files/db.tar"}]}
    (bundle / core.MANIFEST).write_text(core.dump(WHOLE._replace(holds=holds)), encoding="utf-8")
    assert listed(scan.scan(str(bundle), "", 120)) == KNOWN


def test_a_bundle_without_a_known_flaw(bundle, database):
    files = tuple(file for file in WHOLE.files if file.kind not in ("wheel", "package"))
    (bundle / core.MANIFEST).write_text(core.dump(WHOLE._replace(files=files)), encoding="utf-8")
    assert listed(scan.scan(str(bundle), str(database), 120)) == []
