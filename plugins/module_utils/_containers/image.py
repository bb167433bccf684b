# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings an image to the node: from an archive by its id, or from a registry by its digest."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from typing import IO, Any, Callable, Dict, List, NamedTuple, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import archive as archive_
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import registry
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream as http_stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

CHUNK = 1 << 20
Progress = Callable[[int, int], None]


class Image(NamedTuple):
    """What is wanted: a name, and at least one of id and digest to pin it."""

    ref: str
    id: str = ""
    digest: str = ""

    @property
    def pinned_name(self) -> str:
        if self.id:
            return self.id
        return f"{self.repository}@{self.digest}" if self.digest else self.ref

    @property
    def repository(self) -> str:
        plain = self.ref.partition("@")[0]
        head, colon, tail = plain.rpartition(":")
        return head if colon and "/" not in tail else plain


def inspect(docker: str, name: str) -> Optional[Dict[str, Any]]:
    """What Docker says about an image; None where it is not there."""
    done = run([docker, "image", "inspect", "--format", "{{json .}}", name], 30)
    if done.returncode == 0:
        value = json.loads(done.stdout)
        return value if isinstance(value, dict) else None
    if "no such image" in done.stderr.lower():
        return None
    raise Refusal("LLM319", said=done.stderr.strip())


def find(docker: str, image: Image) -> Optional[Dict[str, Any]]:
    """The wanted image if it is here: by id first, which pins every layer, then by digest."""
    if image.id:
        found = inspect(docker, image.id)
        if found is not None:
            return found
    if image.digest:
        return inspect(docker, f"{image.repository}@{image.digest}")
    return None if image.id else inspect(docker, image.ref)


def command(found: Dict[str, Any]) -> List[str]:
    config = found.get("Config") or {}
    return [str(part) for part in (config.get("Entrypoint") or []) + (config.get("Cmd") or [])]


def holds(images: Dict[str, List[str]], image: Image) -> str:
    """The id of the wanted image in an archive's table; empty where it is not there."""
    if image.id:
        return image.id if image.id in images else ""
    wanted = registry.split(image.ref)
    for found, tags in images.items():
        if any(registry.split(tag) == wanted for tag in tags):
            return found
    return ""


def resolve(image: Image, sources: List[str]) -> Image:
    """An image known by its tag only gets the id that the archives give it, as a tag says nothing about the content."""
    if image.id or image.digest:
        return image
    for source in sources:
        try:
            found = holds(archive_.peek(source) or {}, image)
        except http_stream.Unreadable:
            continue
        if found:
            return image._replace(id=found)
    return image


def choose(image: Image, sources: List[str]) -> Optional[str]:
    """The first archive that holds the image, or may hold it; where none does, unreadable ones are named (LLM320)."""
    problems: List[str] = []
    for source in sources:
        try:
            images = archive_.peek(source)
        except http_stream.Unreadable as error:
            problems.append(str(error))
            continue
        if images is None or holds(images, image):
            return source
    if problems:
        listed = "; ".join(problems)
        raise Refusal("LLM320", listed=listed)
    return None


def load(docker: str, source: str, progress: Progress, timeout: float) -> int:
    """Streams an archive into `docker load`, which keeps nothing on the disk besides the image; returns bytes."""
    deadline = time.monotonic() + timeout
    stream, total = http_stream.open_stream(source)
    with stream, tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [docker, "load", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            done = _feed(stream, process, progress, total, deadline)
            status = process.wait(max(1.0, deadline - time.monotonic()))
        except (OSError, subprocess.TimeoutExpired) as error:
            process.kill()
            process.wait()
            errors.seek(0)
            raise _load_failed(source, errors.read().strip() or str(error)) from error
        errors.seek(0)
        if status != 0:
            raise _load_failed(source, errors.read().strip() or f"exit status {status}")
        if total and done != total:
            raise _load_failed(source, f"{done} of {total} bytes came")
    return done


def _feed(stream: IO[bytes], process: Any, progress: Progress, total: int, deadline: float) -> int:
    done = 0
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            process.stdin.close()
            return done
        process.stdin.write(chunk)
        done += len(chunk)
        progress(done, total)
        if time.monotonic() > deadline:
            raise OSError(f"time is up after {done} bytes")


def _load_failed(source: str, reason: str) -> Refusal:
    return Refusal("LLM310", source=source, reason=reason)


def check_registry(image: Image, mirrors: List[str], reach: registry.Reach, helped: bool) -> Optional[registry.Place]:
    """Refuses before a pull that can't work (LLM302); `helped`: Docker asks a helper program for the login."""
    places = registry.candidates(registry.split(image.ref), mirrors, reach)
    found, reasons = registry.locate(registry.split(image.ref), image.digest, places)
    if found or (helped and any("HTTP 401" in why for why in reasons.values())):
        return found
    tried = "; ".join(f"{base}: {why}" for base, why in reasons.items())
    raise Refusal("LLM302", image=image.pinned_name, tried=tried)


def check_space(image: Image, size: int, root: str, free: int) -> None:
    """Refuses where less is free than the image takes compressed (LLM321): unpacked it is larger."""
    if not size or free >= size:
        return
    need, have = f"{size / 2**30:.1f} GiB", f"{free / 2**30:.1f} GiB"
    raise Refusal("LLM321", image=image.pinned_name, needed=need, free=have, root=root)


def check_driver(image: Image, problem: str, driver: str, cuda: str) -> None:
    """Refuses an image whose CUDA this driver does not support (LLM209)."""
    if not problem:
        return
    raise Refusal("LLM209", image=image.pinned_name, wanted=problem, driver=f"{driver} (CUDA {cuda})")


def pull(docker: str, image: Image, timeout: float, config: str) -> None:
    name = f"{image.repository}@{image.digest}" if image.digest else image.ref
    login = ["--config", config] if config else []
    done = run([docker, *login, "pull", "--quiet", name], timeout)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise Refusal("LLM322", name=name, reason=reason[0])


def not_the_one(image: Image, source: str) -> Refusal:
    return Refusal("LLM311", source=source, ref=image.ref, image=image.pinned_name)
