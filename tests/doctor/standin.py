# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stands in for the engine and the chat page on a node: gives the two answers that the doctor asks for."""

import http.server
import json
import sys
import threading

KEY, SIGNUP, PLACES = sys.argv[1] == "key", sys.argv[2] == "signup", sys.argv[3:]


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        config = self.path == "/api/config"
        body = json.dumps({"features": {"auth": True, "enable_signup": SIGNUP}} if config else {"data": []}).encode()
        self.send_response(401 if self.path.startswith("/v1") and KEY else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


for place in PLACES:
    address, _sign, port = place.partition(":")
    server = http.server.ThreadingHTTPServer((address, int(port)), Page)
    threading.Thread(target=server.serve_forever).start()
