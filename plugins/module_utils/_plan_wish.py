# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the planner, read from variables, the profile, the model's facts and the nodes'."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import Catalog, Entry, find_model, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_error import Refusal, text
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_hardware import Node, read_nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import checkpoint_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_shape import Shape, read_shape

STAMP = ".yitiji-verified.json"
PRECISIONS = ("native", "bf16", "fp16", "fp8")


@dataclass
class Wish:
    deployment: str
    profile: str
    engine: str
    device: str
    precision: str
    context: int
    concurrency: int
    request_tokens: int
    model_id: str
    model_key: str
    served_name: str
    revision: str
    shape: Shape
    model_bytes: int
    model_bytes_source: str
    index_bytes: Optional[int]
    nodes: List[Node]
    weights_dir: str
    port: int
    chat_image: str
    sampling: Dict[str, Any]
    reasoning_parser: Optional[str]
    eager: bool
    mount: str = "/models"
    include: List[str] = field(default_factory=list)
    exclude: List[str] = field(default_factory=list)
    images: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    image_archives: List[Dict[str, Any]] = field(default_factory=list)
    calibration: List[Dict[str, Any]] = field(default_factory=list)

    @property
    def head(self) -> Node:
        return self.nodes[0]


def resolve(variables: Mapping[str, Any], catalog: Catalog) -> Dict[str, Any]:
    """Profile, model and engine by name alone: what can be refused before any node is asked."""
    profile = look_up(catalog, "profiles", str(variables["profile"]), "appliance_profile")
    model_id, entry = find_model(catalog, str(variables.get("model") or profile.get("model") or ""))
    engine = str(variables.get("engine") or profile.get("engine") or "vllm")
    look_up(catalog, "engines", engine, "appliance_engine")
    precision = str(variables.get("precision") or profile.get("precision") or "native")
    if precision not in PRECISIONS:
        raise Refusal(
            "LLM526",
            text(
                "未知精度 {!r}；可用: {}".format(precision, ", ".join(PRECISIONS)),
                "unknown precision {!r}; there are: {}".format(precision, ", ".join(PRECISIONS)),
            ),
            [text("设置 appliance_precision", "set appliance_precision to one of them")],
        )
    return {
        "model": model_id, "revision": str((entry or {}).get("revision", "master")), "engine": engine,
        "precision": precision, "profile": profile, "entry": entry,
    }  # fmt: skip


def _shape_of(model_id: str, entry: Optional[Entry], info: Mapping[str, Any]) -> Shape:
    config = info.get("config") or (entry or {}).get("config")
    if not config:
        raise Refusal(
            "LLM530",
            text(
                f"模型 {model_id} 没有 config.json, 目录中也没有",
                f"nothing is known of model {model_id}: no config.json was read and the catalogue has none",
            ),
            [text("让节点能访问模型站, 或在目录中写入 config", "make the hub reachable, or put its config into the catalogue")],
        )
    return read_shape(config, model_id)


def _sizes(shape: Shape, entry: Entry, info: Mapping[str, Any]) -> Tuple[int, str, Optional[int]]:
    """Bytes on disk, where that number comes from, and the index's total where there is one."""
    index = (info.get("index") or {}).get("metadata") or info.get("index") or {}
    total = index.get("total_size") if isinstance(index, Mapping) else None
    index_bytes = int(total) if isinstance(total, (int, float)) and total > 0 else None
    if info.get("bytes_total"):
        return int(info["bytes_total"]), "hub", index_bytes
    if entry.get("bytes"):
        return int(entry["bytes"]), "catalogue", index_bytes
    return int(checkpoint_bytes(shape)), "computed", index_bytes


def read_wish(variables: Mapping[str, Any], catalog: Catalog) -> Wish:
    wanted = resolve(variables, catalog)
    profile, entry = wanted["profile"], wanted["entry"] or {}
    info = variables.get("model_info") or {}
    shape = _shape_of(wanted["model"], entry, info)
    size, source, index_bytes = _sizes(shape, entry, info)
    context = int(variables.get("context_length") or profile.get("context_length") or 8192)
    concurrency = int(variables.get("concurrency") or profile.get("concurrency") or 16)
    request = min(context, int(profile.get("request_tokens") or context))
    if context > shape.max_len:
        raise Refusal(
            "LLM504",
            text(
                f"请求的上下文 {context} 超过模型上限 {shape.max_len}",
                f"the context asked for, {context}, is longer than the model's own limit {shape.max_len}",
            ),
            [text(f"appliance_context_length 至多 {shape.max_len}",
                  f"set appliance_context_length to at most {shape.max_len}")],
            {"context": context}, {"context": shape.max_len},
        )  # fmt: skip
    return Wish(
        deployment=str(variables["deployment"]), profile=str(variables["profile"]), engine=wanted["engine"],
        device=str(profile.get("device") or "cuda"), precision=wanted["precision"], context=context,
        concurrency=concurrency, request_tokens=request, model_id=wanted["model"],
        model_key=str(variables.get("model") or profile.get("model") or ""),
        served_name=str(entry.get("served_name") or wanted["model"].split("/")[-1].lower()),
        revision=str(info.get("revision") or wanted["revision"]), shape=shape, model_bytes=size,
        model_bytes_source=source, index_bytes=index_bytes, nodes=read_nodes(variables.get("nodes") or {}, catalog),
        weights_dir=str(variables.get("weights_dir") or "/srv/models").rstrip("/"),
        port=int(variables.get("port") or 8000), chat_image=str(profile.get("chat_image") or "open-webui"),
        sampling=dict(entry.get("sampling") or {"temperature": 0.6}),
        reasoning_parser=entry.get("reasoning_parser"), eager=bool(profile.get("eager", False)),
        include=list(entry.get("include") or []), exclude=list(entry.get("exclude") or []),
        images=dict(variables.get("images") or {}), image_archives=list(variables.get("image_archives") or []),
        calibration=list(variables.get("calibration") or []),
    )  # fmt: skip


def model_part(wish: Wish) -> Dict[str, Any]:
    path = f"{wish.weights_dir}/{wish.model_id}"
    return {
        "id": wish.model_id, "served_name": wish.served_name, "revision": wish.revision, "path": path,
        "stamp": f"{path}/{STAMP}", "include": wish.include, "exclude": wish.exclude,
        "bytes": wish.model_bytes, "bytes_source": wish.model_bytes_source,
    }  # fmt: skip
