#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams of OpenAI's own SDK through a gateway, many at a time, for some time; every failure is counted.

    load.py --url https://10.77.0.11/v1 --ca ca.crt --streams 64 --seconds 300 <key

Each stream opens a connection of its own and is never retried, so nothing is hidden. Prints one JSON object:
requests, failed, the kinds of failure, and times to the first piece. Exit status 1 when one failed.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import ssl
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient


async def one(options: argparse.Namespace, key: str, context: ssl.SSLContext) -> tuple[float, float, int]:
    """One stream to its end: seconds to the first piece, seconds to the last, and the pieces."""
    began, first, pieces = time.monotonic(), 0.0, 0
    async with AsyncOpenAI(
        base_url=options.url,
        api_key=key,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(verify=context, timeout=options.timeout),
    ) as client:
        stream = await client.chat.completions.create(
            model=options.model,
            stream=True,
            max_tokens=options.tokens,
            messages=[{"role": "user", "content": options.question}],
            extra_body=json.loads(options.body),
        )
        async for _chunk in stream:
            first = first or time.monotonic() - began
            pieces += 1
    if not pieces:
        raise ValueError("an empty stream")
    return first, time.monotonic() - began, pieces


async def drive(options: argparse.Namespace, key: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=options.ca or None)
    kinds: collections.Counter[str] = collections.Counter()
    streams: list[tuple[float, float, int]] = []
    total = 0
    until = time.monotonic() + options.seconds

    async def work() -> None:
        nonlocal total
        while time.monotonic() < until and not (options.end and Path(options.end).exists()):
            total += 1
            try:
                streams.append(await one(options, key, context))
                await asyncio.sleep(options.pause)
            except Exception as error:  # every kind counts
                kinds[f"{type(error).__name__}: {str(error)[:120]}"] += 1
                await asyncio.sleep(0.2)

    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(options.streams)))
    firsts = sorted(first for first, _whole, _pieces in streams)
    return {
        "streams": options.streams,
        "seconds": round(time.monotonic() - began, 1),
        "requests": total,
        "failed": sum(kinds.values()),
        "failures": dict(kinds),
        "first_piece_median": round(statistics.median(firsts), 3) if firsts else None,
        "first_piece_p95": round(firsts[int(len(firsts) * 0.95)], 3) if firsts else None,
        "whole_median": round(statistics.median(whole for _first, whole, _pieces in streams), 3) if streams else None,
        "pieces": sum(pieces for _first, _whole, pieces in streams),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca", default="")
    parser.add_argument("--model", default="stand-in")
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--end", default="", help="no new request once this file is there")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--pause", type=float, default=0, help="seconds that a person reads before the next question")
    parser.add_argument("--question", default="你好")
    parser.add_argument("--body", default="{}", help="JSON that only this engine understands")
    options = parser.parse_args()
    found = asyncio.run(drive(options, sys.stdin.read().strip()))
    print(json.dumps(found, ensure_ascii=False))
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
