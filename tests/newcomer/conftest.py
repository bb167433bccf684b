# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that has nothing but the release's file, and does what the README in it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

import labctl
import pytest

from release import dist

NAME, OCTET, USER = "desk", "41", "deploy"
REPOSITORY = "https://code.yitiji.internal/yitiji/deepseek"
# What the site knows and no collection can: its mirror's images, as it has no registry.
IMAGES = """\
appliance_image_archives: [{{url: {hub}/files/images.tar}}]
appliance_images: {images}
"""
ANSWERS = f"""\
new_site_name: campus
new_site_profile: lab
new_site_nodes: [{labctl.NODE}={labctl.ADDRESS}]
new_site_user: {USER}
new_site_memory_gib: 24
new_site_source: mirror
new_site_mirror_hub: {labctl.HUB}
"""


class Desk:
    """The controller: a fresh node of the lab, used by somebody who is not root on it."""

    def run(self, command: str, check: bool = True, timeout: float = 300) -> str:
        """In the folder of the site, as somebody who has logged in; with an environment, once there is one."""
        words = f"cd site && . ~/.trial && {{ {command}\n}} 2>&1"
        return labctl.node(f"runuser -l {USER} -c {shlex.quote(words)}", NAME, check=check, timeout=timeout)

    def play(self, words: str, timeout: float = 1800) -> tuple[int, str]:
        """A command of Ansible's: its exit status and what it said."""
        said = self.run(f"{words}; echo rc=$?", timeout=timeout)
        text, _, status = said.rstrip().rpartition("rc=")
        print(f"    {words}: {status}", flush=True)
        return int(status), text

    def put(self, files: dict[str, bytes | Path]) -> None:
        """Files below the user's home."""
        labctl.put(NAME, USER, files, private=True)


def wheels(readme: str) -> list[Path]:
    """What pip would fetch: a lab reaches its distribution's packages, and PyPI only on some networks."""
    asked = re.findall(r"^pip install (\S+)$", readme, re.MULTILINE)
    assert len(asked) == 1, asked
    place = labctl.CACHE / "newcomer" / asked[0]
    if not (place / "done").exists():
        download = ["-m", "pip", "download", "-q", "--only-binary", ":all:", "-d", place]
        subprocess.run([sys.executable, *download, *asked], check=True)
        (place / "done").touch()
    return sorted(place.glob("*.whl"))


@pytest.fixture(scope="session", name="artefact")
def fixture_artefact(tmp_path_factory) -> Path:
    return dist.build(tmp_path_factory.mktemp("artefact"), dist.addresses(REPOSITORY))


@pytest.fixture(scope="session", name="readme")
def fixture_readme(artefact) -> str:
    """The page that comes with the release."""
    with tarfile.open(artefact) as tar:
        page = tar.extractfile("README.md")
        assert page
        return page.read().decode("utf-8")


@pytest.fixture(scope="session", name="desk")
def fixture_desk(artefact, readme) -> Desk:
    """With ssh's access to a bare node, and the release's file in an empty folder.

    YITIJI_DESK=1 continues with the two machines that an earlier run left (lab/lab stop keeps their disks).
    """
    if os.environ.get("YITIJI_DESK"):
        labctl.lab("up", NAME)
        labctl.lab("up", labctl.NODE)
        labctl.node("systemctl is-system-running --wait", check=False, timeout=300)
        ready = "curl -sf http://127.0.0.1:8000/health && curl -sf http://127.0.0.1:8080/health"
        labctl.node(f"until {ready}; do sleep 2; done >/dev/null", timeout=300)
        return Desk()
    labctl.hub_reset()
    labctl.clean_node()
    labctl.clean_node(NAME, OCTET)
    quiet = "DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0"
    install = f"{quiet} update && {quiet} install --no-install-recommends python3-venv openssh-client >/dev/null"
    labctl.node(install, NAME, timeout=600)
    images = json.loads((labctl.CACHE / "images/images.json").read_text(encoding="utf-8"))["images"]
    files: dict[str, bytes | Path] = {
        ".trial": b"export PIP_NO_INDEX=1 PIP_FIND_LINKS=$HOME/wheels PIP_DISABLE_PIP_VERSION_CHECK=1\n"
        b"[ ! -e ~/ansible ] || . ~/ansible/bin/activate\n",
        ".ssh/id_ed25519": labctl.CACHE / "ssh/id_ed25519",
        ".ssh/known_hosts": labctl.CACHE / "run" / os.environ["YITIJI_LAB"] / "known_hosts",
        f"site/{artefact.name}": artefact,
        "site/answers.yml": ANSWERS.encode(),
        "site/images.yml": IMAGES.format(hub=labctl.HUB, images=json.dumps(images)).encode(),
    }
    desk = Desk()
    desk.put(files)
    desk.put({f"wheels/{path.name}": path for path in wheels(readme)})
    return desk
