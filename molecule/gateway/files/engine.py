#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for an engine: `engine.py PORT`. Streams pieces the way OpenAI's API does, and keeps a list of what came.

The body may say `pieces`, `pause` (seconds between them) and `die` (end the process after the first piece).
Answers only to the engine's own key, as a real one does.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = int(sys.argv[1])
MODEL = "second" if PORT == 8003 else "stand-in"
SEEN = f"/run/engine-{PORT}.log"
KEY = Path("/etc/yitiji/secrets/engine-key").read_text(encoding="utf-8").strip()


class Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}") if size else {}
        with open(SEEN, "a", encoding="utf-8") as log:
            log.write(f"{self.command} {self.path} {json.dumps(dict(self.headers))}\n")
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self.whole(401, {"error": {"message": "the engine's own refusal", "code": 401}})
        if self.path == "/v1/models":
            return self.whole(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        if not body.get("stream"):
            message = {"role": "assistant", "content": f"answer of {PORT}"}
            return self.whole(200, {"model": MODEL, "choices": [{"index": 0, "message": message}]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(int(body.get("pieces", 3))):
            delta = {"role": "assistant", "content": f"{PORT}:{number} "}
            row = {"id": "x", "object": "chat.completion.chunk", "model": MODEL,
                   "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}  # fmt: skip
            self.piece(f"data: {json.dumps(row)}\n\n")
            if body.get("die"):
                os._exit(1)
            time.sleep(float(body.get("pause", 0.2)))
        self.piece("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def piece(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def whole(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


Server(("127.0.0.1", PORT), Engine).serve_forever()
