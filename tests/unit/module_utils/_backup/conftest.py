# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with all that a backup holds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import make_backup, restore

from tests.unit.module_utils._webui.page_data import ADMIN, NOW, page_data

PAGE = 10001 if os.geteuid() == 0 else os.getuid()
PEM = "-----BEGIN {0}-----\nTUlJQg==\n-----END {0}-----\n"


def config_of(node: Path, **more) -> dict:
    return {
        "directory": str(node / "backups"), "name": "appliance", "deployment": "demo",
        "recipients": [], "keep": {"last": 2, "daily": 0, "weekly": 0, "monthly": 0}, "max_age_days": 3,
        "note": str(node / "backup.json"), "restored_plan": str(node / "restored-plan.json"),
        "secrets_dir": str(node / "secrets"), "tls_dir": str(node / "tls"), "remote": {},
        "page": {"data_dir": str(node / "data"), "unit": "yitiji-not-here", "owner": PAGE, "database": "sqlite"},
        "state": {"open-webui.json": str(node / "open-webui.json"), "plan.json": str(node / "doctor.json")},
        "site": {"certificate.crt": str(node / "site/own.crt"), "certificate.key": "", "page-ca.crt": ""}, **more,
    }  # fmt: skip


def filled(node: Path, chats: int = 3) -> Path:
    page_data(node / "data", chats)
    for where, folders, names in os.walk(node / "data"):
        for name in [*folders, *names]:
            os.chown(Path(where, name), PAGE, PAGE, follow_symlinks=False)
    os.chown(node / "data", PAGE, PAGE)
    (node / "secrets/open-webui-users").mkdir(parents=True)
    for name in ("engine-key", "gateway-key-default", "open-webui-session", "open-webui-admin", "open-webui-oidc",
                 "open-webui-users/li@example.org"):  # fmt: skip
        (node / "secrets" / name).write_text(f"value of {name}\n")
    (node / "secrets/vllm.env").write_text("export VLLM_API_KEY='x'\n")
    for name in ("tls/ca", "tls/server", "site/own"):
        (node / name).parent.mkdir(exist_ok=True)
        (node / f"{name}.crt").write_text(PEM.format("CERTIFICATE"))
        (node / f"{name}.key").write_text(PEM.format("PRIVATE KEY"))
    (node / "open-webui.json").write_text(json.dumps({"ref": NOW["ref"], "id": NOW["id"], "database": "sqlite"}))
    (node / "doctor.json").write_text(json.dumps({"plan": {"deployment": "demo"}}))
    return node


@pytest.fixture
def places(monkeypatch):
    """Makes folders that the page's user can reach, and removes them."""
    made: list[Path] = []

    def stopped(words, _seconds=0):
        return subprocess.CompletedProcess(words, 3, "", "")

    for core in (make_backup, restore):
        monkeypatch.setattr(core, "run", stopped)
        monkeypatch.setattr(core.signal, "signal", lambda number, handler: None)

    def place() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="backup-"))
        folder.chmod(0o711)
        made.append(folder)
        return folder

    yield place
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture
def node(places):
    return filled(places())


@pytest.fixture
def params():
    def given(node: Path, archive, **more) -> dict:
        return {
            "archive": str(archive),
            "config": config_of(node),
            "image": NOW,
            "admin": ADMIN,
            "replace": False,
            **more,
        }

    return given
