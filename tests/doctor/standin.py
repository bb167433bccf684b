# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the engine, the chat page and the gateway on a node: gives the answers that the doctor asks for.

standin.py key|none signup|closed ADDRESS:PORT... [tls CERTIFICATE KEY]: with tls it is the gateway, for any key.
"""

import http.server
import json
import ssl
import sys
import threading

words, _tls, files = " ".join(sys.argv[1:]).partition(" tls ")
KEY, SIGNUP, PLACES = words.split()[0] == "key", words.split()[1] == "signup", words.split()[2:]
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "2"}}]}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        config = self.path == "/api/config"
        keyless = KEY and not (files and self.headers.get("Authorization"))
        said = {"features": {"auth": True, "enable_signup": SIGNUP}} if config else {"data": [{"id": "tiny"}]}
        body = json.dumps(ANSWER if self.command == "POST" else said).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401 if self.path.startswith("/v1") and keyless else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_args):
        pass


for place in PLACES:
    address, _sign, port = place.partition(":")
    server = http.server.ThreadingHTTPServer((address, int(port)), Page)
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files.split())
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
