# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the engine: the figures that a real vLLM served once, and its health."""

import http.server
import pathlib

FIGURES = pathlib.Path("/usr/local/share/vllm-metrics.txt").read_bytes()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(FIGURES if self.path == "/metrics" else b"")

    def log_message(self, *_args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Page).serve_forever()
