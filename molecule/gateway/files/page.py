#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page on 127.0.0.1:8080 that answers with the headers it got, streams at /stream, and lets in who knows "right"."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        known = "token=" in (self.headers.get("Cookie") or "")
        self.send_response(401 if self.path == "/api/v1/auths/" and not known else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.path == "/stream":
            for _ in range(3):
                self.wfile.write(b"piece\n")
                self.wfile.flush()
                time.sleep(1)
        else:
            self.wfile.write(json.dumps(dict(self.headers)).encode())

    def do_POST(self):
        if self.path.startswith("/up%6Coad"):
            self.upload()
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        good = body.get("password") == "right"
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        if good:
            self.send_header("Set-Cookie", "token=a; Path=/")
        self.end_headers()
        self.wfile.write(b"{}")

    def upload(self):
        """Says how much came; nginx gives no length where the caller gave none."""
        left, came = self.headers.get("Content-Length"), 0
        if left is None:
            size = int(self.rfile.readline(), 16)
            while size:
                came += len(self.rfile.read(size))
                self.rfile.readline()
                size = int(self.rfile.readline(), 16)
        else:
            came = len(self.rfile.read(int(left)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(came).encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 8080), Page).serve_forever()
