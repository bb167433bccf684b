#!/usr/bin/env python3
"""A page on 127.0.0.1:8080 that answers with the headers it got; /stream sends a piece a second."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.path == "/stream":
            for _ in range(3):
                self.wfile.write(b"piece\n")
                self.wfile.flush()
                time.sleep(1)
        else:
            self.wfile.write(json.dumps(dict(self.headers)).encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 8080), Page).serve_forever()
