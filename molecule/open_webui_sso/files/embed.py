#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedding server on :8090 that works with letters: two texts are close if they share pairs of letters.

It needs no weights, and the result of a search is known in advance.
"""

import json
import math
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIZE = 384


def vector(text):
    found = [0.0] * SIZE
    letters = "".join(text.lower().split())
    for pair in zip(letters, letters[1:]):
        found[zlib.crc32("".join(pair).encode()) % SIZE] += 1
    length = math.sqrt(sum(x * x for x in found)) or 1
    return [x / length for x in found]


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.headers.get("Authorization") == "Bearer {{ passwords.embedding }}"
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        rows = [{"object": "embedding", "index": i, "embedding": vector(t)} for i, t in enumerate(texts)]
        told = {"object": "list", "model": asked["model"], "data": rows} if known else {"error": {"message": "no key"}}
        body = json.dumps(told).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("{{ here }}", 8090), Server).serve_forever()
