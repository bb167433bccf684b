# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings an image to the node: from an archive that holds it, else from a registry that was asked first."""

from __future__ import annotations

import shutil
from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import (
    archive,
    handover,
    logins,
    manifest,
    registry,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import image_names
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter

WAYS_BACK = ("LLM310", "LLM320", "LLM334")  # the archive can't be read, does not load, or does not do here


class Brought(NamedTuple):
    """Where an image comes from; `found` is what Docker says about it, None where it is not on the node yet."""

    source: str
    found: Optional[Dict[str, Any]] = None
    bytes: int = 0  # read out of an archive
    download: int = 0  # what a registry holds of it
    new: FrozenSet[str] = frozenset()  # ids of all that came with it and was not there before


class Neighbour(NamedTuple):
    """A node of the same deployment that has the image, and serves its archive."""

    url: str
    id: str  # by which that node has it
    identity: str = ""  # file with this node's key and certificate
    peers: str = ""  # file with the certificates of the nodes that are believed


class Settings(NamedTuple):
    archives: List[str]
    timeout: float
    config: str  # folder of the logins
    dry: bool  # only find out from where, and refuse what would fail after gigabytes
    names: str = image_names.PATH  # which digests mean the same image
    locked: bool = False  # the tag must not have moved


def known(image: core.Image, engine: Dict[str, Any], names: str = image_names.PATH) -> Optional[Dict[str, Any]]:
    """What Docker says about the image, by whichever digest its store knows it."""
    docker = engine["path"]
    found = core.find(docker, image, image_names.others(image_names.groups(_read(names) or ""), image.id, image.digest))
    if found is not None or not image.id:
        return found
    named = core.inspect(docker, image.ref)
    if named is None:
        return None
    inside = image_names.configurations(str(named.get("Id")), engine["data_root"] or "/var/lib/docker", _read)
    return named if image.id in inside else None


def _read(path: str) -> Optional[str]:
    try:
        return read_text(path) or None
    except (OSError, ValueError):
        return None


def bring(
    image: core.Image, engine: Dict[str, Any], settings: Settings, report: Reporter, cards: Callable[[], Dict[str, Any]]
) -> Brought:
    """`engine` is the running Docker, `cards` reads what nvidia-smi says where the image asks for a driver."""
    chosen = core.choose(image, settings.archives)
    if chosen is not None:
        return Brought(chosen.source) if settings.dry else _load(image, engine, settings, report, chosen)
    try:
        folder, size = ask_registry(image, engine, settings.config, cards, settings.locked)
    except Refusal as refusal:
        if refusal.rule == "LLM302":
            core.check_namesakes(image, settings.archives)
        raise
    if settings.dry:
        return Brought(image.ref, None, 0, size)
    report.text(f"pulling {size / 2**30:.1f} GiB" if size else "pulling")
    core.pull(engine["path"], image, settings.timeout, folder)
    found = known(image, engine, settings.names)
    if found is None:
        raise core.not_the_one(image, image.ref)
    return Brought(image.ref, found, 0, size, frozenset([str(found["Id"])]))


def take(
    image: core.Image,
    engine: Dict[str, Any],
    settings: Settings,
    report: Reporter,
    neighbour: Neighbour,
    cards: Callable[[], Dict[str, Any]],
) -> Brought:
    """The image by the id that the neighbour has it under, as an archive may not say what a registry calls it.

    What pins it here is remembered beside that id: the next run finds it.
    """
    meant_there = core.Image(image.ref, neighbour.id)
    try:
        stream.introduce(neighbour.url, neighbour.identity, neighbour.peers)
    except stream.Unreadable as error:
        raise Refusal("LLM320", listed=str(error)) from error
    chosen = core.choose(meant_there, [neighbour.url])
    if chosen is None:
        raise core.not_the_one(meant_there, neighbour.url)
    _check_offer(image, engine, settings, chosen, cards)
    pins = [pin for pin in (neighbour.id, image.id, image.digest) if pin]
    brought = _load(meant_there, engine, settings, report, chosen, pins)
    # It may have come by its id alone; generations and people ask for its name.
    core.tag(engine["path"], str((brought.found or {})["Id"]), image)
    return brought


def _check_offer(
    image: core.Image,
    engine: Dict[str, Any],
    settings: Settings,
    chosen: core.Chosen,
    cards: Callable[[], Dict[str, Any]],
) -> None:
    """Before gigabytes come: the id that the plan pins, room (LLM334), and the driver (LLM209)."""
    if chosen.packed is None:
        raise Refusal("LLM320", listed=chosen.source)
    held, same = chosen.packed.digests, image_names.groups(_read(settings.names) or "")
    if image.id and not set(held) & {image.id, *image_names.others(same, image.id)}:
        problem = say("image_not_pinned", pinned=image.id, held=", ".join(held))
        raise Refusal("LLM334", image=image.ref, problem=problem)
    try:
        size, env = archive.contents(chosen.source, chosen.packed.id)
        # Docker unpacks what it is given before it makes layers of it; containerd keeps both.
        short = handover.lacking([(engine["data_root"] or "/", 2 * size)])
    except (stream.Unreadable, OSError) as error:
        raise Refusal("LLM320", listed=str(error)) from error
    if short:
        raise Refusal("LLM334", image=image.ref, problem=short)
    _check_driver(image, env, cards)


def _check_driver(image: core.Image, env: Dict[str, str], cards: Callable[[], Dict[str, Any]]) -> None:
    if "NVIDIA_REQUIRE_CUDA" in env or "CUDA_VERSION" in env:
        smi = cards()
        problem = manifest.driver_problem(env, smi["cuda_version"], smi["driver_version"])
        core.check_driver(image, problem, str(smi["driver_version"]), str(smi["cuda_version"]))


def take_or_bring(
    image: core.Image,
    engine: Dict[str, Any],
    settings: Settings,
    report: Reporter,
    neighbour: Neighbour,
    cards: Callable[[], Dict[str, Any]],
    warn: Callable[[str], None],
) -> Brought:
    """From the neighbour; where it does not come from there, from outside as on a node alone, and `warn` hears why."""
    try:
        return take(image, engine, settings, report, neighbour, cards)
    except Refusal as refusal:
        if refusal.rule not in WAYS_BACK:
            raise
        problem = refusal.values["problem"] if refusal.rule == "LLM334" else refusal.reason
        warn(Refusal("LLM334", image=image.ref, problem=problem).message())
    return bring(image, engine, settings, report, cards)


def _load(
    image: core.Image,
    engine: Dict[str, Any],
    settings: Settings,
    report: Reporter,
    chosen: core.Chosen,
    pins: Sequence[str] = (),
) -> Brought:
    """What turns out to be another image does not stay on the disk; `pins` are further digests that mean it."""
    docker, before = engine["path"], core.names(engine["path"])
    moved = core.load(docker, chosen.source, report.bytes, settings.timeout)
    digests = chosen.packed.digests if chosen.packed else []
    found = core.find(docker, image, digests) or known(image, engine, settings.names)
    if found is None:
        core.drop_new(docker, before)
        raise core.not_the_one(image, chosen.source)
    same = list(dict.fromkeys([*digests, *pins]))
    if len(same) > 1:
        have = _read(settings.names) or ""
        text = image_names.joined(image_names.groups(have), same)
        if text != have:
            write_atomic(settings.names, text, 0o644)
    held = {digest for packed in archive.peek(chosen.source) or [] for digest in packed.digests}
    came = {*core.names(docker).values()} - {*before.values()}
    return Brought(chosen.source, found, moved, 0, frozenset({str(found["Id"]), *(came & held)}))


def ask_registry(
    image: core.Image,
    engine: Dict[str, Any],
    config: str,
    cards: Callable[[], Dict[str, Any]],
    locked: bool = False,
) -> Tuple[str, int]:
    """The folder with the login, and the image's compressed size in bytes."""
    ref, folders = registry.split(image.ref), (config, logins.ROOTS)
    folder, known = logins.login(ref.host, folders)
    reach = logins.reach(engine, 15, folders)
    place = core.check_registry(image, engine["registry_mirrors"], reach, bool(folder and not known))
    if place and locked:
        check_tag(image, place, ref)
    told = manifest.describe(place, ref, image.digest) if place else None
    if told is None:
        return folder, 0
    root = engine["data_root"] or "/"
    core.check_space(image, told.bytes, root, shutil.disk_usage(root).free)
    _check_driver(image, told.env, cards)
    return folder, told.bytes


def check_tag(image: core.Image, place: registry.Place, ref: registry.Reference) -> None:
    """Refuses a tag that has another digest than the locked one (LLM595)."""
    served = registry.digest_of(place, ref) if image.digest else ""
    if served not in ("", image.digest):
        raise Refusal("LLM595", registry=place.base, served=served, image=image.ref, digest=image.digest)


def meant(image: core.Image, engine: Dict[str, Any], config: str, locked: bool = False) -> core.Image:
    """The image with the digest that a registry has for its tag now, and the id; as it is where none answers."""
    ref = registry.split(image.ref)
    places = registry.candidates(ref, engine["registry_mirrors"], logins.reach(engine, 15, (config, logins.ROOTS)))
    place, _reasons = registry.locate(ref, image.digest, places)
    if place is None:
        return image
    if locked:
        check_tag(image, place, ref)
    digest = image.digest or registry.digest_of(place, ref)
    told = manifest.describe(place, ref, digest) if digest else None
    return image._replace(digest=digest, id=image.id or (told.id if told else ""))


def digest_here(image: core.Image, found: Dict[str, Any]) -> str:
    """The digest by which Docker says that it got the image from its registry."""
    wanted = registry.split(image.ref).name
    names = [str(name).partition("@") for name in found.get("RepoDigests") or []]
    return next((digest for name, _at, digest in names if registry.split(name).name == wanted), image.digest)
