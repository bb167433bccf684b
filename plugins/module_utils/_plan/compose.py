# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts that every plan has, whatever the engine: images, needs, chat, and how a number is explained."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import Refusal, Text, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import Wish, model_part

SLOW_DISK = 500e6  # bytes a second that even a poor NVMe disk reads
START_BASE = 600


def gib(value: float) -> float:
    return round(value / GIB, 3)


def why(key: str, value: Any, zh: str, en: str, source: str) -> Dict[str, Any]:
    return {"key": key, "value": value, "rule": text(zh, en), "source": source}


def warning(rule: str, message: Text) -> Dict[str, str]:
    return {"id": rule, "zh": message["zh"], "en": message["en"]}


def start_part(model_bytes: int, loaders: int) -> Dict[str, Any]:
    """Bound of a start: twice the time that a slow disk takes, plus set-up and compilation."""
    return {"timeout_seconds": int(START_BASE + 2 * model_bytes / SLOW_DISK / max(1, loaders))}


def image_part(
    wish: Wish, catalog: Catalog, device: str, capability: Optional[float], driver: Optional[str]
) -> Dict[str, Any]:
    """The image that carries the engine for the card; refused when the driver is too old for its CUDA."""
    fitting = []
    for name, entry in sorted(catalog["images"].items()):
        if entry.get("engine") != wish.engine or entry.get("device") != device:
            continue
        if wish.executor == "ray" and not entry.get("ray"):
            continue
        low, high = entry.get("min_capability"), entry.get("max_capability")
        if capability is not None and low is not None and capability < float(low):
            continue
        if high is not None and (capability is None or capability > float(high)):
            continue
        fitting.append((version_key(str(entry.get("version", "0"))), not entry.get("ray"), name))
    if not fitting:
        shown = "" if capability is None else f" (sm {capability})"
        shown += " (Ray)" if wish.executor == "ray" else ""
        raise Refusal(
            "LLM524",
            text(
                f"没有可在 {device}{shown} 上运行的 {wish.engine} 镜像",
                f"no image of {wish.engine} runs on {device}{shown}",
            ),
            [
                text(
                    "选择另一引擎 (appliance_engine), 或在目录中添加镜像",
                    "take another engine (appliance_engine), or add an image to the catalogue",
                )
            ],
        )
    name = max(fitting)[-1]
    entry = look_up(catalog, "images", name, "appliance_images")
    wanted = entry.get("min_driver")
    if driver and wanted and version_key(driver) < version_key(str(wanted)):
        raise Refusal(
            "LLM209",
            text(
                f"驱动 {driver} 太旧: 镜像 {entry['ref']} 的 CUDA {entry.get('cuda')} 需要 {wanted}",
                f"driver {driver} is too old: CUDA {entry.get('cuda')} of image {entry['ref']} wants {wanted}",
            ),
            [
                text(f"把驱动升级到 {wanted} 或更新", f"install driver {wanted} or newer"),
                text("用 appliance_images 固定一个更旧的镜像", "pin an older image with appliance_images"),
            ],
            {"driver": wanted},
            {"driver": driver},
        )
    return image_entry(wish, catalog, name)


def image_entry(wish: Wish, catalog: Catalog, key: str) -> Dict[str, Any]:
    entry = dict(look_up(catalog, "images", key, "appliance_images"))
    entry.update(wish.images.get(key, {}))
    archive = wish.image_archives[0] if len(wish.image_archives) == 1 else None
    return {
        "key": key,
        "ref": entry["ref"],
        "id": entry.get("id"),
        "digest": entry.get("digest"),
        "archive": entry.get("archive", archive),
        "entrypoint": list(entry.get("entrypoint", [])),
        "bytes": entry.get("bytes"),
        "version": entry.get("version"),
        "ray": bool(entry.get("ray")),
        "roles": list(entry.get("roles", [])),
    }


def base_plan(wish: Wish, catalog: Catalog, image: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """What every plan holds, whatever the engine."""
    chat_image = image_entry(wish, catalog, wish.chat_image)
    images: List[Dict[str, Any]] = ([dict(image)] if image else []) + [chat_image]
    plan: Dict[str, Any] = {
        "schema": 1,
        "deployment": wish.deployment,
        "profile": wish.profile,
        "verdict": "fits",
        "model": model_part(wish),
        "image": dict(image) if image else None,
        "images": images,
        "image_archives": list(wish.image_archives),
        "needs": {
            "disk_bytes": {"weights": wish.model_bytes, "images": sum(int(entry["bytes"] or 0) for entry in images)},
            "memory_bytes": 0,
            "ports": [wish.port],
        },
        "chat": {"image": chat_image, "model_params": dict(wish.sampling, function_calling="legacy")},
        "sampling": dict(wish.sampling),
        "warnings": [],
        "alternatives": [],
        "why": [],
    }
    if image and not image.get("digest") and not image.get("id"):
        plan["warnings"].append(
            warning(
                "LLM527",
                text(
                    f"镜像 {image['ref']} 未固定摘要; 用 appliance_images 固定",
                    f"image {image['ref']} is not pinned by digest; pin it with appliance_images",
                ),
            )
        )
    return plan
