# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection writes below /var/lib/yitiji does not leave with a golden image, or stays for a reason."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
STATE = "var/lib/yitiji/"
KEPT = {
    "acme": "a folder for answers to an ACME service, empty between two of them",
    "compliance-faillock": "that this role switched the counting of failed sign-ins on, for its uninstallation",
    "compliance-kernel.json": "values of the kernel before the role, for its uninstallation",
    "docker-daemon-nvidia.json": "Docker's settings before the role",
    "docker-daemon.json": "Docker's settings before the role",
    "driver-holds.json": "which packages are held",
    "driver-packages.json": "which packages a role installed",
    "images": "images of containers, which the clones start",
    "images-brought": "which images the project brought",
    "images.json": "which images the project brought",
    "kernel-settings.json": "values of the kernel before the role",
    "nginx-default-site": "the distribution's own site",
    "nginx-default-site.conf": "the distribution's own site",
    "nginx-worker-connections": "nginx' own value",
    "ollama": "weights",
    "ollama-model.json": "which weights they are",
    "open-webui-look": "the vendor's name and logo",
    "packages": "which packages a role installed",
    "reboot-pending": "a setting that the next boot brings, as the clone's first one does",
    "reboot-pending-iommu": "a setting that the next boot brings",
    "yitiji-model.json": "which weights they are",
}


def written() -> set[str]:
    """First names below the folder, in the text of roles and programs."""
    found = set()
    for path in [*(ROOT / "roles").rglob("*"), *(ROOT / "plugins").rglob("*.py")]:
        if path.is_file() and path.suffix in (".yml", ".j2", ".py", ""):
            text = path.read_text(encoding="utf-8")
            found.update(re.findall(r"var/lib/yitiji/([A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9])", text))
            found.update(re.findall(r"_state_dir \}\}/([A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9])", text))
    return found


@pytest.fixture(scope="module")
def sealed() -> list[str]:
    rows = yaml.safe_load((ROOT / "plugins/catalog/seal/seal.yml").read_text(encoding="utf-8")).values()
    paths = [path for row in rows for what in ("remove", "clear") for path in row.get(what, [])]
    return [path[len(STATE) :] for path in paths if path.startswith(STATE)]


def test_each_is_sealed_or_stays_for_a_reason(sealed):
    names = written()
    assert len(names) > 30, "the search finds them"
    assert sorted(name for name in names - set(KEPT) if not any(fnmatch(name, part) for part in sealed)) == []


def test_no_reason_is_left_over(sealed):
    unknown = set(KEPT) - written() - {"packages"}
    assert unknown == set() and not [name for name in KEPT if any(fnmatch(name, part) for part in sealed)]
