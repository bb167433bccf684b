# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the roles' answers to a list of what to fetch; and from a bundle to the settings of a node."""

from __future__ import annotations

import functools
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, one
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, dnf
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import (
    Bundle,
    check_node,
    lacking,
    manager_of,
    target_name,
    target_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.passing_key import KEY
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.nodes import fixed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_place
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import bare
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.repository import described

MODEL = ("revision", "include", "exclude", "source")
IMAGE = ("key", "ref", "id", "digest", "bytes")


def wants(needs: Iterable[Mapping[str, Any]]) -> Dict[str, Any]:
    """The answers of all roles on all hosts and targets, each thing once."""
    packages: Dict[Tuple[str, str], List[str]] = {}
    images: Dict[str, Dict[str, Any]] = {}
    downloads: Dict[str, Dict[str, Any]] = {}
    models: Dict[str, Dict[str, Any]] = {}
    drivers: Dict[Tuple[str, str], Dict[str, Any]] = {}
    files: Dict[str, Dict[str, Any]] = {}
    asked = [fixed(need, need.get("locked") or {}) for need in needs]
    for need in asked:
        place = (str(need["target"]), str(need["role"]))
        names = packages.setdefault(place, [])
        names += [str(name) for name in need.get("packages") or [] if name not in names]
        drivers.update({place: dict(need["driver"])} if need.get("driver") else {})
        for image in need.get("images") or []:
            row = {key: image.get(key) for key in IMAGE}
            images.setdefault(str(image["ref"]), {**row, "archives": list(image.get("archives") or [])})
        for download in need.get("downloads") or []:
            downloads.setdefault(str(download["name"]), dict(download))
        for model in need.get("models") or []:
            listed = files.setdefault(str(model["id"]), {})
            listed.update({file["path"]: file for file in (model.get("manifest") or {}).get("files") or []})
            row = {"model": str(model["id"]), **{key: model[key] for key in MODEL if key in model}}
            known = models.setdefault(row["model"], row)
            # two deployments with parts of one model: both parts
            every = not known.get("include") or not model.get("include")
            known["include"] = [] if every else sorted({*known["include"], *model["include"]})
    rows = [
        {"target": key[0], "role": key[1], "names": names, **({"driver": drivers[key]} if key in drivers else {})}
        for key, names in packages.items()
        if names
    ]
    return {
        "packages": rows,
        "images": list(images.values()),
        "downloads": list(downloads.values()),
        "files": {model: list(listed.values()) for model, listed in files.items()},
        "models": list(models.values()),
        "repositories": repositories(asked),
    }


def repositories(needs: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Each once for a target, with all that is asked of it; what a role says of one (its mirror, its key) before the
    data, whoever asks first."""
    found: Dict[Tuple[str, str], Dict[str, Any]] = {}
    for which in (declared, catalogued):
        for need in needs:
            for repository in which(need):
                row = {"target": str(need["target"]), "role": str(need["role"]), **repository}
                names = found.setdefault((row["target"], row["name"]), row)["packages"]
                names += [name for name in row["packages"] if name not in names]
    return list(found.values())


def declared(need: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What a role says of repositories. `packages`: what comes from there; all, where no data say which."""
    names = [bare(str(name)) for name in need.get("packages") or []]
    rows = [dict(row) for row in need.get("repositories") or []]
    ours = [_offers(need.get("distribution") or {}, str(row["name"])) for row in rows]
    return [{**row, "packages": [n for n in names if n in of] or names} for row, of in zip(rows, ours)]


def catalogued(need: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Where the data say that the packages come from. With apt a role that speaks of repositories has said it all: what
    it does not name is in the target's `sources`."""
    distribution = need.get("distribution") or {}
    if distribution.get("manager") == "apt" and "repositories" in need:
        return []
    asked = {bare(str(name)) for name in need.get("packages") or []}
    names = dict.fromkeys(str(name) for name in (distribution.get("sources") or {}).values() if name)
    rows = [(name, sorted(asked & _offers(distribution, name))) for name in names]
    return [{"name": name, **described(distribution, name), "packages": ours} for name, ours in rows if ours]


def _offers(distribution: Mapping[str, Any], name: str) -> Set[str]:
    """What comes from a repository, and not from the distribution for something else."""
    sources = distribution.get("sources") or {}
    rows = [(sources.get(logical), names or []) for logical, names in (distribution.get("packages") or {}).items()]
    own = {each for source, names in rows if not source for each in names}
    return {each for source, names in rows if source == name for each in names} - own


FAMILIES = (  # compute capability from which on
    (10.0, "Blackwell"), (9.0, "Hopper"), (8.9, "Ada Lovelace"), (8.0, "Ampere"), (7.5, "Turing"), (7.0, "Volta"),
    (6.0, "Pascal"), (5.0, "Maxwell"),
)  # fmt: skip


def pretended(
    target: Mapping[str, Any], hardware: Mapping[str, Any], gpus: Mapping[str, Mapping[str, Any]]
) -> Dict[str, Any]:
    """What role nvidia_driver would read of a node of this target with the cards that the inventory declares."""
    cards: List[Dict[str, Any]] = []
    switched = False
    for group in hardware.get("gpus") or []:
        entry, count = gpus.get(str(group.get("model"))) or {}, int(group.get("count", 1))
        if entry.get("vendor", "nvidia") != "nvidia":
            continue
        capability = float(entry.get("capability") or 0)
        family = next((name for least, name in FAMILIES if capability >= least), "")
        pci = str((entry.get("pci_ids") or [""])[0])
        cards += [{"vendor": "nvidia", "pci_id": pci, "architecture": family, "memory_bytes": None}] * count
        switched = switched or (bool(entry.get("nvlink")) and count >= 8)
    return {
        "os": {"id": target["distribution"], "version": target["version"]},
        "gpus": cards,
        "nvswitch": ["declared"] if switched else [],
        "kernel": "",
        "kernels": [],
    }


def bundle_of(told: Mapping[str, Any]) -> Bundle:
    """The bundle, from the result of the check."""
    return Bundle(str(told["made"]), "", tuple(dict(target) for target in told["targets"]), dict(told["holds"]), ())


def problem(
    told: Mapping[str, Any], host: str, node: Optional[Mapping[str, str]], plan: Optional[Mapping[str, Any]]
) -> List[Dict[str, Any]]:
    """What `require` tells of a bundle that does not fit this node or plan; nothing if it fits."""
    bundle = bundle_of(told)
    if node:
        refusal = check_node(bundle, host, dict(node))
        if refusal:
            return [refusal.as_dict(host)]
    if plan:
        missing = lacking(bundle, plan.get("images") or [], [str(model["id"]) for model in models_of(plan)])
        release = plan.get("release") or {}
        known = {(download.get("name"), download.get("version")) for download in bundle.holds.get("downloads") or []}
        if release and not any(version == release.get("version") for _name, version in known):
            missing.append(f"{plan['engine']['name']} {release.get('version')}")
        if missing:
            return [incomplete(missing).as_dict(host)]
        return [row.as_dict(host) for row in map(functools.partial(other_files, told), models_of(plan)) if row]
    return []


def other_files(told: Mapping[str, Any], model: Mapping[str, Any]) -> Optional[Refusal]:
    """The nodes read the list over the network; what binds them to it is that it is the signed one."""
    signed = (told.get("weights") or {}).get(model["id"]) or {}
    rows = (model.get("manifest") or {}).get("files") or []
    other = [str(row["path"]) for row in rows if signed.get(row["path"]) != row["sha256"]]
    return Refusal("LLM643", model=model["id"], detail=", ".join(other[:5])) if other else None


def incomplete(missing: List[str]) -> Refusal:
    return Refusal("LLM918", missing=missing)


def use(
    told: Mapping[str, Any], node: Mapping[str, str], base: str, folder: str, path: str, images: Mapping[str, Any]
) -> Dict[str, Any]:
    """Settings by which the roles of a node take everything from the bundle that is served at `base`."""
    bundle = bundle_of(told)
    target = target_of(bundle, dict(node)) or {}
    held = bundle.holds.get("images") or []
    pins = {str(image["key"]): {"id": image["id"]} for image in held if image.get("key") and image.get("id")}
    downloads = bundle.holds.get("downloads") or []
    return {
        **(_dnf if manager_of(target) == "dnf" else _apt)(target_name(target), base, folder, path),
        "archives": [{"url": f"{base}/{name}"} for name in dict.fromkeys(str(image["path"]) for image in held)],
        "images": {**images, **{key: {**(images.get(key) or {}), **row} for key, row in pins.items()}},
        "releases": {
            str(download["name"]): {
                "version": download["version"],
                "url": f"{base}/{download['path']}",
                "sha256": download["sha256"],
            }
            for download in downloads
        },
    }


# no proxy stands between a node and its own controller
DIRECT = {"no_proxy": "*", "NO_PROXY": "*"}


def _apt(target: str, base: str, folder: str, path: str) -> Dict[str, Any]:
    key = read_text(os.path.join(path, "apt", target, KEY))
    return {
        "folders": ["lists/partial", "cache/archives/partial"],
        "files": [
            {"name": "apt.conf", "content": apt.node_configuration(folder)},
            {"name": "sources.list", "content": apt.node_sources(base, target, folder)},
            {"name": KEY, "content": key},
        ],
        "environment": {"APT_CONFIG": os.path.join(folder, "apt.conf"), **DIRECT},
        "refresh": ["apt-get", "-qq", "update"],
    }


def _dnf(target: str, base: str, folder: str, path: str) -> Dict[str, Any]:
    name = os.path.join(dnf_place.REPOSITORIES, f"{dnf.NAME}.repo")
    return {
        "folders": [dnf_place.REPOSITORIES, dnf_place.CACHE],
        "files": [
            {"name": name, "content": dnf.node_repository(base, target, folder)},
            {"name": KEY, "content": read_text(os.path.join(path, "dnf", target, KEY))},
        ],
        "environment": {dnf_place.VARIABLE: folder, **DIRECT},
        "refresh": ["dnf", "-y", "-q", *dnf.node_words(folder), "makecache", "--refresh"],
    }


WORDS = {
    "package": ("packages of the distributions", "系统软件包"),
    "index": ("package lists", "软件包索引"),
    "image": ("archives of container images", "容器镜像归档"),
    "archive": ("releases of engines", "引擎安装包"),
    "wheel": ("Python packages of a controller", "控制机 Python 包"),
    "collection": ("the collection", "本 collection"),
    "weights": ("weights", "模型权重"),
    "tool": ("scripts", "脚本"),
    "document": ("documents", "文档"),
}


def told(made: Mapping[str, Any], path: str, seconds: float) -> List[str]:
    """What a run that made a bundle reports at its end."""
    lines = []
    for kind, row in sorted(made["kinds"].items(), key=lambda kind: -int(kind[1]["bytes"])):
        english, chinese = WORDS.get(kind, (kind, kind))
        lines.append(f"{int(row['bytes']) / 1e6:10.1f} MB  {int(row['files']):4d}  {one(f'{english} / {chinese}')}")
    state = one("made / 已制作" if made.get("changed") else "unchanged / 无变化")
    lines.append(f"{int(made['bytes']) / 1e6:10.1f} MB        {path}: {state}, {seconds:.0f} s")
    lines.append(one(f"签名公钥 / signed by: {made['signer']}"))
    lines += [one(f"分卷 / volumes: {path}.volumes ({len(made['volumes'])})")] if made.get("volumes") else []
    return lines
