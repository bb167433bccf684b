# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody had the disk with the offline bundle in his hands."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import finish, signers
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.check import Trust, check

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "roles/bundle/files"
TARGET = {"distribution": "debian", "release": "bookworm", "version": "12", "architecture": "amd64"}
CONTENTS = {
    "controller/requirements.txt": ("ansible-core\n", "tool"),
    "controller/wheels/ansible_core-2.19.0-py3-none-any.whl": ("wheel", "wheel"),
    "controller/yitiji-deepseek-1.0.0-rc.1.tar.gz": ("collection", "collection"),
    "models/a/b/config.json": ("{}", "weights"),
    "apt/bookworm-amd64/nginx_1_amd64.deb": ("package", "package"),
    "apt/bookworm-amd64/key.asc": ("key", "index"),
    "images/vllm.tar": ("image", "image"),
}


class Disk:
    """A bundle, the key of its maker, and what the controller knows."""

    def __init__(self, place: Path) -> None:
        self.folder, self.key, self.home = place / "bundle", place / "maker", place / "home"
        self.known, self.stamps = self.home / ".config/yitiji/bundle-signers", place / "stamps"
        for path, (text, _kind) in CONTENTS.items():
            self.write(path, text)
        self.write("controller/install.sh", (SCRIPTS / "install.sh").read_text())
        self.home.mkdir()
        self.close(self.key)

    def write(self, path: str, text: str) -> None:
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    def close(self, key: Path, target: dict[str, str] = TARGET) -> None:
        """As the maker does: every file listed, the list signed."""
        for name in (*core.OUTSIDE, finish.CHECK, finish.SBOM):
            (self.folder / name).unlink(missing_ok=True)
        files = []
        for full in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            path, data = full.relative_to(self.folder).as_posix(), full.read_bytes()
            kind = CONTENTS.get(path, ("", "tool"))[1]
            files.append(core.File(path, len(data), hashlib.sha256(data).hexdigest(), kind))
        bundle = core.Bundle("2026-01-01T00:00:00Z", "1.0.0-rc.1", (target,), {}, tuple(files))
        finish.ensure_key(str(key))
        finish.close(str(self.folder), bundle, (SCRIPTS / "check.sh").read_text(), str(key), {})

    def trusted(self) -> Disk:
        signers.remember(str(self.known), finish.public_key(str(self.key)))
        return self

    def check(self, signer: str = "", rule: str = "known", keep: bool = True) -> str:
        trust = Trust(signer, str(self.known), rule, keep)
        return check(str(self.folder), trust, str(self.stamps), lambda *_numbers: None).trust

    def refused(self, **how: str) -> str:
        with pytest.raises(Refusal) as refusal:
            self.check(**how)
        return refusal.value.rule

    def run(self, script: str, *words: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "HOME": str(self.home), "PATH": path}
        return subprocess.run(
            ["sh", str(self.folder / script), *words], env=env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


def tampered(disk: Disk) -> Disk:
    """Changed, then signed again by somebody else, so that it fits together."""
    disk.write("controller/requirements.txt", "evil\n")
    disk.close(disk.key.with_name("stranger"))
    return disk


def test_the_makers_own_bundle_is_whole(disk):
    """What the attacks below start from."""
    assert disk.trusted().check() == "known"
    assert disk.run("check.sh").returncode == 0


def test_signed_again_where_nothing_is_known(disk):
    assert tampered(disk).refused() == "LLM961"


def test_signed_again_where_the_maker_is_known(disk):
    assert tampered(disk.trusted()).refused() == "LLM962"


def test_signed_again_after_a_first_use(disk):
    assert disk.check(rule="first_use") == "first_use"
    assert tampered(disk).refused(rule="first_use") == "LLM962"
    assert disk.known.stat().st_mode & 0o777 == 0o600


def test_signed_again_where_the_signer_is_set(disk):
    assert tampered(disk).refused(signer=finish.public_key(str(disk.key))) == "LLM914"


def test_a_broken_bundle_is_not_a_first_use(disk):
    """Else one damaged disk would choose who is trusted from then on."""
    disk.write("controller/requirements.txt", "evil\n")
    assert disk.refused(rule="first_use") == "LLM915"
    assert not disk.known.exists()


def test_check_mode_remembers_nobody(disk):
    assert disk.check(rule="first_use", keep=False) == "first_use"
    assert not disk.known.exists()


@pytest.mark.parametrize("line", ["{stranger}", '* namespaces="yitiji-bundle" {stranger}', "bundle {stranger}",
                                  '# bundle namespaces="yitiji-bundle" {stranger}'])  # fmt: skip
def test_only_whole_lines_of_the_known_signers_count(disk, line):
    tampered(disk)
    disk.known.parent.mkdir(parents=True)
    disk.known.write_text(line.format(stranger=finish.public_key(str(disk.key.with_name("stranger")))) + "\n")
    assert disk.refused() == "LLM961"


UNLISTED = {
    "a file": "apt/bookworm-amd64/more.deb",
    "a folder": "more/evil.sh",
    "a hidden folder": ".yitiji-work/build/evil.tar.gz",
    "a hidden folder of a controller": "controller/.yitiji-x/evil.whl",
    "a hidden file": "controller/wheels/.yitiji-evil.whl",
    "a record in the wrong place": "controller/.yitiji-verified.json",
    "a record too deep": "models/a/b/c/.yitiji-verified.json",
    "a record of no model": "models/.yitiji-verified.json",
    "a temporary folder of a model": "models/a/b/.yitiji-download/evil",
    "another model": "models/evil/model/model.safetensors",
    "a second signature": "controller/MANIFEST.json.sig",
    "a git folder": ".git/hooks/post-checkout",
}


@pytest.mark.parametrize("path", UNLISTED.values(), ids=UNLISTED)
def test_what_the_manifest_does_not_list(disk, path):
    disk.trusted().write(path, "evil")
    assert disk.refused() == "LLM915"
    done = disk.run("check.sh")
    assert done.returncode == 1 and "LLM915" in done.stdout


@pytest.mark.parametrize("path", ["more", "controller/more", "models/evil", ".yitiji-work"])
def test_an_empty_folder(disk, path):
    (disk.trusted().folder / path).mkdir(parents=True)
    assert disk.refused() == "LLM915"
    assert disk.run("check.sh").returncode == 1


@pytest.mark.parametrize("path", ["controller", "models/a/b/config.json", "apt/bookworm-amd64", "images/vllm.tar"])
def test_a_link_in_place_of_what_is_listed(disk, tmp_path, path):
    full, elsewhere = disk.trusted().folder / path, tmp_path / "elsewhere"
    shutil.move(full, elsewhere)
    full.symlink_to(elsewhere)
    assert disk.refused() == "LLM915"
    assert disk.run("check.sh").returncode == 1


@pytest.mark.parametrize("path", ["controller/yitiji-deepseek-1.0.0-rc.1.tar.gz", "apt/bookworm-amd64/key.asc",
                                  "controller/install.sh", "check.sh"])  # fmt: skip
def test_changed_after_a_check_with_size_and_times_kept(disk, path):
    disk.trusted().check()
    full = disk.folder / path
    state, data = full.stat(), bytearray(full.read_bytes())
    data[0] ^= 1
    with full.open("r+b") as stream:
        stream.write(data)
    os.utime(full, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert disk.refused() == "LLM915"


@pytest.mark.parametrize("path", [".yitiji-evil/x", "models/a/b/.yitiji-verified.json", "controller/.yitiji-x"])
def test_a_signed_list_that_names_records(path):
    bundle = core.Bundle("", "", (TARGET,), {}, (core.File(path, 1, "a" * 64, "weights"),))
    with pytest.raises(Refusal) as refusal:
        core.parse(core.dump(bundle), "here")
    assert refusal.value.rule == "LLM913"


# the script that sets up a controller


def test_install_asks_for_the_signer(disk):
    done = disk.run("controller/install.sh", str(disk.home / "venv"))
    assert done.returncode == 1 and "LLM961" in done.stderr and not (disk.home / "venv").exists()


def test_install_of_a_bundle_signed_again(disk):
    own = finish.public_key(str(disk.key))
    done = tampered(disk).run("controller/install.sh", "--signer", own, str(disk.home / "venv"))
    assert done.returncode == 1 and "LLM914" in done.stderr and not (disk.home / "venv").exists()
    assert not disk.known.exists()


def on_a_machine_without_venv(disk, *packages: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """install.sh where no Python has venv: what it says, and what apt-get was asked for."""
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text("utf-8").splitlines() if "=" in line)
    own = {"distribution": system["ID"].strip('"'), "version": system["VERSION_ID"].strip('"'), "release": "own"}
    for name in packages:
        disk.write(f"apt/own-amd64/{name}", "package")
    disk.write("controller/wheels/markupsafe-3.0.2-cp311-cp311-manylinux_2_17_x86_64.whl", "wheel")
    disk.close(disk.key, {**TARGET, **own})
    stubs, asked = disk.home / "stubs", disk.home / "asked"
    stubs.mkdir()
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        (stubs / name).write_text("#!/bin/sh\nexit 1\n")
    (stubs / "id").write_text("#!/bin/sh\necho 0\n")
    (stubs / "uname").write_text("#!/bin/sh\necho x86_64\n")
    (stubs / "apt-get").write_text(f'#!/bin/sh\necho "$@" >>{asked}\n')
    for stub in stubs.iterdir():
        stub.chmod(0o755)
    done = disk.trusted().run("controller/install.sh", str(disk.home / "venv"), path=f"{stubs}:{os.environ['PATH']}")
    return done, asked.read_text() if asked.exists() else ""


def test_install_takes_the_python_that_the_bundle_brings(disk):
    old = "python3.10-venv_3.10.12-1_amd64.deb"
    _done, asked = on_a_machine_without_venv(disk, old, "python3.11-venv_3.11.0~rc1-1_amd64.deb")
    assert asked.rstrip().endswith("install -y --no-install-recommends python3.11-venv openssh-client")


@pytest.mark.parametrize("packages", [[], ["python3.10-venv_3.10.12-1_amd64.deb"]], ids=["none", "too old"])
def test_install_refuses_before_anything_where_no_python_will_do(disk, packages):
    done, asked = on_a_machine_without_venv(disk, *packages)
    assert done.returncode == 1 and "install python3.11" in done.stderr and "请从安装介质安装 python3.11" in done.stderr
    assert asked == "" and not (disk.home / "venv").exists()


HARMS = {
    "a changed wheel": lambda f: (f / "controller/wheels/ansible_core-2.19.0-py3-none-any.whl").write_text("whee!"),
    "a changed list": lambda f: (f / "controller/requirements.txt").write_text("evil"),
    "one more wheel": lambda f: (f / "controller/wheels/ansible_core-99-py3-none-any.whl").write_text("evil"),
    "one more collection": lambda f: (f / "controller/yitiji-deepseek-9.tar.gz").write_text("evil"),
    "a hidden wheel": lambda f: (f / "controller/wheels/.yitiji-x.whl").write_text("evil"),
    "a linked folder": lambda f: (f / "controller/more").symlink_to("/etc"),
    "a changed manifest": lambda f: (f / "MANIFEST.json").write_text((f / "MANIFEST.json").read_text() + " "),
    "no signature": lambda f: (f / "MANIFEST.json.sig").unlink(),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_install_uses_only_what_the_maker_signed(disk, harm):
    harm(disk.trusted().folder)
    done = disk.run("controller/install.sh", str(disk.home / "venv"))
    assert done.returncode == 1 and "LLM91" in done.stderr and not (disk.home / "venv").exists()
