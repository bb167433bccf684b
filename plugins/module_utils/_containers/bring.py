# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings an image to the node: from an archive that holds it, else from a registry that was asked first."""

from __future__ import annotations

import shutil
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import logins, manifest, registry
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


class Brought(NamedTuple):
    """Where an image comes from; `found` is what Docker says about it, None where it is not on the node yet."""

    source: str
    found: Optional[Dict[str, Any]] = None
    bytes: int = 0  # read out of an archive
    download: int = 0  # what a registry holds of it


class Settings(NamedTuple):
    archives: List[str]
    timeout: float
    config: str  # folder of the logins
    dry: bool  # only find out from where, and refuse what would fail after gigabytes


def bring(
    image: core.Image, engine: Dict[str, Any], settings: Settings, report: Reporter, cards: Callable[[], Dict[str, Any]]
) -> Brought:
    """`engine` is the running Docker, `cards` reads what nvidia-smi says where the image asks for a driver."""
    docker, source = engine["path"], core.choose(image, settings.archives)
    moved = size = 0
    if source is not None:
        if not settings.dry:
            moved = core.load(docker, source, report.bytes, settings.timeout)
    else:
        source = image.ref
        folder, size = ask_registry(image, engine, settings.config, cards)
        if not settings.dry:
            report.text(f"pulling {size / 2**30:.1f} GiB" if size else "pulling")
            core.pull(docker, image, settings.timeout, folder)
    if settings.dry:
        return Brought(source, None, 0, size)
    found = core.find(docker, image)
    if found is None:
        raise core.not_the_one(image, source)
    return Brought(source, found, moved, size)


def ask_registry(
    image: core.Image, engine: Dict[str, Any], config: str, cards: Callable[[], Dict[str, Any]]
) -> Tuple[str, int]:
    """The folder with the login, and the image's compressed size in bytes."""
    ref, folders = registry.split(image.ref), (config, logins.ROOTS)
    folder, known = logins.login(ref.host, folders)
    reach = logins.reach(engine, 15, folders)
    place = core.check_registry(image, engine["registry_mirrors"], reach, bool(folder and not known))
    told = manifest.describe(place, ref, image.digest) if place else None
    if told is None:
        return folder, 0
    root = engine["data_root"] or "/"
    core.check_space(image, told.bytes, root, shutil.disk_usage(root).free)
    if "NVIDIA_REQUIRE_CUDA" in told.env or "CUDA_VERSION" in told.env:
        smi = cards()
        problem = manifest.driver_problem(told.env, smi["cuda_version"], smi["driver_version"])
        core.check_driver(image, problem, str(smi["driver_version"]), str(smi["cuda_version"]))
    return folder, told.bytes
