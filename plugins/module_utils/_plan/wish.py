# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the planner: read from variables, the profile, the model's facts and the nodes'."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import (
    Catalog,
    Entry,
    find_model,
    look_up,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import (
    reason,
    set_aside,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import printable, whole
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry as Listed
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import selected
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape, read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import checkpoint_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.gateways import TwoGateways
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node, read_nodes
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.precision import stored_form
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed import Question
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import Load

PRECISIONS = ("native", "bf16", "fp16", "fp8", "int8", "w8a8", "awq", "gptq", "nvfp4")
GGUF_ENGINES = ("llamacpp", "ollama", "ktransformers")
KV_DTYPES = ("auto", "fp8")
EXECUTORS = ("", "mp", "ray")
WAYS = ("data_attention", "shared_cache", "speculation")
HEADLESS = ("Model", "ForSequenceClassification", "ForMaskedLM", "ForTextEncoding", "ForEmbedding")
CHATS = re.compile(r"Chat|VL")  # ChatGLMModel, InternVLChatModel and their like write text
VECTORS = re.compile(r"embed|rerank|(?:^|-)bge-|^e5-|^gte-")
ALLOWANCES = ("allow_pickle", "allow_remote_code")
# What an entry of appliance_beside may say. What it leaves out is the profile's, but for what belongs to a model.
FIELDS = ("model", "cards", "context_length", "concurrency", "precision", "kv_cache_dtype")


@dataclass
class Wish:
    """The request, complete: every default of profile and catalogue is filled in.

    Tokens and bytes, unless a name says otherwise.
    """

    deployment: str
    profile: str
    engine: str
    device: str
    precision: str
    context: int
    concurrency: int
    request_tokens: int
    model_id: str
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
    kv_dtype: str = "auto"
    executor: str = ""  # "" = as the engine prefers
    replicas: int = 0  # copies on the head, each a unit of its own; 0 = one unit, whatever it does inside
    independent: bool = False  # every node serves by itself, with all copies that it has
    two: TwoGateways = field(default_factory=TwoGateways)
    floor: Dict[str, int] = field(default_factory=dict)  # below which no start is made smaller (_plan/heal.py)
    layout: Dict[str, int] = field(default_factory=dict)  # on CPUs the profile says it: {tensor, pipeline}
    entry: Entry = field(default_factory=dict)
    native_shape: Optional[Shape] = None  # the checkpoint's own, where another precision was asked
    gguf: str = ""
    gguf_tensors: Dict[str, Dict[str, int]] = field(default_factory=dict)  # file -> tensor -> bytes
    files: Dict[str, int] = field(default_factory=dict)  # of the hub's listing, with their bytes
    listing: List[Listed] = field(default_factory=list)  # the same, with their hashes
    left_out: List[str] = field(default_factory=list)  # programs, which are not fetched
    config: Dict[str, Any] = field(default_factory=dict)  # of the checkpoint
    own_code: bool = False  # the engine runs the repository's Python (_plan/sizing.py)
    allow_code: str = ""  # the site's reason for that
    loader: str = ""  # how the engine is told to read a checkpoint that its own files do not explain
    beside: List[Guest] = field(default_factory=list)  # further models on the head
    without: Tuple[str, ...] = ()  # ways that the planner is not to take (_plan/ways.py)

    @property
    def head(self) -> Node:
        return self.nodes[0]

    @property
    def subject(self) -> Dict[str, Any]:
        """What must be alike for the end of one start to say something about another (_plan/heal.py)."""
        return {
            "engine": self.engine, "model": self.model_id, "precision": self.precision, "kv_dtype": self.kv_dtype,
            "hosts": len(self.nodes), "cards": len(self.head.gpus), "deployment": self.deployment,
        }  # fmt: skip

    def question(self, version: str, gpu: Optional[str], nodes: List[Node], load: Optional[Load]) -> Question:
        """What the speed of an engine of this version on these nodes depends on."""
        gbps = [node.link_gbps for node in nodes if node.link_gbps]
        return Question(
            self.served_name, self.engine, version, self.eager, self.profile, self.request_tokens, gpu,
            min(len(node.gpus) for node in nodes), all(card.nvlink for node in nodes for card in node.gpus),
            min(gbps) if gbps else None, load, self.shape, None, [],
        )  # fmt: skip


class Guest(NamedTuple):
    """A further model, and how many of the node's cards it gets."""

    wish: Wish
    cards: int


def _one_of(name: str, value: str, known: Tuple[str, ...]) -> None:
    if value not in known:
        listed = ", ".join(known)
        raise Refusal("LLM526", name=name, value=value, listed=listed)


def resolve(variables: Mapping[str, Any], catalog: Catalog) -> Dict[str, Any]:
    """Profile, model and engine by name alone, so that unknown ones are refused before any node is asked."""
    profile = look_up(catalog, "profiles", str(variables["profile"]), "appliance_profile")
    model_id, entry = find_model(catalog, str(variables.get("model") or profile.get("model") or ""))
    engine = str(variables.get("engine") or profile.get("engine") or "vllm")
    look_up(catalog, "engines", engine, "appliance_engine")
    precision = str(variables.get("precision") or profile.get("precision") or "native")
    _one_of("precision", precision, PRECISIONS)
    chosen = gguf_source(entry or {}, engine) or checkpoint(entry or {}, precision)
    return {
        "model": str(chosen.get("id") or model_id),
        "revision": str((entry or {}).get("revision", "master")),
        "engine": engine,
        "precision": precision,
        "profile": profile,
        "entry": entry or {},
        "checkpoint": chosen,
        "gguf": gguf_masks(entry or {}, engine, str(variables.get("gguf") or profile.get("gguf") or "")),
    }


def gguf_source(entry: Entry, engine: str) -> Entry:
    """The repository from which GGUF engines take the model.

    {} for other engines. The file is chosen by the memory there is.
    """
    if engine not in GGUF_ENGINES:
        return {}
    known = entry.get("gguf") or {}
    if not known:
        raise Refusal("LLM548", engine=engine)
    return {"id": known["id"]}


def gguf_masks(entry: Entry, engine: str, name: str) -> List[str]:
    """Patterns of the files among which the plan chooses, or of the one that is named."""
    files = (entry.get("gguf") or {}).get("files") or {} if engine in GGUF_ENGINES else {}
    rows = [files[name]] if name in files else files.values()
    return [str(mask) for row in rows for mask in row.get("include") or []]


def checkpoint(entry: Entry, precision: str) -> Entry:
    """Another repository with the same model in the precision asked for; {} where it is the model's own."""
    known = entry.get("checkpoints") or {}
    if precision in known:
        return dict(known[precision])
    return dict(known["bf16"]) if precision == "fp16" and "bf16" in known else {}


def config_of(entry: Entry, chosen: Entry) -> Dict[str, Any]:
    """The catalogue's config.json, with what the chosen checkpoint changes in it."""
    config = dict(entry.get("config") or {})
    if config:
        config.update({key: value for key, value in chosen.items() if key not in ("id", "bytes", "engines")})
    return config


def _shape_of(model_id: str, entry: Entry, chosen: Entry, info: Mapping[str, Any]) -> Shape:
    config = info.get("config") or config_of(entry, chosen if "quantization_config" in chosen else {})
    if not config:
        raise Refusal("LLM530", model=model_id)
    if chosen.get("engines") and not config.get("quantization_config"):  # such a repository says it elsewhere
        config = {**config, "quantization_config": chosen["quantization_config"]}
    try:
        refuse_vectors(model_id, config)
        return read_shape(config, model_id)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:  # a stranger's file
        raise Refusal("LLM531", model=model_id, problem=say("config_kind", said=printable(error, 80))) from error


def refuse_vectors(model_id: str, config: Mapping[str, Any]) -> None:
    """Models that embed or rank, by what config.json builds or by their name (LLM555)."""
    built = str((config.get("architectures") or [""])[0])
    kind = built if built.endswith(HEADLESS) and not CHATS.search(built) else ""
    if not kind and VECTORS.search(model_id.rsplit("/", maxsplit=1)[-1].lower()):
        kind = "embedding / reranking"
    if kind:
        size = checkpoint_bytes(read_shape({**config, "tie_word_embeddings": True}, model_id)) / 1024**3
        raise Refusal("LLM555", model=model_id, kind=kind, gib=round(size, 1))


def _exists(model: str, entry: Entry, chosen: Entry, precision: str, shape: Shape) -> None:
    """A quantised checkpoint is not made while loading, but for FP8 of one in 16 bit (LLM556)."""
    stored = stored_form(shape)
    if chosen or precision in ("native", "bf16", "fp16", stored) or (precision == "fp8" and not shape.quant.method):
        return
    known = ", ".join(dict.fromkeys(["native", *sorted(entry.get("checkpoints") or {})]))
    raise Refusal("LLM556", model=model, precision=precision.upper(), stored=stored.upper(), known=known)


def _without(named: Any) -> Tuple[str, ...]:
    """Ways that the site does not want (appliance_without)."""
    names = [named] if isinstance(named, str) else list(named or [])
    for name in names:
        _one_of("without", str(name), WAYS)
    return tuple(str(name) for name in names)


def _number(name: str, value: Any) -> int:
    """A number of tokens or requests."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise Refusal("LLM526", name=name, value=value, listed="1, 2, 3, …")
    return number


def _loader(engine: str, chosen: Entry) -> str:
    """What the engine is told of a checkpoint that only some engines can load (LLM554)."""
    known = chosen.get("engines") or {}
    if known and engine not in known:
        raise Refusal("LLM554", checkpoint=chosen["id"], engines=", ".join(sorted(known)), engine=engine)
    return str(known.get(engine, ""))


def _sizes(shape: Shape, entry: Entry, info: Mapping[str, Any]) -> Tuple[int, str, Optional[int]]:
    """Bytes on disk, where that number comes from, and the total in the safetensors index (None without one)."""
    index = info.get("index")
    index = index.get("metadata") or index if isinstance(index, Mapping) else {}
    total = whole(index.get("total_size")) if isinstance(index, Mapping) else None
    index_bytes = total if isinstance(total, int) and total > 0 else None
    listed = whole(info.get("bytes_total"))
    if isinstance(listed, int) and listed > 0:
        return listed, "hub", index_bytes
    if entry.get("bytes"):
        return int(entry["bytes"]), "catalogue", index_bytes
    return int(checkpoint_bytes(shape)), "computed", index_bytes


def read_wish(variables: Mapping[str, Any], catalog: Catalog) -> Wish:
    """The wish; refused where a name is unknown or a value is not possible (LLM521-526, LLM544)."""
    wanted = resolve(variables, catalog)
    profile, entry, chosen = wanted["profile"], wanted["entry"], wanted["checkpoint"]
    info = variables.get("model_info") or {}
    loader = _loader(wanted["engine"], chosen)
    shape = _shape_of(wanted["model"], entry, chosen, info)
    _exists(wanted["model"], entry, chosen, wanted["precision"], shape)
    native = read_shape(entry["config"], wanted["model"]) if chosen and entry.get("config") else shape
    size, source, index_bytes = _sizes(shape, chosen or entry, info)
    kv_dtype = str(variables.get("kv_cache_dtype") or profile.get("kv_cache_dtype") or "auto")
    _one_of("kv_cache_dtype", kv_dtype, KV_DTYPES)
    executor = str(variables.get("executor") or profile.get("executor") or "")
    _one_of("executor", executor, EXECUTORS)
    context = _number("context_length", variables.get("context_length") or profile.get("context_length") or 8192)
    concurrency = _number("concurrency", variables.get("concurrency") or profile.get("concurrency") or 16)
    request = min(context, int(profile.get("request_tokens") or context))
    if context > shape.max_len:
        raise Refusal(
            "LLM544", context=context, most=shape.max_len, need={"context": context}, have={"context": shape.max_len}
        )
    listing = [
        Listed(str(file["path"]), int(file.get("size") or 0), str(file.get("sha256") or ""))
        for file in info.get("files") or []
    ]
    allow_pickle, allow_code = (reason(f"appliance_{name}", variables.get(name)) for name in ALLOWANCES)
    include, exclude = list(entry.get("include") or []), list(entry.get("exclude") or [])
    whole = listing if wanted["engine"] in GGUF_ENGINES else selected(listing, include, exclude)
    listing, left_out = set_aside(wanted["model"], whole, allow_pickle, allow_code)
    size -= sum(file.size for file in left_out) if source == "hub" else 0
    return Wish(
        deployment=str(variables["deployment"]),
        profile=str(variables["profile"]),
        engine=wanted["engine"],
        device=str(profile.get("device") or "cuda"),
        precision=wanted["precision"],
        context=context,
        concurrency=concurrency,
        request_tokens=request,
        model_id=wanted["model"],
        served_name=str(entry.get("served_name") or wanted["model"].rsplit("/", maxsplit=1)[-1].lower()),
        revision=str(info.get("revision") or wanted["revision"]),
        shape=shape,
        model_bytes=size,
        model_bytes_source=source,
        index_bytes=index_bytes,
        nodes=read_nodes(variables.get("nodes") or {}, catalog),
        weights_dir=str(variables.get("weights_dir") or "/srv/models").rstrip("/"),
        port=int(variables.get("port") or 8000),
        chat_image=str(profile.get("chat_image") or "open-webui"),
        sampling=dict(entry.get("sampling") or {"temperature": 0.6}),
        reasoning_parser=entry.get("reasoning_parser"),
        eager=bool(profile.get("eager", False)),
        include=include,
        exclude=exclude,
        images=dict(variables.get("images") or {}),
        image_archives=list(variables.get("image_archives") or []),
        calibration=list(variables.get("calibration") or []),
        kv_dtype=kv_dtype,
        executor=executor,
        replicas=int(variables.get("replicas") or profile.get("replicas") or 0),
        independent=bool(variables.get("independent_nodes")),
        two=TwoGateways(
            str(variables.get("second_gateway") or ""),
            str(variables.get("virtual_address") or "").strip(),
            int(variables.get("virtual_router", 77)),
        ),
        floor={key: int(value) for key, value in (profile.get("floor") or {}).items()},
        layout={key: int(value) for key, value in (profile.get("layout") or {}).items()},
        entry=entry,
        native_shape=native,
        files={row.path: row.size for row in listing},
        listing=listing,
        left_out=[file.path for file in left_out],
        config=info.get("config") or config_of(entry, {}),
        allow_code=allow_code,
        loader=loader,
        gguf_tensors=dict(info.get("gguf_tensors") or {}),
        gguf=str(variables.get("gguf") or profile.get("gguf") or ""),
        beside=read_beside(variables, catalog),
        without=_without(variables.get("without")),
    )


def beside_refusal(problem: Text, remedy: Text) -> Refusal:
    """What is wrong with appliance_beside."""
    return Refusal("LLM539", problem=problem, remedies=[remedy])


def _checked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = sorted(set(row) - set(FIELDS))
    if wrong or not row.get("model") or int(row.get("cards", 1)) < 1:
        said = ", ".join(wrong) or f"model {row.get('model')!r}, cards {row.get('cards', 1)!r}"
        raise beside_refusal(say("beside_entry", said=said), say("beside_entry_remedy"))
    return row


def read_beside(variables: Mapping[str, Any], catalog: Catalog) -> List[Guest]:
    """The models of appliance_beside, each as a wish of its own (LLM539)."""
    infos = list(variables.get("beside_info") or [])
    guests: List[Guest] = []
    for number, row in enumerate(map(_checked, variables.get("beside") or [])):
        own = {**variables, "beside": [], "gguf": "", "replicas": 0, "precision": "native", "kv_cache_dtype": "auto"}
        own.update({key: value for key, value in row.items() if key != "cards"})
        own["model_info"] = infos[number] if number < len(infos) else {}
        guests.append(Guest(read_wish(own, catalog), int(row.get("cards", 1))))
    return guests


def resolve_beside(variables: Mapping[str, Any], catalog: Catalog) -> List[Dict[str, str]]:
    """{model, revision} of each model of appliance_beside, by name alone."""
    found = []
    for row in map(_checked, variables.get("beside") or []):
        own = {**variables, "gguf": "", "model": row["model"], "precision": row.get("precision", "native")}
        wanted = resolve(own, catalog)
        found.append({"model": str(wanted["model"]), "revision": str(wanted["revision"])})
    return found
