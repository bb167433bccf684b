# SPDX-License-Identifier: GPL-3.0-or-later
"""The base tree `rpm`: real rpm and dnf on a machine that calls itself Rocky 9, and the repositories behind it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomllib

from . import net, rpm_build, store
from .config import GATEWAY, REPO, RPM_PORT, Lab
from .rpm_build import Package
from .shell import LabError, lock, run, step

NAME = "rpm"
OF = "bookworm"  # the base tree that it is made from
TABLE = REPO / "lab/rpm/packages.toml"
FILES = REPO / "lab/rpm/files"
OWN, VENDORS = "lab", "vendors"  # signers: the node trusts the first one from the beginning
APT = ("apt-get", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0")
# Debian's own package manager and whatever says that this is Debian
LEFT_OUT = (
    "etc/apt", "etc/debian_version", "etc/debconf.conf", "etc/dpkg", "usr/bin/apt*", "usr/bin/deb*", "usr/bin/dpkg*",
    "usr/bin/update-alternatives", "usr/lib/apt", "usr/lib/dpkg", "usr/lib/python3/dist-packages/apt*",
    "usr/sbin/dpkg*", "usr/sbin/invoke-rc.d", "usr/sbin/update-rc.d", "usr/share/dpkg", "var/cache/apt",
    "var/cache/debconf", "var/lib/apt", "var/lib/dpkg",
)  # fmt: skip
# The family's way to trust an authority; a small stand-in for p11-kit's program.
UPDATE_CA_TRUST = """#!/bin/sh
set -e
rm -f /usr/local/share/ca-certificates/anchor-*.crt
for anchor in /etc/pki/ca-trust/source/anchors/*; do
    [ ! -f "$anchor" ] || cp "$anchor" "/usr/local/share/ca-certificates/anchor-$(basename "$anchor").crt"
done
update-ca-certificates >/dev/null
"""


def served(lab: Lab) -> Path:
    return lab.cache / "rpm"


def catalogue(lab: Lab) -> Path:
    return lab.cache / "rpm-catalogue"


def key() -> str:
    """Of everything that the tree and the repositories are made from."""
    parts = [path for path in sorted((REPO / "lab/rpm").rglob("*")) if path.is_file()]
    parts += [Path(__file__), Path(rpm_build.__file__)]
    text = b"\n".join([store.base_key(OF).encode(), *(str(p.name).encode() + p.read_bytes() for p in parts)])
    return hashlib.sha256(text).hexdigest()[:16]


def is_of(base: str) -> bool:
    """`rpm`, or what was frozen from it under a name like `rpm-docker`."""
    return base == NAME or base.startswith(f"{NAME}-")


def ensure(lab: Lab) -> None:
    with lock(lab.cache / "bases.lock", "the base trees"), step("base tree rpm and its repositories") as s:
        mark, path = lab.cache / f"base-{NAME}.key", store.base_path(lab, NAME)
        if path.exists() and mark.exists() and mark.read_text() == key():
            return s.reused()
        mark.unlink(missing_ok=True)
        fresh, work = lab.store / f".new-{NAME}", lab.store / f".new-{NAME}-build"
        for old in (path, fresh, work):
            store.delete(lab, old)
        log = lab.cache / "logs" / f"base-{NAME}.log"
        log.unlink(missing_ok=True)
        store.snapshot(store.base_path(lab, OF), fresh)
        with _names(fresh):
            _apt(fresh, log, "update")
            _apt(fresh, log, "install", "dnf", "rpm")
            run("chroot", fresh, "apt-get", "clean")
            store.snapshot(fresh, work)
            _repositories(lab, fresh, work, log)
        _become(fresh, work, log)
        store.delete(lab, work)
        fresh.rename(path)
        mark.write_text(key())
    return None


@contextlib.contextmanager
def _names(root: Path) -> Iterator[None]:
    """While the tree is worked on, it resolves names as this machine does."""
    path = root / "etc/resolv.conf"
    before = path.read_text()
    path.write_text(Path("/etc/resolv.conf").read_text(encoding="utf-8"))
    try:
        yield
    finally:
        path.write_text(before)


def _apt(root: Path, log: Path, *words: str) -> None:
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    run("chroot", root, *APT, *words, log=log, env=env)


def _repositories(lab: Lab, base: Path, work: Path, log: Path) -> None:
    data = tomllib.loads(TABLE.read_text())
    _apt(work, log, "install", "createrepo-c")
    run("chroot", work, "apt-get", "clean")
    _apt(work, log, "--download-only", "install", *data["wanted"])
    archives = {rpm_build.read(deb).name: deb for deb in (work / "var/cache/apt/archives").glob("*.deb")}
    debs = {name: rpm_build.read(deb) for name, deb in archives.items()}
    _keys(lab, work)
    packages = rpm_build.table(data, debs)
    owner = rpm_build.owners(packages, debs)
    specs = {}
    for package in packages:
        tree = work / "build/trees" / package.name
        tree.mkdir(parents=True)
        rpm_build.unpack(package, archives, data["drop"], FILES / package.name, tree)
        first = debs[package.debs[0]]
        needs, version = rpm_build.requires(package, debs, owner), rpm_build.parse_version(first.version)
        specs[package.name] = rpm_build.spec(package, version, first.summary, needs, tree, base)
    specs |= _of_the_base(data, base, work)
    rpm_build.build(work, specs, log)
    _publish(lab, work, packages, data, log)


def _of_the_base(data: dict[str, Any], base: Path, work: Path) -> dict[str, str]:
    """What is there from the beginning, by name, and the package that says what system this is."""
    listed = run("chroot", base, "dpkg-query", "-W", "-f", "${Package} ${Version}\\n").stdout
    versions = dict(line.split() for line in listed.splitlines())
    nothing = work / "build/trees/nothing"
    nothing.mkdir(parents=True, exist_ok=True)
    specs = {}
    for name, deb in data["base"].items():
        version = rpm_build.parse_version(versions[deb])
        (work / "build/trees" / name).mkdir()
        package = Package(name, [], provides=data["base_provides"].get(name, []))
        specs[name] = rpm_build.spec(package, version, f"{name} of the base tree", [], nothing, base)
    release = Package("rocky-release", [], provides=["system-release = 9.4", "system-release(releasever) = 9"])
    tree = work / "build/trees/rocky-release"
    rpm_build.unpack(release, {}, [], FILES / release.name, tree)
    keys = tree / "etc/pki/rpm-gpg"
    keys.mkdir(parents=True)
    shutil.copy(work / f"build/{OWN}.key", keys / "RPM-GPG-KEY-lab")
    (tree / "etc/pki/ca-trust/source/anchors").mkdir(parents=True)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/update-ca-trust").write_text(UPDATE_CA_TRUST)
    (tree / "usr/bin/update-ca-trust").chmod(0o755)
    specs[release.name] = rpm_build.spec(release, ("9.4", "1.7.el9"), "what this system is", [], tree, base)
    return specs


def _keys(lab: Lab, work: Path) -> None:
    """Those of the first build, so that a node that is there goes on trusting what is built again."""
    kept, used = lab.cache / "rpm-keys", work / "build/gnupg"
    if kept.exists():
        shutil.copytree(kept, used)
    else:
        used.mkdir(parents=True)
        used.chmod(0o700)
        for signer in (OWN, VENDORS):
            run(*_gpg(work), "--passphrase", "", "--quick-generate-key", signer, "rsa2048", "sign", "never")
        shutil.copytree(used, kept, ignore=shutil.ignore_patterns("S.*"))
    for signer in (OWN, VENDORS):
        (work / f"build/{signer}.key").write_text(run(*_gpg(work), "--armor", "--export", signer).stdout)


def _gpg(work: Path) -> list[str | Path]:
    return ["chroot", work, "gpg", "--homedir", "/build/gnupg", "--batch", "--quiet"]


def _publish(lab: Lab, work: Path, packages: list[Package], data: dict[str, Any], log: Path) -> None:
    default = data["repository"]["os"]
    home = {package.name: data["repository"][package.repository] for package in packages}
    fresh = work / "build/served"
    for path in (work / "build/RPMS").rglob("*.rpm"):
        folder = fresh / home.get(path.name.rsplit("-", 2)[0], default)
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)
    macros = ["--define", "_gpg_path /build/gnupg", "--define", "__gpg /usr/bin/gpg"]
    for place in {default, *home.values()}:
        signer = OWN if place == default else VENDORS
        here = sorted(f"/{path.relative_to(work)}" for path in (fresh / place).glob("*.rpm"))
        run("chroot", work, "rpmsign", *macros, "--define", f"_gpg_name {signer}", "--addsign", *here, log=log)
        run("chroot", work, "createrepo_c", "--quiet", f"/build/served/{place}", log=log)
    for place in data["key"].values():
        (fresh / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(work / f"build/{VENDORS}.key", fresh / place)
    (fresh / "docker/linux/centos").symlink_to("rhel")
    shutil.rmtree(served(lab), ignore_errors=True)
    shutil.copytree(fresh, served(lab), symlinks=True)
    _catalogue(lab, data, run(*_gpg(work), "--with-colons", "--fingerprint", VENDORS).stdout)
    run("chroot", work, "gpgconf", "--homedir", "/build/gnupg", "--kill", "all", check=False)


def _catalogue(lab: Lab, data: dict[str, Any], colons: str) -> None:
    """Where the vendors' repositories are in the lab, as a folder for `appliance_catalog_dirs`."""
    fingerprint = next(line.split(":")[9] for line in colons.splitlines() if line.startswith("fpr"))
    url = f"http://{GATEWAY}:{RPM_PORT}"
    vendors = {
        name: {"url": f"{url}/{data['repository'][name]}/", "key_url": f"{url}/{place}", "fingerprints": [fingerprint]}
        for name, place in data["key"].items()
    }
    file = catalogue(lab) / "distributions/lab.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"rocky-9": {"repositories": vendors}}, indent=1) + "\n")


def _become(fresh: Path, work: Path, log: Path) -> None:
    """From here on the tree is no Debian."""
    for pattern in LEFT_OUT:
        for path in fresh.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in ("etc/os-release", "usr/lib/os-release", "etc/issue", "etc/issue.net"):
        (fresh / name).unlink(missing_ok=True)
    (fresh / "usr/lib/os-release").symlink_to("../../etc/os-release")
    names = ["rocky-release", *tomllib.loads(TABLE.read_text())["base"]]
    os_ = work / "build/served/rhel/9/x86_64"
    rpms = [path for path in os_.glob("*.rpm") if path.name.rsplit("-", 2)[0] in names]
    (fresh / "tmp/rpms").mkdir()
    for path in rpms:
        shutil.copy(path, fresh / "tmp/rpms")
    run("chroot", fresh, "rpm", "--import", "/etc/pki/rpm-gpg/RPM-GPG-KEY-lab", check=False)
    run("chroot", fresh, "rpm", "-i", *(f"/tmp/rpms/{path.name}" for path in rpms), log=log)
    run("chroot", fresh, "rpm", "--import", "/etc/pki/rpm-gpg/RPM-GPG-KEY-lab", log=log)
    shutil.rmtree(fresh / "tmp/rpms")


def serve(lab: Lab) -> None:
    """The repositories over HTTP in the lab's network."""
    url, pidfile = f"http://{GATEWAY}:{RPM_PORT}", lab.run / "rpm.pid"
    with step(f"RPM repositories {url}") as s:
        if net.alive(pidfile, "http.server"):
            return s.reused("up")
        words = ["-m", "http.server", "--bind", GATEWAY, "--directory", str(served(lab)), str(RPM_PORT)]
        with (lab.run / "rpm.log").open("a") as log:
            p = subprocess.Popen(
                [*net.inside(lab), sys.executable, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        pidfile.write_text(str(p.pid))
        until = time.monotonic() + 10
        while time.monotonic() < until and p.poll() is None:
            asked = run(*net.inside(lab), "curl", "-fsS", "-m", "2", "-o", "/dev/null", f"{url}/rhel/", check=False)
            if asked.returncode == 0:
                return None
            time.sleep(0.1)
        raise LabError(f"the repositories do not answer: {(lab.run / 'rpm.log').read_text().strip()[-300:]}")
