#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small ModelScope hub for the lab and the tests, with faults on demand. Standard library only.

    hub.py --root DIR [--host 127.0.0.1] [--port 8801] [--files DIR]

DIR/owner/name/** are the models; the revision is `master`, more are named in DIR/owner/name/.revisions.
--files DIR is served under /files/ as it is, with ranges, never hashed.

Run time control, for tests:
    POST /__fault   {"kind": ..., "path": "*", "times": 1, ...}   (see faults.py)
    POST /__reset   forget faults and the request log
    GET  /__log     the requests so far: method, url, range, status, bytes sent, cookie, authorization
"""

import argparse
import json
import os
import posixpath
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import contextlib

from faults import Faults, Sender
from repos import LISTING_LIMIT, Repos

CDN_FROM = 1 << 20  # larger files are redirected when there is a CDN


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "yitiji-lab-hub"
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass

    @property
    def hub(self):
        return self.server.hub

    def note(self, status, sent=0):
        self.hub.note(
            {
                "time": round(time.time(), 3),
                "method": self.command,
                "url": self.path,
                "range": self.headers.get("Range"),
                "status": status,
                "sent": sent,
                "host": self.headers.get("Host"),
                "agent": self.headers.get("User-Agent"),
                "cookie": self.headers.get("Cookie"),
                "authorization": self.headers.get("Authorization"),
            }
        )

    def answer(self, status, data=None, message="success", headers=()):
        body = json.dumps(
            {
                "Code": 200 if status < 400 else 10010200000 + status,
                "Success": status < 400,
                "Message": message,
                "RequestId": str(uuid.uuid4()),
                "Data": data,
            }
        ).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.note(status, len(body))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/__fault":
            self.hub.faults.add(body)
            return self.answer(200, self.hub.faults.active())
        if self.path == "/__reset":
            self.hub.reset()
            return self.answer(200)
        if self.path == "/api/v1/login":
            return self.answer(200, {"AccessToken": "lab", "Username": "lab", "Email": "lab@example.invalid"})
        return self.answer(404, message="not found")

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        if url.path == "/__log":
            return self.answer(200, self.hub.requests())
        if parts[0] == "files" and self.hub.files:
            return self.static(self.hub.files, parts[1:])
        if parts[0] == "cdn":
            return self.static(self.hub.repos.root, parts[1:])
        if parts[:2] == ["openapi", "v1"]:
            parts[:2] = ["api", "v1"]
        if parts == ["api", "v1", "repos", "internalAccelerationInfo"]:
            return self.answer(200, {"InternalRegionQueryAddress": ""})
        if parts[:3] != ["api", "v1", "models"] or len(parts) < 5:
            return self.answer(404, message="not found")
        if not self.allowed():
            return self.answer(401, message="Unauthorized")
        return self.model("/".join(parts[3:5]), "/".join(parts[5:]), query)

    def allowed(self):
        token = self.hub.token
        return (
            not token
            or "m_session_id=" + token in (self.headers.get("Cookie") or "")
            or self.headers.get("Authorization") == "Bearer " + token
        )

    def model(self, model, what, query):
        repos = self.hub.repos
        if not repos.has(model):
            return self.answer(404, message=f"model {model} not exists")
        revision = query.get("Revision") or "master"
        revisions = repos.revisions(model)
        if what == "":
            owner, name = model.split("/")
            return self.answer(200, {"Id": 1, "Path": owner, "Name": name, "Revision": "master", "Visibility": 5})
        if what == "revisions":
            known = [{"Revision": revision, "CreatedAt": 1737000000, "CommitId": ""} for revision in revisions]
            return self.answer(200, {"RevisionMap": {"Branches": known[:1], "Tags": known[1:]}})
        if revision not in revisions:
            return self.answer(404, message=f"revision {revision} not exists")
        if what == "repo/files":
            return self.listing(model, query)
        if what == "repo":
            return self.file(model, query.get("FilePath") or "")
        return self.answer(404, message="not found")

    def listing(self, model, query):
        fault = self.hub.faults.take(model, "error_listing")
        if fault:
            return self.error(fault)
        found = self.hub.repos.listing(model, query.get("Root") or "", query.get("Recursive", "true").lower() == "true")
        fault = self.hub.faults.take(model, "listing")
        if fault:
            found = [entry for entry in found if entry["Path"] not in fault.get("remove", [])]
            for entry in found:
                entry.update(fault.get("set", {}).get(entry["Path"], {}))
            found += fault.get("add", [])
        return self.answer(200, {"Files": found[:LISTING_LIMIT], "IsVisual": 0})

    def file(self, model, name):
        path = self.hub.repos.path(model, name)
        if not path:
            return self.answer(404, message=f"file {name} not exists")
        if self.hub.cdn and os.path.getsize(path) > CDN_FROM:
            target = f"{self.hub.cdn}/cdn/{quote(f'{model}/{name}')}?auth_key={uuid.uuid4().hex}"
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("X-Linked-ETag", f'"{self.hub.repos.sha256(path)}"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return self.note(302)
        return self.blob(path, name, self.hub.repos.sha256(path))

    def static(self, root, parts):
        relative = posixpath.normpath("/".join(parts))
        path = os.path.join(root, relative)
        if relative.startswith((".", "/")) or not os.path.isfile(path):
            return self.answer(404, message="file not exists")
        return self.blob(path, relative.rsplit("/", 1)[-1], None)

    def error(self, fault):
        after = fault.get("retry_after")
        self.answer(fault.get("status", 500), message="fault", headers=[("Retry-After", str(after))] if after else ())

    def blob(self, path, name, sha256):
        Sender(self, path, name, sha256).send()


class Hub:
    def __init__(self, options):
        self.repos = Repos(options.root)
        self.files = os.path.abspath(options.files) if options.files else None
        self.cdn = options.cdn.rstrip("/") if options.cdn else None
        self.token = options.token
        self.rate = options.rate
        self.faults = Faults()
        self._log = []
        self._lock = threading.Lock()

    def note(self, record):
        with self._lock:
            self._log.append(record)
            del self._log[:-20000]

    def requests(self):
        with self._lock:
            return list(self._log)

    def reset(self):
        self.faults.clear()
        with self._lock:
            self._log.clear()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that went away is not worth a line


def serve(argv=None):
    parser = argparse.ArgumentParser(description="ModelScope hub for the lab")
    parser.add_argument("--root", required=True, help="DIR/owner/name/** are the models")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801, help="0 = any free port, printed")
    parser.add_argument("--files", help="a directory served under /files/")
    parser.add_argument("--token", help="refuse requests without this token")
    parser.add_argument("--cdn", help="redirect files over 1 MiB to this base URL (another hub with the same --root)")
    parser.add_argument("--rate", type=int, default=0, help="bytes per second for each connection")
    parser.add_argument("--certificate", help="PEM file with key and certificate: serve https")
    parser.add_argument("--warm", action="store_true", help="hash all models before serving")
    options = parser.parse_args(argv)
    server = Server((options.host, options.port), Handler)
    server.hub = Hub(options)
    scheme = "http"
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    if options.warm:
        server.hub.repos.warm()
    print(f"hub ready: {scheme}://{options.host}:{server.server_address[1]}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    serve()
