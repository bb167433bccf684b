# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenAI-compatible server whose timing is known, to judge whatever claims to measure one.

It answers every request with `max_tokens` tokens of one word each: the first after `--first` seconds, each next one
`--next` seconds later, counted from the request's arrival, so that a slow reader does not stretch it. Of every hundred
requests `--fail` end with HTTP 500. It knows no model and is no stand-in for one.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from typing import Any, Dict

WORD = " word"
COUNT = itertools.count()


def fails(number: int, percent: float) -> bool:
    """Whether request `number` (from 0) is one of the failing ones; they are spread evenly."""
    return int((number + 1) * percent / 100) > int(number * percent / 100)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, options: argparse.Namespace) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            arrived = asyncio.get_running_loop().time()
            line, *fields = head.decode("latin-1").split("\r\n")
            length = next((int(f.split(":")[1]) for f in fields if f.lower().startswith("content-length:")), 0)
            body: Dict[str, Any] = json.loads(await reader.readexactly(length)) if length else {}
            await _one(line.split()[1].split("?")[0], body, writer, options, arrived)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _one(
    path: str, body: Dict[str, Any], writer: asyncio.StreamWriter, options: argparse.Namespace, arrived: float
) -> None:
    if not path.endswith("completions"):
        listed = {"object": "list", "data": [{"id": options.model, "object": "model", "owned_by": "stub"}]}
        await _whole(writer, 200, listed if path.endswith("models") else {})
        return
    if fails(next(COUNT), options.fail):
        await _whole(writer, 500, {"error": {"message": "failed as told", "code": 500}})
        return
    tokens = int(body.get("max_completion_tokens") or body.get("max_tokens") or 16)
    prompt = sum(len(str(m.get("content", "")).split()) for m in body.get("messages", ())) or len(
        str(body.get("prompt", "")).split()
    )
    usage = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}
    chat = "chat" in path
    if not body.get("stream"):
        await _until(arrived + options.first + (tokens - 1) * options.next)
        text = WORD * tokens
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        await _whole(
            writer, 200, {"id": "stub", "choices": [{"index": 0, "finish_reason": "length", **choice}], "usage": usage}
        )
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for index in range(tokens):
        await _until(arrived + options.first + index * options.next)
        part = {"delta": {"content": WORD}} if chat else {"text": WORD}
        end = "length" if index == tokens - 1 else None
        await _event(writer, {"choices": [{"index": 0, "finish_reason": end, **part}]}, options.model, chat)
    if (body.get("stream_options") or {}).get("include_usage"):
        await _event(writer, {"choices": [], "usage": usage}, options.model, chat)
    _chunk(writer, b"data: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _until(moment: float) -> None:
    left = moment - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def _event(writer: asyncio.StreamWriter, value: Dict[str, Any], model: str, chat: bool) -> None:
    kind = "chat.completion.chunk" if chat else "text_completion"
    value = {"id": "stub", "object": kind, "created": 0, "model": model, **value}
    _chunk(writer, b"data: " + json.dumps(value).encode() + b"\n\n")
    await writer.drain()


async def _whole(writer: asyncio.StreamWriter, status: int, value: Any) -> None:
    data = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)
    await writer.drain()


async def serve(options: argparse.Namespace) -> None:
    server = await asyncio.start_server(lambda r, w: answer(r, w, options), "127.0.0.1", options.port, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one, which is printed")
    parser.add_argument("--model", default="stub")
    parser.add_argument("--first", type=float, default=0.2, help="seconds to the first token")
    parser.add_argument("--next", type=float, default=0.02, help="seconds between tokens")
    parser.add_argument("--fail", type=float, default=0, help="requests in a hundred that fail")
    asyncio.run(serve(parser.parse_args()))
