# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merges our options into a daemon.json that others wrote, and removes them again."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import docker_flags
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH, TIMED_OUT, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text

Path_ = Tuple[str, ...]
Options = Dict[str, Any]
DEFAULT_DATA_ROOT = "/var/lib/docker"
ABSENT = {"absent": True}


def parse(text: str, name: str) -> Options:
    """The options in a daemon.json; an empty file is an empty object."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        problem = say("json_line", line=error.lineno, column=error.colno, said=error.msg)
        raise Refusal("LLM306", name=name, problem=problem) from error
    if not isinstance(value, dict):
        raise Refusal("LLM306", name=name, problem=say("json_object"))
    return value


def parse_or_none(text: str) -> Optional[Options]:
    """The options in what was kept of a file; None where they can't be read any more."""
    try:
        return parse(text, "")
    except Refusal:
        return None


def flatten(options: Options, prefix: Path_ = ()) -> Dict[Path_, Any]:
    """Leaves of nested objects by their path; lists and empty objects are leaves."""
    leaves: Dict[Path_, Any] = {}
    for key, value in options.items():
        here = (*prefix, str(key))
        if isinstance(value, dict) and value:
            leaves.update(flatten(value, here))
        else:
            leaves[here] = value
    return leaves


def _get(options: Options, path: Path_) -> Any:
    node: Any = options
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return ABSENT
        node = node[key]
    return node


def _set(options: Options, path: Path_, value: Any) -> None:
    node = options
    for key in path[:-1]:
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]
    node[path[-1]] = value


def _drop(options: Options, path: Path_) -> None:
    parents: List[Options] = [options]
    for key in path[:-1]:
        child = parents[-1].get(key)
        if not isinstance(child, dict):
            return
        parents.append(child)
    parents[-1].pop(path[-1], None)
    for depth in range(len(parents) - 1, 0, -1):
        if not parents[depth]:
            parents[depth - 1].pop(path[depth - 1], None)


class Record:
    """What we set and what was there before, so that removal is exact."""

    def __init__(self, applied: Dict[Path_, Any], previous: Dict[Path_, Any]) -> None:
        self.applied = applied
        self.previous = previous

    @classmethod
    def load(cls, text: str) -> Record:
        rows = json.loads(text) if text.strip() else []
        return cls(
            {tuple(row["path"]): row["applied"] for row in rows}, {tuple(row["path"]): row["previous"] for row in rows}
        )

    def dump(self) -> str:
        rows = [
            {"path": list(p), "applied": self.applied[p], "previous": self.previous[p]} for p in sorted(self.applied)
        ]
        return json.dumps(rows, indent=2, sort_keys=True) + "\n"


def merge(live: Options, wanted: Options, record: Record) -> Tuple[Options, Record]:
    """`live` with `wanted` in it; what we set earlier and no longer want gets its earlier value back."""
    result: Options = json.loads(json.dumps(live))
    leaves = flatten(wanted)
    for path, applied in record.applied.items():
        if path in leaves or _get(result, path) != applied:
            continue
        before = record.previous[path]
        if before == ABSENT:
            _drop(result, path)
        else:
            _set(result, path, before)
    previous: Dict[Path_, Any] = {}
    for path, value in leaves.items():
        now = _get(result, path)
        ours = path in record.applied and record.applied[path] == now
        previous[path] = record.previous[path] if ours else now
        _set(result, path, value)
    return result, Record(leaves, previous)


def render(options: Options) -> str:
    return json.dumps(options, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def data_root(options: Options) -> str:
    return str(options.get("data-root") or options.get("graph") or DEFAULT_DATA_ROOT).rstrip("/") or "/"


def holds_data(root: Path) -> Optional[str]:
    """The first thing in a data root that a move would lose: a container, an image or a volume."""
    for pattern in ("containers/*", "image/*/imagedb/content/sha256/*", "volumes/*/_data"):
        for found in sorted(root.glob(pattern)):
            return str(found)
    return None


def check_data_root(live: Options, result: Options) -> None:
    """Refuses a move of the data root that would leave images or volumes behind (LLM307)."""
    old, new = data_root(live), data_root(result)
    if old == new:
        return
    found = holds_data(Path(old))
    if found is None:
        return
    raise Refusal("LLM307", old=old, new=new, found=found)


def check_start(result: Options, name: str, start: docker_flags.Start) -> None:
    """Refuses options that Docker would not start with (LLM306): misspelt, or given by docker.service too."""
    other = docker_flags.config_file(start.words)
    if other != name:
        remedy = say("docker_other_file_remedy", name=name)
        raise Refusal("LLM306", name=name, problem=say("docker_other_file", other=other), remedies=[remedy])
    for key, meant in docker_flags.misspelt(result).items():
        said = say("docker_unknown", option=key, meant=meant)
        raise Refusal("LLM306", name=name, problem=said, remedies=[say("docker_says_remedy", name=name)])
    found = docker_flags.clashes(result, start, read_text)
    if found:
        named = ", ".join(clash.option for clash in found)
        problem = say("docker_flag", option=named, flag=", ".join(clash.flag for clash in found), file=found[0].file)
        raise Refusal(
            "LLM306", name=name, problem=problem, remedies=[say("docker_flag_remedy", option=named, name=name)]
        )


def validate(result: Options, name: str, start: docker_flags.Start) -> None:
    """Lets an installed Docker read the file, which refuses unknown options and wrong kinds of values (LLM306).

    Docker before 23 can't be asked.
    """
    program = shutil.which("dockerd", path=SAFE_PATH)
    if not program:
        return
    words = [word for word in start.words[1:] if not word.startswith("--config-file")]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        file.write(render(result))
        file.flush()
        done = run([program, "--validate", "--config-file", file.name, *words], 20)
        said = " ".join((done.stderr.strip() or done.stdout.strip()).split()).replace(file.name, name)
    if done.returncode in (0, TIMED_OUT) or "unknown flag: --validate" in said:
        return
    said = said.rpartition(f"configuration file {name}: ")[2] or said
    said = said.rpartition(f"with file {name}: ")[2] or said
    raise Refusal(
        "LLM306", name=name, problem=say("docker_says", said=said), remedies=[say("docker_says_remedy", name=name)]
    )
