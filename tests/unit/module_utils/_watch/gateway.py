# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the gateway on loopback: TLS, a key, a model, and whatever answer a test wants."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.answer import Door
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY = "k" * 43
REPLY = {"choices": [{"message": {"role": "assistant", "content": None, "reasoning": "2"}}]}


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """A certificate and its key, by path."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = str(folder / f"{name}.crt"), str(folder / f"{name}.key")
    Path(paths[0]).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    Path(paths[1]).write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


class Gateway:
    """What it answers, and what it was sent. `hold` keeps an answer back until it is set."""

    def __init__(self) -> None:
        self.key, self.models = KEY, ["r1"]
        self.answers: dict[str, tuple[int, Any]] = {
            "/v1/chat/completions": (200, REPLY), "/api/config": (200, {"features": {}})
        }  # fmt: skip
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.door = Door()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Gateway]:
    gateway = Gateway()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            gateway.seen.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
            gateway.hold.wait(10)
            status, reply = gateway.answers.get(self.path, (200, {"data": [{"id": name} for name in gateway.models]}))
            if self.path.startswith("/v1") and self.headers.get("Authorization") != f"Bearer {gateway.key}":
                status, reply = 401, {"error": {}}
            data = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cert, key = certificate(folder, "live")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_args: None  # type: ignore[method-assign]
    gateway.door = Door(port=server.server_address[1], certificate=cert)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        gateway.hold.set()
        server.shutdown()
        server.server_close()
