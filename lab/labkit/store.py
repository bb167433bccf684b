# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of node disks: btrfs in a sparse file, so that a clean node is a snapshot of a base (10 ms)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .config import DNS, STORE_SIZE, SUITES, Lab
from .machine import sources
from .shell import LabError, free, lock, run, step

INCLUDE = (
    "systemd systemd-sysv dbus udev openssh-server sudo python3 python3-apt iproute2 iputils-ping procps kmod "
    "pciutils curl ca-certificates"
).split()
MASKED = (
    "systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer "
    "systemd-firstboot.service systemd-resolved.service"
).split()
# docker 20.10 would pick its btrfs driver, whose subvolumes a snapshot leaves out
DOCKER_DROPIN = "[Service]\nEnvironment=DOCKER_DRIVER=overlay2\n"
BASE_RECIPE = "3"  # raise this when make_base changes what it makes


def mount(lab: Lab) -> None:
    with step("store of node disks") as s:
        if is_mounted(lab):
            return s.reused("mounted")
        lab.store.mkdir(parents=True, exist_ok=True)
        if not lab.store_image.exists():
            fresh = lab.store_image.with_suffix(".new")
            run("truncate", "-s", STORE_SIZE, fresh)
            run("mkfs.btrfs", "-q", fresh)
            fresh.rename(lab.store_image)
        run("mount", "-o", "loop,noatime", lab.store_image, lab.store)
    return None


def is_mounted(lab: Lab) -> bool:
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return any(line.split()[1] == str(lab.store) for line in mounts)


def end_orphans(lab: Lab) -> None:
    """End the builders that a killed run left behind; those of a run that is still alive hold its lock and stay."""
    marks = (f"{lab.store}/.new-", f"{lab.cache}/work/", f"{lab.images}/layers/")
    with free(lab.cache / "bases.lock") as bases, free(lab.cache / "images.lock") as built:
        if not (bases and built):
            return
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                said = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                said = f"{said} {os.readlink(entry / 'root')}/ {os.readlink(entry / 'cwd')}/"
                if any(mark in said for mark in marks) and int(entry.name) != os.getpid():
                    os.kill(int(entry.name), signal.SIGKILL)


def unmount(lab: Lab) -> None:
    """Unmount everything below the cache, deepest first; an error rather than a mounted store left behind."""
    until = time.monotonic() + 5  # what was just ended may not be gone yet
    while points := _mounts_below(lab.cache):
        done = run("umount", points[0], check=time.monotonic() > until)
        if done.returncode:
            time.sleep(0.2)


def _mounts_below(top: Path) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    return sorted((p for p in points if p == str(top) or p.startswith(f"{top}/")), key=len, reverse=True)


def purge(lab: Lab) -> None:
    """Delete the whole cache; refuses while anything below it is mounted."""
    if _mounts_below(lab.cache):
        raise LabError(f"{lab.cache} still has mounts below it; run lab/lab down first")
    shutil.rmtree(lab.cache, ignore_errors=False)


def base_path(lab: Lab, suite: str) -> Path:
    return lab.store / f"base-{suite}"


def base_key(suite: str) -> str:
    text = "\n".join([BASE_RECIPE, suite, *INCLUDE, *MASKED, DOCKER_DROPIN, *sources(suite)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def ensure_bases(lab: Lab, suites: tuple[str, ...] = SUITES) -> None:
    """Build the base trees that are missing or whose recipe changed, in parallel."""
    if not lab.key.exists():
        lab.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "yitiji-lab", "-f", lab.key)
    with lock(lab.cache / "bases.lock", "the base trees"), ThreadPoolExecutor() as pool:
        for done in [pool.submit(_ensure_base, lab, suite) for suite in suites]:
            done.result()


def _ensure_base(lab: Lab, suite: str) -> None:
    with step(f"base tree Debian {suite}") as s:
        path, key = base_path(lab, suite), base_key(suite)
        mark = lab.cache / f"base-{suite}.key"
        if path.exists() and mark.exists() and mark.read_text() == key:
            return s.reused()
        for old in (path, lab.store / f".new-{suite}"):
            delete(lab, old)
        fresh = lab.store / f".new-{suite}"
        run("btrfs", "-q", "subvolume", "create", fresh)
        make_base(lab, suite, fresh)
        fresh.rename(path)
        mark.write_text(key)
    return None


def make_base(lab: Lab, suite: str, root: Path) -> None:
    log = lab.cache / "logs" / f"base-{suite}.log"
    log.unlink(missing_ok=True)
    run("mmdebstrap", "--variant=minbase", f"--include={','.join(INCLUDE)}", suite, root, *sources(suite), log=log)
    run("chroot", root, "useradd", "-m", "-s", "/bin/bash", "deploy")
    public = lab.key.with_suffix(".pub").read_text()
    for user, home in (("root", "root"), ("deploy", "home/deploy")):
        ssh = root / home / ".ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        (ssh / "authorized_keys").write_text(public)
        (ssh / "authorized_keys").chmod(0o600)
        run("chroot", root, "chown", "-R", f"{user}:", f"/{home}/.ssh")
    _write(root, "etc/sudoers.d/deploy", "deploy ALL=(ALL) NOPASSWD:ALL\n", 0o440)
    _write(root, "etc/ssh/sshd_config.d/lab.conf", "UseDNS no\n")
    _write(root, "etc/systemd/system/docker.service.d/00-lab.conf", DOCKER_DROPIN)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    _write(root, "etc/resolv.conf", f"nameserver {DNS}\n")
    for extra in Path("/usr/local/share/ca-certificates").glob("*.crt"):  # where a proxy's authority must be trusted
        shutil.copy(extra, root / "usr/local/share/ca-certificates")
    run("chroot", root, "update-ca-certificates")
    units = root / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
    networkd = "systemd-networkd.service"
    (units / "multi-user.target.wants" / networkd).symlink_to(f"/lib/systemd/system/{networkd}")
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for host_key in (root / "etc/ssh").glob("ssh_host_*"):
        host_key.unlink()
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").unlink(missing_ok=True)
    run("chroot", root, "apt-get", "update", "-qq", log=log)
    run("chroot", root, "apt-get", "clean")
    # a fresh time stamp would make apt's cache_valid_time trust lists as old as the cache
    os.utime(root / "var/lib/apt/lists", (1577836800, 1577836800))


def _write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(mode)


def snapshot(source: Path, target: Path) -> None:
    run("btrfs", "-q", "subvolume", "snapshot", source, target)


def delete(lab: Lab, path: Path) -> None:
    """Delete a subvolume and those made inside it."""
    if not path.exists():
        return
    listed = run("btrfs", "subvolume", "list", "-o", path, check=False).stdout
    for inner in sorted((line.split()[-1] for line in listed.splitlines()), reverse=True):
        run("btrfs", "-q", "subvolume", "delete", lab.store / inner)
    run("btrfs", "-q", "subvolume", "delete", path)
