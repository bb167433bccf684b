# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a verified bundle to the nodes during a run: its files, and its models as ModelScope's protocol has them.

So roles need no special case: a bundle is a package source, a store of archives and a hub.
"""

from __future__ import annotations

import errno
import http.server
import json
import os
import re
import socket
import socketserver
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import Bundle, File

MODEL = re.compile(r"^/api/v1/models/([\w.-]+/[\w.-]+)/(repo|repo/files|revisions)$")
PREFIX = "models/"
LOOK = 1.0  # seconds between two checks whether the run is still there


class Shelf:
    """What is handed out, by path."""

    def __init__(self, bundle: Bundle, folder: str) -> None:
        self.folder = folder
        self.files = {file.path: file for file in bundle.files}
        self.revisions = {str(row["model"]): str(row["revision"]) for row in bundle.holds.get("models") or []}

    def file(self, path: str) -> Optional[File]:
        """By the path as it stands, or as an address quotes it."""
        plain = path.lstrip("/").replace("/./", "/")  # as apt asks for the files of a flat repository
        return self.files.get(plain) or self.files.get(unquote(plain))

    def listing(self, model: str, below: str, recursive: bool) -> Optional[List[Dict[str, Any]]]:
        if model not in self.revisions:
            return None
        start = f"{PREFIX}{model}/"
        root = below.strip("/") + "/" if below.strip("/") else ""
        rows: Dict[str, Dict[str, Any]] = {}
        for path, file in sorted(self.files.items()):
            inner = path[len(start) :]
            if not path.startswith(start) or not inner.startswith(root):
                continue
            folders = inner[len(root) :].split("/")[:-1]
            for depth in range(1, len(folders) + 1):
                folder = root + "/".join(folders[:depth])
                rows[folder] = {"Path": folder, "Name": folder.rsplit("/", 1)[-1], "Type": "tree", "Size": 0}
            name = inner.rsplit("/", 1)[-1]
            rows[inner] = {"Path": inner, "Name": name, "Type": "blob", "Size": file.size, "Sha256": file.sha256}
        found = [rows[path] for path in sorted(rows)]
        return found if recursive else [row for row in found if "/" not in row["Path"][len(root) :]]


def span(header: str, size: int) -> Optional[Tuple[int, int]]:
    """First byte and the one after the last of a `Range`; None: the whole file. ValueError: not within it."""
    match = re.match(r"^bytes=(\d*)-(\d*)$", header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    begin, end = int(first), min(size, int(last) + 1) if last else size
    if begin >= size or begin >= end:
        raise ValueError(header)
    return begin, end


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "yitiji-bundle"
    sys_version = ""
    timeout = 120
    shelf: Shelf
    allowed: Sequence[str] = ()
    stop_word = ""
    on_stop: Callable[[], None]

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        self._answer(True)

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_POST(self) -> None:
        if self.stop_word and self.path == "/stop/" + self.stop_word:
            self._json(200, {"stopped": True}, True)
            type(self).on_stop()
        else:
            self._json(404, {"Code": 404}, True)

    def _answer(self, body: bool) -> None:
        peer = str(self.client_address[0])
        peer = peer[7:] if peer.startswith("::ffff:") else peer
        if peer not in self.allowed:
            self.close_connection = True
            return self._json(403, {"Code": 403, "Message": f"{peer} is no node of this run"}, body)
        parts = urlsplit(self.path)
        match = MODEL.match(parts.path)
        if match:
            return self._model(match.group(1), match.group(2), parse_qs(parts.query), body)
        file = self.shelf.file(parts.path)
        if file is None:
            return self._json(404, {"Code": 404, "Success": False, "Message": "not in the bundle"}, body)
        return self._file(file, body)

    def _model(self, model: str, verb: str, query: Dict[str, List[str]], body: bool) -> None:
        revision = self.shelf.revisions.get(model)
        wanted = query.get("Revision", ["master"])[0]
        if revision is None or (verb != "revisions" and wanted != revision):
            return self._json(404, {"Code": 404, "Success": False, "Message": "not in the bundle"}, body)
        if verb == "revisions":
            rows = [{"Revision": revision, "CreatedAt": 0}]
            return self._json(200, {"Code": 200, "Data": {"RevisionMap": {"Branches": rows, "Tags": []}}}, body)
        if verb == "repo/files":
            recursive = query.get("Recursive", ["False"])[0].lower() == "true"
            files = self.shelf.listing(model, query.get("Root", [""])[0], recursive)
            return self._json(200, {"Code": 200, "Success": True, "Data": {"Files": files}}, body)
        file = self.shelf.files.get(f"{PREFIX}{model}/{query.get('FilePath', [''])[0]}")
        return self._file(file, body) if file else self._json(404, {"Code": 404, "Success": False}, body)

    def _json(self, status: int, data: Any, body: bool) -> None:
        text = json.dumps(data).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if body:
            self.wfile.write(text)

    def _file(self, file: File, body: bool) -> None:
        try:
            part = span(self.headers.get("Range", ""), file.size)
        except ValueError:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{file.size}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        begin, end = part or (0, file.size)
        with open(os.path.join(self.shelf.folder, file.path), "rb") as source:
            self.send_response(206 if part else 200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(end - begin))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("X-Linked-ETag", f'"{file.sha256}"')
            if part:
                self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{file.size}")
            self.end_headers()
            if body and end > begin:
                self.wfile.flush()
                self.connection.sendfile(source, begin, end - begin)
        return None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A node that hangs up is no error."""

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class Server6(Server):
    address_family = socket.AF_INET6


def listen(
    shelf: Shelf, addresses: Sequence[str], port: int, allowed: Sequence[str], word: str
) -> Tuple[List[Server], threading.Event]:
    """On each address; where one is not this machine's own (NAT), on all of them, but still for the nodes only."""
    over = threading.Event()

    class Bound(Handler):
        pass

    Bound.shelf, Bound.allowed, Bound.stop_word = shelf, tuple(allowed), word
    Bound.on_stop = staticmethod(over.set)
    try:
        servers = [_server(address, port, Bound) for address in dict.fromkeys(addresses)]
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        servers = [_server("0.0.0.0", port, Bound)]  # noqa: S104 - behind NAT; `_answer` refuses all but `allowed`
    return servers, over


def _server(address: str, port: int, handler: Any) -> Server:
    return (Server6 if ":" in address else Server)((address, port), handler)


def alive(pid: int, started: str) -> bool:
    """Whether the run that asked is still there: the same process, not one that got its number later."""
    return started != "" and start_of(pid) == started


def start_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def serve(servers: Sequence[Server], over: threading.Event, pid: int, started: str) -> None:
    """Until it is told to stop, or the run is gone."""
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    while not over.wait(LOOK) and alive(pid, started):
        continue
    time.sleep(0.2)
    for server in servers:
        server.shutdown()  # otherwise its thread would poll a closed socket without pause
        server.server_close()
