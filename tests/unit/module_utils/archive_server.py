# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of one file, with or without ranges."""

from __future__ import annotations

import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    data, ranges, sent = b"", True, 0

    def do_GET(self):
        span = self.headers.get("Range")
        if self.path == "/missing":
            self.send_error(404)
            return
        if span and self.ranges:
            first, last = span[len("bytes=") :].split("-")
            body = self.data[int(first) : int(last) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(self.data)}")
        else:
            body = self.data
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        type(self).sent += len(body)
        self.wfile.write(body)

    def log_message(self, *_args):
        pass
