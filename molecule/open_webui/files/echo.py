#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine on 127.0.0.1:8000 that thinks and then repeats what it was asked; it wants the page's key."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KEY = Path("/etc/yitiji/secrets/page-key")


class Engine(BaseHTTPRequestHandler):
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def allowed(self):
        # read each time: a restored backup brings another
        good = self.headers.get("Authorization") == "Bearer " + KEY.read_text(encoding="utf-8").strip()
        if not good:
            self.answer(401, {"error": "no key"})
        return good

    def do_GET(self):
        if self.allowed():
            self.answer(200, {"object": "list", "data": [{"id": "echo", "object": "model"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.allowed():
            said = {"asked": asked["messages"], "temperature": asked.get("temperature"), "tools": asked.get("tools")}
            message = {"role": "assistant", "content": json.dumps(said, ensure_ascii=False)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.answer(200, {"id": "1", "object": "chat.completion", "model": "echo", "choices": [choice]})

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 8000), Engine).serve_forever()
