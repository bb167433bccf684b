# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that give each other weights: a stranger on the network is neither believed nor served."""

from __future__ import annotations

import datetime
import hashlib
import http.server
import ipaddress
import json
import ssl
import threading
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, Entry, Manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, mirror, transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MODEL = "attack/model"
DATA = b'{"model_type": "qwen2"}'
SHA = hashlib.sha256(DATA).hexdigest()
LISTED = Manifest(MODEL, "master", [Entry("config.json", len(DATA), SHA)])


def certificate(path: Path, address: str = "127.0.0.1") -> Path:
    """As role weights makes them: signed by itself, for one address, no authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "yitiji-weights-share")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    (path.parent / f"{path.stem}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


class Node(http.server.ThreadingHTTPServer):
    """A node that shares; it asks for a certificate of `peers`, as nginx is told to."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, own: Path | None, peers: Path | None, redirect: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.redirect = redirect
        scheme = "http"
        if own:
            scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own)
            if peers:
                context.load_verify_locations(peers)
                context.verify_mode = ssl.CERT_REQUIRED
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, *_args: object) -> None:
        pass


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        rows = [file._asdict() for file in LISTED.files]
        body = {
            MANIFEST: json.dumps({"schema": 1, "model": MODEL, "revision": "master", "files": rows}).encode(),
            STAMP: json.dumps({"manifest_sha256": LISTED.digest()}).encode(),
            "config.json": DATA,
        }.get(self.path.strip("/"))
        if self.server.redirect:
            self.send_response(302)
            self.send_header("Location", self.server.redirect + self.path)
        else:
            self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(0 if self.server.redirect else len(body or b"")))
        self.end_headers()
        if not self.server.redirect:
            self.wfile.write(body or b"")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mirror, "SILENT", 1.0)
    monkeypatch.setattr(mirror, "AVOID", 0.1)
    monkeypatch.setattr(transfer, "POLL_EVERY", 0.05)
    monkeypatch.setattr(transfer, "KEEP_EVERY", 0.05)
    for name in ("head", "taker", "stranger"):
        certificate(tmp_path / f"{name}.pem")
    certificate(tmp_path / "elsewhere.pem", "127.0.0.2")
    running: list[Node] = []

    def start(own: str, peers: str = "", redirect: str = "") -> Node:
        key = tmp_path / f"{own}.pem" if own else None
        running.append(Node(key, tmp_path / f"{peers}.crt" if peers else None, redirect))
        return running[-1]

    def take(node: Node, own: str = "taker", peers: str = "head", **more: object) -> download.Outcome:
        known = {"identity": str(tmp_path / f"{own}.pem"), "peers": str(tmp_path / f"{peers}.crt")} if own else {}
        request = Request(
            MODEL, str(tmp_path / "dest"), source="mirror", mirrors=[node.url], mirror_wait=0.3, timeout=2, retries=0,
            lock_timeout=0.5, **{**known, **more},
        )  # fmt: skip
        return download.Weights(request).run()

    yield start, take, tmp_path / "dest"
    for node in running:
        node.shutdown()
        node.server_close()


def test_nodes_of_the_run_share(site) -> None:
    start, take, dest = site
    assert take(start("head", "taker")).verified and (dest / "config.json").read_bytes() == DATA


@pytest.mark.parametrize(
    "how", ["plain", "another certificate", "another node's certificate", "certificate of another address", "redirect"]
)
def test_a_stranger_is_not_believed(site, how: str) -> None:
    """He answers at the head's address with a list and bytes that fit each other."""
    start, take, dest = site
    honest = start("stranger", "")
    node = {
        "plain": lambda: start(""),
        "another certificate": lambda: start("stranger"),
        "another node's certificate": lambda: start("taker"),
        "certificate of another address": lambda: start("elsewhere"),
        "redirect": lambda: start("head", "taker", redirect=honest.url),
    }[how]()
    with pytest.raises(Refusal):
        take(node, peers="elsewhere" if how == "certificate of another address" else "head")
    assert not (dest / STAMP).exists() and not (dest / "config.json").exists()
    assert not any("config.json" in path for path in honest.asked + node.asked if how != "redirect")


@pytest.mark.parametrize("own", ["", "stranger"])
def test_a_stranger_is_not_served(site, own: str) -> None:
    start, take, dest = site
    node = start("head", "taker")
    with pytest.raises(Refusal):
        take(node, own=own, manifest_sha256=LISTED.digest(), validate_certs=False)
    assert not node.asked and not (dest / "config.json").exists()


@pytest.mark.parametrize("bound", ["no", "a hash missing"])
def test_a_list_that_nothing_binds_is_not_followed(site, bound: str) -> None:
    start, take, dest = site
    more = {"files": [LISTED.files[0]._replace(sha256="")]} if bound != "no" else {}
    with pytest.raises(Refusal) as caught:
        take(start(""), own="", **more)
    assert caught.value.rule == "LLM641" and not dest.joinpath("config.json").exists()


@pytest.mark.parametrize("bound", [{"files": list(LISTED.files)}, {"manifest_sha256": LISTED.digest()}])
def test_a_list_that_is_bound_may_come_in_the_open(site, bound: dict) -> None:
    start, take, dest = site
    assert take(start(""), own="", **bound).verified and (dest / "config.json").read_bytes() == DATA


# The engine's image takes the same way, as one archive.


@pytest.fixture
def archive(site, tmp_path: Path):
    start, _take, _dest = site

    def fetch(node: Node, own: str = "taker", peers: str = "head", where: str = "") -> bytes:
        stream.introduce(node.url, str(tmp_path / f"{own}.pem"), str(tmp_path / f"{peers}.crt"))
        with stream.open_stream(f"{where or node.url}/config.json")[0] as found:
            return found.read()

    yield start, fetch
    stream._NEIGHBOURS.clear()


def test_an_archive_comes_from_a_node_of_the_run(archive, monkeypatch: pytest.MonkeyPatch) -> None:
    start, fetch = archive
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert fetch(start("head", "taker")) == DATA


@pytest.mark.parametrize("how", ["another certificate", "certificate of another address", "redirect"])
def test_no_archive_of_a_stranger_is_read(archive, how: str) -> None:
    start, fetch = archive
    honest = start("", "")
    node = {
        "another certificate": lambda: start("stranger"),
        "certificate of another address": lambda: start("elsewhere"),
        "redirect": lambda: start("head", "taker", redirect=honest.url),
    }[how]()
    with pytest.raises(stream.Unreadable):
        fetch(node, peers="elsewhere" if how == "certificate of another address" else "head")
    assert not honest.asked and (node.asked == [] or how == "redirect")


def test_no_archive_is_given_to_a_stranger(archive) -> None:
    start, fetch = archive
    node = start("head", "taker")
    with pytest.raises(stream.Unreadable):
        fetch(node, own="stranger")
    assert not node.asked
