# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings an image to the node: from an archive by its id, or from a registry by its digest."""

from __future__ import annotations

import http.client
import json
import subprocess
import tempfile
import time
from typing import IO, Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import archive as archive_
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import registry
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.archive import Packed
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


def find(docker: str, image: Image, others: Sequence[str] = ()) -> Optional[Dict[str, Any]]:
    """The wanted image if it is here: by id first, which pins every layer, then by digest.

    `others` are digests by which an engine may know the very same image.
    """
    for name in [image.id, *others]:
        found = inspect(docker, name) if name else None
        if found is not None:
            return found
    if image.digest:
        return inspect(docker, f"{image.repository}@{image.digest}")
    return None if image.id else inspect(docker, image.ref)


def command(found: Dict[str, Any]) -> List[str]:
    config = found.get("Config") or {}
    return [str(part) for part in (config.get("Entrypoint") or []) + (config.get("Cmd") or [])]


def holds(images: Sequence[Packed], image: Image) -> Optional[Packed]:
    """The wanted image in an archive's table: by any digest that pins it, by its name only where nothing does."""
    pins = [pin for pin in (image.id, image.digest) if pin]
    wanted = registry.split(image.ref)
    for packed in images:
        if any(pin in packed.digests for pin in pins):
            return packed
        if not pins and any(registry.split(tag) == wanted for tag in packed.tags):
            return packed
    return None


def resolve(image: Image, sources: List[str]) -> Image:
    """An image known by its tag only gets the id that the archives give it, as a tag says nothing about the content."""
    if image.id or image.digest:
        return image
    for source in sources:
        try:
            found = holds(archive_.peek(source) or [], image)
        except http_stream.Unreadable:
            continue
        if found:
            return image._replace(id=found.id)
    return image


class Chosen(NamedTuple):
    """Where an image lies; `packed` is None where only loading it can tell whether it does."""

    source: str
    packed: Optional[Packed]


def choose(image: Image, sources: List[str]) -> Optional[Chosen]:
    """The first archive that holds the image, or may hold it; where none does, unreadable ones are named (LLM320)."""
    problems: List[str] = []
    for source in sources:
        try:
            images = archive_.peek(source)
        except http_stream.Unreadable as error:
            problems.append(str(error))
            continue
        packed = holds(images or [], image)
        if images is None or packed:
            return Chosen(source, packed)
    if problems:
        listed = "; ".join(problems)
        raise Refusal("LLM320", listed=listed)
    return None


def check_namesakes(image: Image, sources: List[str]) -> None:
    """Refuses where an archive has the image's name under another digest than the pinned one (LLM360)."""
    for source in sources:
        for packed in archive_.peek(source) or []:
            if holds([packed], Image(image.ref)):
                held = ", ".join(packed.digests)
                raise Refusal("LLM360", source=source, ref=image.ref, image=image.pinned_name, held=held, id=packed.id)


def names(docker: str) -> Dict[str, str]:
    """Ids of the images that Docker has, by name; those without one by their id."""
    done = run([docker, "images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"], 30)
    if done.returncode != 0:
        raise Refusal("LLM319", said=done.stderr.strip())
    rows = [line.split(" ", 1) for line in done.stdout.splitlines() if " " in line]
    return {name if "<none>" not in name else identity: identity for identity, name in rows}


def drop_new(docker: str, before: Dict[str, str]) -> None:
    """Removes what was loaded since, and gives names back to the images that had them."""
    for name, identity in names(docker).items():
        if identity in before.values():
            continue
        run([docker, "rmi", name], 120)
        if name in before:
            run([docker, "tag", before[name], name], 30)


def load(docker: str, source: str, progress: Progress, timeout: float) -> int:
    """Streams an archive into `docker load`, which keeps nothing on the disk besides the image; returns bytes."""
    deadline = time.monotonic() + timeout
    try:
        stream, total = http_stream.open_stream(source)
    except http_stream.Unreadable as error:
        raise _load_failed(source, str(error)) from error
    with stream, tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [docker, "load", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            done = _feed(stream, process, progress, total, deadline)
            status = process.wait(max(1.0, deadline - time.monotonic()))
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired) as error:
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
    if image.digest:  # by a digest alone it has no name, which generations and people ask for
        tag(docker, name, image)


def tag(docker: str, name: str, image: Image) -> None:
    run([docker, "tag", name, image.ref.partition("@")[0]], 30)


def not_the_one(image: Image, source: str) -> Refusal:
    return Refusal("LLM311", source=source, ref=image.ref, image=image.pinned_name)
