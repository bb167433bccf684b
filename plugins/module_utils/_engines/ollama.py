# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's API: a model made from a GGUF file or pulled, and where it is once it is loaded."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered

TAG = ":latest"
SHARE = 0.9  # of the context that the trial fills


def tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else name + TAG


def fingerprint(wanted: Dict[str, Any]) -> str:
    """A digest of everything that a model is made from; the same is not made twice."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode("utf-8")).hexdigest()


def digest_of(client: Client, name: str) -> str:
    """The digest of a model that Ollama has; empty without it."""
    rows = client.json("/api/tags").get("models") or []
    return next((str(row.get("digest")) for row in rows if row.get("name") == tagged(name)), "")


def create(client: Client, name: str, blob: str, template: str, parameters: Dict[str, Any]) -> None:
    body: Dict[str, Any] = {"model": name, "files": {"model.gguf": "sha256:" + blob}, "stream": False}
    if template:
        body["template"] = template
    if parameters:
        body["parameters"] = parameters
    _finished(client, "/api/create", body)


def pull(client: Client, source: str, name: str) -> None:
    """Pulls from a registry, then gives the model the name under which it is served."""
    _finished(client, "/api/pull", {"model": source, "stream": False})
    if tagged(source) != tagged(name):
        status, text = client.call("/api/copy", {"source": source, "destination": name})
        if status != 200:
            raise Unanswered(f"{client.base}/api/copy: HTTP {status}: {text[:300]}", status)


def delete(client: Client, name: str) -> None:
    status, text = client.call("/api/delete", {"model": name}, method="DELETE")
    if status not in (200, 404):
        raise Unanswered(f"{client.base}/api/delete: HTTP {status}: {text[:300]}", status)


def _finished(client: Client, path: str, body: Dict[str, Any]) -> None:
    answer = client.json(path, body)
    if answer.get("status") != "success":
        raise Unanswered(f"{client.base}{path}: {answer.get('error') or answer}")


def load(client: Client, name: str) -> Dict[str, int]:
    """Loads the model; returns its bytes and those of them on cards."""
    client.json("/api/generate", {"model": name, "stream": False})
    rows = client.json("/api/ps").get("models") or []
    row = next((row for row in rows if row.get("name") == tagged(name)), None)
    if row is None:
        raise Unanswered(f"{client.base}/api/ps: {tagged(name)} was loaded and is gone")
    return {"size": int(row.get("size") or 0), "size_vram": int(row.get("size_vram") or 0)}


def placed(where: Dict[str, int], layers: int) -> None:
    """Refuses where no layer is on a card although the plan puts some there (LLM718)."""
    if layers > 0 and where["size_vram"] == 0:
        raise Refusal("LLM718", layers=layers)


def whole_context(client: Client, name: str, context: int) -> int:
    """Sends a question nearly as long as the context; refuses where Ollama cuts it (LLM508). Returns its tokens."""
    few, more = _read(client, name, 64), _read(client, name, 128)
    each = (more - few) / 64.0
    if each <= 0:
        raise Unanswered(f"{client.base}: {few} and {more} tokens were counted for 64 and 128 words")
    words = int((context * SHARE - few) / each) + 64
    wanted = int(few + (words - 64) * each)
    seen = _read(client, name, words)
    if seen < 0.98 * wanted:
        raise Refusal("LLM508", wanted=wanted, seen=seen, context=context)
    return seen


def _read(client: Client, name: str, words: int) -> int:
    body = {"model": name, "prompt": f"{words}" + " a" * words, "raw": True, "stream": False,
            "options": {"num_predict": 1}}  # fmt: skip
    return int(client.json("/api/generate", body).get("prompt_eval_count") or 0)


class Record:
    """What the last model was made from, and Ollama's own digest of the result."""

    def __init__(self, text: str) -> None:
        try:
            self.rows: Dict[str, Dict[str, str]] = json.loads(text or "{}")
        except ValueError:
            self.rows = {}

    def holds(self, name: str, made_of: str, digest: str) -> bool:
        row = self.rows.get(name) or {}
        return bool(digest) and row.get("made_of") == made_of and row.get("digest") == digest

    def others(self, name: str) -> List[str]:
        return sorted(row for row in self.rows if row != name)

    def with_model(self, name: str, made_of: str, digest: str) -> str:
        self.rows = {name: {"made_of": made_of, "digest": digest}}
        return json.dumps(self.rows, indent=1, sort_keys=True) + "\n"


def failed(name: str, error: Exception) -> Refusal:
    return Refusal("LLM708", name=name, error=error)


def reachable(client: Client) -> Optional[str]:
    """The server's version; None where it does not answer."""
    try:
        return str(client.json("/api/version").get("version") or "?")
    except Unanswered:
        return None
