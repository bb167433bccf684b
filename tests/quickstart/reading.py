# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody at a terminal who types what the quickstart shows, in Chinese, and answers what is asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import labctl
import pexpect  # type: ignore[import-untyped]

from tests.unit.docs.blocks import Block, blocks

PAGE = labctl.ROOT / "docs/quickstart.zh.md"
USER, WORD = "deploy", "correct-horse"  # of the systems' installation, on the controllers and on the node
OCTETS = {labctl.NODE: labctl.OCTET, "desk": "41", "inside": "42"}

PROMPT = re.compile(r"(?:\(\S+\) )?rc=(\d+) #> $")
SUDO = (r"\[sudo\][^\n]*[:：] ?$|BECOME password: $", WORD)
YES = (r"\(yes/no/\[fingerprint\]\)\? $", "yes")
# What each page's example is here: one word for another.
HERE = {"li@": f"{USER}@", "10.0.0.21": labctl.ADDRESS, "adduser li": f"adduser {USER}"}
# What the site knows and no page can: its images, as the lab has no registry. Without what an acceptance is made with,
# 0.3 GB for each Python (tests/acceptance bundles that).
SITE_FACTS = """\
appliance_image_archives: [{{url: {hub}/files/images.tar}}]
appliance_images: {images}
bundle_acceptance: false
"""
Answers = Iterable[tuple[str, str]]


class Terminal:
    """A login on a machine of the lab, with a terminal."""

    def __init__(self, machine: str, user: str = USER) -> None:
        self.machine, self.user = machine, user
        shell = [str(labctl.LAB), "ssh", machine]
        self.tty = pexpect.spawn(shell[0], shell[1:], encoding="utf-8", timeout=60, dimensions=(50, 200))
        for line in (f"exec runuser -l {user}", "exec bash --noediting --norc", "stty -echo; PS1='rc=''$?'' #> '"):
            self.tty.sendline(line)
        self.tty.expect(r"rc=0 #> $")
        self.type("export ANSIBLE_NOCOLOR=1; . ~/.trial")

    def type(self, line: str, answers: Answers = (), seconds: float = 120) -> tuple[int, str]:
        """A command and the answers to what it asks: its exit status, and what it said."""
        began, said, known = time.monotonic(), "", [*answers, SUDO]
        self.tty.sendline(line)
        for _ in range(60):
            try:
                at = self.tty.expect([PROMPT, *(asked for asked, _answer in known)], timeout=seconds)
            except pexpect.ExceptionPexpect as error:
                raise AssertionError(f"{line}: no end\n{said}{self.tty.before}") from error
            said += self.tty.before
            if at == 0:
                break
            said += self.tty.after
            self.tty.sendline(known[at - 1][1])
        status = int(self.tty.match.group(1))
        print(f"    {self.machine}$ {line}: {status}, {time.monotonic() - began:.0f} s", flush=True)
        return status, said.replace("\r\n", "\n")

    def done(self, line: str, answers: Answers = (), seconds: float = 120) -> str:
        status, said = self.type(line, answers, seconds)
        assert status == 0, f"{line}: {status}\n{said[-6000:]}"
        return said


def put(machine: str, files: dict[str, bytes | Path]) -> None:
    """Files below the user's home, as a browser's download or an editor brings them."""
    labctl.put(machine, USER, files)


def edit(machine: str, settings: str) -> None:
    """Settings of the page, written into the inventory's `vars` with an editor: in place of theirs, or as new lines."""
    name = "site/inventories/campus/hosts.yml"
    lines = labctl.node(f"cat ~{USER}/{name}", machine).splitlines()
    start = next(at for at, line in enumerate(lines) if line.strip() == "vars:")
    indent = re.match(" *", lines[start + 1])[0]  # type: ignore[index]
    for setting in settings.strip().splitlines():
        key = setting.partition(":")[0]
        lines = [line for line in lines if not line.strip().startswith(f"{key}:")]
        lines.insert(start + 1, indent + setting)
    put(machine, {name: "\n".join([*lines, ""]).encode()})


class Page:
    """The quickstart: what it shows to type, by how it begins, and what it shows to write."""

    def __init__(self, path: Path) -> None:
        self.text, self.blocks = path.read_text(encoding="utf-8"), list(blocks(path))

    def typed(self, begin: str, more: dict[str, str] | None = None) -> str:
        """The command that is this, or the only one that begins so, with the words that are this reader's own."""
        lines = {line for block in self.blocks if not block.language for line in block.text.splitlines()}
        [line] = [begin] if begin in lines else [line for line in lines if line.startswith(begin)]
        for theirs, mine in {**HERE, **(more or {})}.items():
            line = line.replace(theirs, mine)
        return line

    def written(self, part: str) -> Block:
        [block] = [block for block in self.blocks if block.language and part in block.text]
        return block

    def answers(self) -> dict[str, str]:
        """The table of the questions."""
        return dict(re.findall(r"^\| ([^|`]+) \| [^|`]*`([^`]+)`", self.text, re.MULTILINE))


def bare(name: str) -> None:
    """A system as its installer leaves it: a user with a password and sudo, and nobody's key."""
    labctl.clean_node(name, OCTETS[name])
    labctl.node(
        f"rm -rf /etc/sudoers.d/deploy /home/{USER}/.ssh; usermod -aG sudo {USER}; echo {USER}:{WORD} | chpasswd; "
        "passwd -q -l root",
        name,
    )


def speaks_chinese(name: str) -> None:
    quiet = "DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0"
    install = f"{quiet} update && {quiet} install --no-install-recommends locales >/dev/null"
    labctl.node(f"{install} && localedef -i zh_CN -f UTF-8 zh_CN.UTF-8", name, timeout=600)


def wheels() -> list[Path]:
    """What pip would fetch: a lab reaches its distribution's packages, and PyPI only on some networks."""
    [asked] = re.findall(r"^pip install (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    place = labctl.CACHE / "quickstart" / asked
    if not (place / "done").exists():
        for version in ("3.11", "3.12", "3.13"):  # a bundle is for all of them
            kind = ["--only-binary", ":all:", "--python-version", version]
            download = ["-m", "pip", "download", "-q", *kind, "-d", place]
            subprocess.run([sys.executable, *download, asked], check=True)
        (place / "done").touch()
    return sorted(place.glob("*.whl"))


TRIAL = b"""\
export LANG=zh_CN.UTF-8 PIP_NO_INDEX=1 PIP_FIND_LINKS=$HOME/wheels PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p ~/site && cd ~/site
"""


def bring(artefact: Path, name: str) -> None:
    put(name, {f"wheels/{path.name}": path for path in wheels()})
    put(name, {".trial": TRIAL, f"site/{artefact.name}": artefact})


def site_facts() -> bytes:
    images = json.loads((labctl.CACHE / "images/images.json").read_text(encoding="utf-8"))["images"]
    return SITE_FACTS.format(hub=labctl.HUB, images=json.dumps(images)).encode()


def tree(name: str) -> Path:
    """The disk of a node, as the host sees it."""
    return labctl.CACHE / "store" / f"node-{os.environ['YITIJI_LAB']}-{name}"
