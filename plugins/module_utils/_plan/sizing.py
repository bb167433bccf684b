# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every sizer returns, whatever the engine: one engine, sized and with its arguments. And what sizers share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual, joined
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.below import lacking, problems
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import refuse_own_code
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed import Question
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import Load

SLOW_DISK = 500e6  # bytes a second that even a poor NVMe disk reads
START_BASE = 600  # seconds


@dataclass(frozen=True)
class Rank:
    """One node's part of an engine."""

    node: Node
    gpus: List[int]
    args: List[str]


@dataclass(frozen=True)
class Sizing:
    """One engine: a single rank, or a rank on each of several nodes. The first rank answers requests."""

    wish: Wish  # as it was decided: with the files that are taken, and their bytes
    ranks: Tuple[Rank, ...]
    device: str
    image: Optional[Dict[str, Any]]  # None: the engine runs on the node itself
    version: str
    layout: Dict[str, int]  # tensor, pipeline, data
    memory: Dict[str, Any]
    capacity: Dict[str, Any]
    memory_bytes: int  # main memory that a node needs for it
    start_seconds: int
    disk_bytes: int  # what the weights take, with what is made of them
    env: Dict[str, str] = field(default_factory=dict)
    shm_bytes: int = 0
    gpu: Optional[str] = None
    executor: Optional[str] = None
    meeting_port: Optional[int] = None  # where the ranks' engines find each other
    warnings: List[Dict[str, Any]] = field(default_factory=list)
    why: List[Dict[str, Any]] = field(default_factory=list)
    alternatives: List[Dict[str, Any]] = field(default_factory=list)
    more: Dict[str, Any] = field(default_factory=dict)  # what only this engine has in the plan
    load: Optional[Load] = None  # what its speed is predicted from

    def question(self) -> Question:
        """What its speed depends on."""
        nodes, shape = [rank.node for rank in self.ranks], self.wish.native_shape or self.wish.shape
        asked = self.wish.question(self.version, self.gpu, nodes, self.load)
        return replace(asked, shape=shape, gguf=self.more.get("gguf"), alternatives=self.alternatives)


def gib(value: float) -> float:
    """Bytes as GiB, for people."""
    return round(value / GIB, 3)


def why(key: str, value: Any, zh: str, en: str, source: str) -> Dict[str, Any]:
    """One line of the plan's `why`."""
    return {"key": key, "value": value, "rule": bilingual(zh, en), "source": source}


def start_bound(model_bytes: int, loaders: int) -> int:
    """Seconds that a start may take: twice what a slow disk needs, plus set-up and compilation."""
    return int(START_BASE + 2 * model_bytes / SLOW_DISK / max(1, loaders))


def runs_own_code(
    model: str, config: Mapping[str, Any], allow_code: str, engine: Mapping[str, Any], version: str
) -> bool:
    """Whether this version of the engine must run the repository's Python; refused without a reason (LLM651)."""
    known = engine.get("transformers") or {}
    major = max([4, *(int(known[since]) for since in known if version_key(version) >= version_key(str(since)))])
    return refuse_own_code(model, config, allow_code, major)


def choose_image(
    catalog: Catalog, engine: str, device: str, capability: Optional[float], driver: Optional[str], ray: bool
) -> str:
    """The name of the newest image that carries the engine for the card (LLM551), unless the driver is too old for it.

    `capability` and `driver` are NVIDIA's; None where there is no such card, or nothing is known of it.
    """
    fitting = []
    for name, entry in sorted(catalog["images"].items()):
        if entry.get("engine") != engine or entry.get("device") != device:
            continue
        if ray and not entry.get("ray"):
            continue
        low, high = entry.get("min_capability"), entry.get("max_capability")
        if capability is not None and low is not None and capability < float(low):
            continue
        if high is not None and (capability is None or capability > float(high)):
            continue
        fitting.append((version_key(str(entry.get("version", "0"))), not entry.get("ray"), name))
    if not fitting:
        shown = "" if capability is None else f" (sm {capability})"
        shown += " (Ray)" if ray else ""
        raise Refusal("LLM551", device=device, more=shown, engine=engine)
    name = max(fitting)[-1]
    entry = catalog["images"][name]
    wanted = entry.get("min_driver")
    if driver and wanted and version_key(driver) < version_key(str(wanted)):
        raise Refusal(
            "LLM209",
            image=entry["ref"],
            wanted=f"CUDA {entry.get('cuda')}, driver {wanted}",
            driver=driver,
            need={"driver": wanted},
            have={"driver": driver},
        )
    return name


def image_entry(
    catalog: Catalog, key: str, changes: Mapping[str, Mapping[str, Any]], archives: List[Dict[str, Any]]
) -> Dict[str, Any]:
    """An image of the catalogue as the plan holds it, with what `appliance_images` changes of it."""
    entry = dict(look_up(catalog, "images", key, "appliance_images"))
    entry.update(changes.get(key, {}))
    archive = archives[0] if len(archives) == 1 else None
    return {
        "key": key,
        "ref": entry["ref"],
        "id": entry.get("id"),
        "digest": entry.get("digest"),
        "archive": entry.get("archive", archive),
        "entrypoint": list(entry.get("entrypoint", [])),
        "bytes": entry.get("bytes"),
        "version": entry.get("version"),
        "cuda": entry.get("cuda"),
        "min_driver": entry.get("min_driver"),
        "ray": bool(entry.get("ray")),
        "roles": list(entry.get("roles", [])),
        "host": asked(entry, f"images: {key}"),
    }


def asked(entry: Mapping[str, Any], where: str) -> Dict[str, Any]:
    """What an entry of the catalogue asks of the machine below it, checked (LLM520)."""
    host = entry.get("host") or {}
    wrong = problems(host)
    if wrong:
        raise Refusal("LLM520", problem=say("below.bad", where=where, wrong="; ".join(wrong)))
    return dict(host)


def check_machine(what: str, host: Mapping[str, Any], node: Node) -> None:
    """Refuses a node on which it would not start (LLM553)."""
    lacks = lacking(host, node.machine)
    if lacks:
        raise Refusal("LLM553", host=node.name, what=what, lacks=joined(lacks, "; ", "；"))
