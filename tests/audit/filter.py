# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least content filter: one word is refused, one character of answers is changed. python3 filter.py PORT BACK

It imports nothing of ours, as it also runs on a node.
"""

from __future__ import annotations

import http.client
import http.server
import json
import sys
from typing import ClassVar

SECRET = "核密"  # must not be asked
MESSAGE = {"role": "assistant", "content": "不回答"}
SAID = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "content_filter"}]}


class Filter(http.server.BaseHTTPRequestHandler):
    """Refuses, changes what is answered, and passes on path, key and model as they came."""

    protocol_version = "HTTP/1.1"
    back = 0
    asked: ClassVar[list] = []

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(dict(self.headers))
        if SECRET in json.loads(data)["messages"][-1]["content"]:
            self.answer(200, json.dumps(SAID).encode())
            return
        engine = http.client.HTTPConnection("127.0.0.1", self.back, timeout=60)
        passed = {name: self.headers[name] for name in ("Authorization", "Content-Type", "X-Yitiji-Model")}
        engine.request("POST", self.path, data, passed)
        told = engine.getresponse()
        if told.headers.get("Content-Type") != "text/event-stream":
            self.answer(told.status, told.read().replace("答".encode(), "好".encode()))
            return
        self.send_response(told.status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while line := told.readline():
            line = line.replace("答".encode(), "好".encode())
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_words):
        pass


if __name__ == "__main__":
    Filter.back = int(sys.argv[2])
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Filter).serve_forever()
