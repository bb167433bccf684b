# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock on the controller, beside the inventory: one YAML file for all its deployments, checked when it is read."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Callable, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import files_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import Unfit, judge
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import held, read_text, write_atomic

SCHEMA = 1
DIGEST = re.compile(r"^sha256:[0-9a-f]{64}\Z")
PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_./@-]*\Z")  # keys that need no quotes in YAML; numbers, true and null do
WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
HEAD = """\
# What the appliances of this inventory consist of, to the digest (docs/lock.md). Keep it in version control.
# Written by site.yml and playbooks/lock.yml; site.yml, bundle.yml and bake.yml refuse what differs.
# Of an image: the registry's digest and its own id; of a node: the packages that roles name.
# 本清单中各部署的全部组成，精确到摘要（docs/lock.zh.md）。请纳入版本管理。
# 由 site.yml 和 playbooks/lock.yml 写入；site.yml、bundle.yml 与 bake.yml 拒绝与之不符的内容。
"""
Parse = Callable[[str], Any]
Lock = Dict[str, Any]


def read(path: str, parse: Parse) -> Lock:
    """{deployment: state}; {} where there is no lock. One that can't be followed is refused (LLM593)."""
    text = read_text(path) if path else ""
    if not text:
        return {}
    try:
        data = parse(text)
    except ValueError as error:
        raise Refusal("LLM593", lock=path, why=str(error)) from error
    why = wrong(data)
    if why:
        raise Refusal("LLM593", lock=path, why=why)
    return dict(data["deployments"])


def wrong(data: Any) -> str:
    """Why a lock can't be followed; empty where it can."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("deployments"), dict):
        return f"it is not a lock of schema {SCHEMA}"
    for name, state in data["deployments"].items():
        try:
            why = _wrong_state(state)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
        if why:
            return f"{name}: {why}"
    return ""


def _wrong_state(state: Mapping[str, Any]) -> str:
    for key in ("collection", "engine"):
        if not isinstance(state[key], str):
            return key
    for name, image in state["images"].items():
        digests = [image[pin] for pin in ("digest", "id") if image.get(pin)]
        if not isinstance(image["ref"], str) or not all(DIGEST.match(digest) for digest in digests):
            return f"images.{name}"
    for name, model in state["models"].items():
        if not model.get("files"):
            continue
        files = files_of(model)
        try:
            judge(files)
        except Unfit as error:
            return f"models.{name}: {error}"
        if Manifest(name, str(model["revision"]), sorted(files)).digest() != model["manifest"]:
            return f"models.{name}: its manifest is not that of the files below it"
    for name, node in state["nodes"].items():
        if not all(isinstance(version, str) and version for version in node["packages"].values()):
            return f"nodes.{name}"
    return ""


def text(lock: Mapping[str, Any]) -> str:
    """YAML with sorted keys, comments, and a line for each thing: a change of one is a change of one line."""
    lines = [f"schema: {SCHEMA}", "deployments:"]
    for name, state in sorted(lock.items()):
        lines.append(f"  {_key(name)}:")
        for part, value in state.items():
            lines += _lines(part, value, 4)
    return HEAD + "\n".join(lines) + "\n"


def keep(path: str, deployment: str, state: Mapping[str, Any], parse: Parse, check: bool) -> Tuple[str, str]:
    """Puts a deployment's state into the file. Texts before and after; other deployments' stay as they are."""
    with held(os.path.dirname(os.path.abspath(path))):
        before = read_text(path)
        after = text({**read(path, parse), deployment: state})
        if after != before and not check:
            write_atomic(path, after, 0o644)
    return before, after


def _lines(name: str, value: Any, indent: int) -> List[str]:
    start = " " * indent + _key(name) + ":"
    if not isinstance(value, Mapping):
        return [f"{start} {json.dumps(value, ensure_ascii=False)}"]
    if value and not any(isinstance(inner, Mapping) for inner in value.values()) and "bytes" in value:
        inside = ", ".join(f"{key}: {json.dumps(value[key], ensure_ascii=False)}" for key in sorted(value))
        return [f"{start} {{{inside}}}"]
    if not value:
        return [f"{start} {{}}"]
    return [start, *(line for key in sorted(value) for line in _lines(key, value[key], indent + 2))]


def _key(name: str) -> str:
    return name if PLAIN.match(name) and name.lower() not in WORDS else json.dumps(name, ensure_ascii=False)
