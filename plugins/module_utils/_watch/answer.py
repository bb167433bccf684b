# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks as a user does, on the node itself: one short answer through the gateway over TLS, and the chat page.

The gateway must show the certificate that is on the disk, or it is given no key. No key is ever returned.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

CERTIFICATE = "/etc/yitiji/tls/live.crt"
SITE = "/etc/nginx/conf.d/yitiji.conf"
KEYS = "/etc/yitiji/secrets"
PREFIX = "gateway-key-"
TIMEOUT = 20.0
HANDSHAKE = 8.0
MOST_KEYS = 4  # a node may hold the keys of many teams; some may be suspended
MOST_BYTES = 1 << 20
ANSWER_TOKENS = 4
NAME = re.compile(r"^\s*server_name\s+([^;]+);", re.MULTILINE)
Read = Callable[[str], Optional[str]]


class Door(NamedTuple):
    """Where the gateway listens on this node, and by which name it is called."""

    port: int = 443
    name: str = "127.0.0.1"
    certificate: str = CERTIFICATE
    address: str = "127.0.0.1"

    @property
    def where(self) -> str:
        return f"{self.address}:{self.port}"


class Trouble(Exception):
    """`stage` is how far it came: connect, tls, certificate, other certificate, keys, engine, busy, silent, reply."""

    def __init__(self, stage: str, reason: str, status: Optional[int] = None) -> None:
        super().__init__(reason)
        self.stage, self.status = stage, status


def door_of(read: Read, port: int) -> Door:
    """By the name of nginx's own site: a gateway may refuse others."""
    names = [name for row in NAME.findall(read(SITE) or "") for name in row.split() if name != "_"]
    return Door(port=port, name=names[0] if names else "127.0.0.1")


def keys_of(names: Sequence[str], read: Read, folder: str = KEYS) -> List[str]:
    """The teams' keys that lie on the node, the default team's first."""
    found = sorted(name for name in names if name.startswith(PREFIX))
    found.sort(key=lambda name: name != PREFIX + "default")
    keys = [(read(f"{folder}/{name}") or "").strip() for name in found]
    return [key for key in keys if re.match(r"^[\x21-\x7e]+$", key)][:MOST_KEYS]


def call(
    door: Door, path: str, key: str = "", body: Optional[Dict[str, Any]] = None, timeout: float = TIMEOUT
) -> Tuple[int, str]:
    """Status and text of one request, whatever the status."""
    end = time.monotonic() + timeout
    connection = http.client.HTTPConnection(door.name, door.port, timeout=timeout)
    connection.sock = _shake(door, min(timeout, HANDSHAKE))
    connection.sock.settimeout(timeout)
    headers = {"Host": door.name if door.port == 443 else f"{door.name}:{door.port}", "User-Agent": "yitiji-watch"}
    if key:
        headers["Authorization"] = "Bearer " + key
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        text = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, body=text, headers=headers)
        answer = connection.getresponse()
        return answer.status, _read(answer, end)
    except socket.timeout as error:
        raise Trouble("silent", f"no answer within {timeout:.0f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise Trouble("silent", f"the connection broke: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _shake(door: Door, timeout: float) -> ssl.SSLSocket:
    # The certificate is compared with the one on the disk, so no authority has to vouch for it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with open(door.certificate, encoding="ascii") as stream:
            wanted = ssl.PEM_cert_to_DER_cert(_first(stream.read()))
    except (OSError, ValueError) as error:
        raise Trouble("certificate", f"{door.certificate}: {getattr(error, 'strerror', None) or error}") from error
    try:
        raw = socket.create_connection((door.address, door.port), timeout=timeout)
    except OSError as error:
        raise Trouble("connect", error.strerror or str(error)) from error
    try:
        sock = context.wrap_socket(raw, server_hostname=door.name)
    except (OSError, ValueError) as error:
        raw.close()
        raise Trouble("tls", str(error) or type(error).__name__) from error
    if sock.getpeercert(binary_form=True) != wanted:
        sock.close()
        raise Trouble("other certificate", f"it is not the one in {door.certificate}")
    return sock


def _first(text: str) -> str:
    """The first certificate of a chain."""
    match = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
    if not match:
        raise ValueError("there is no certificate in it")
    return match.group(0)


def _read(answer: http.client.HTTPResponse, end: float) -> str:
    parts: List[bytes] = []
    while sum(map(len, parts)) < MOST_BYTES:
        if time.monotonic() > end:
            raise Trouble("silent", "the answer did not end in time")
        part = answer.read(65536)
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def ask(door: Door, keys: Sequence[str], model: str = "", timeout: float = TIMEOUT) -> Dict[str, Any]:
    """{ok, stage, status, reason, model, seconds}; `ok` is None when there is no key to ask with."""
    began = time.monotonic()
    try:
        name, key = _known(door, keys, model, timeout)
        found: Dict[str, Any]
        if not key:
            found = {"ok": None, "stage": "no key", "reason": "no key lies on the node; it refuses without one"}
        else:
            left = max(1.0, timeout - (time.monotonic() - began))
            found = _short(door, key, name, left)
        found["model"] = name
    except Trouble as trouble:
        found = {"ok": False, "stage": trouble.stage, "status": trouble.status, "reason": str(trouble)}
    return {"status": None, "reason": "", "model": model, **found, "seconds": round(time.monotonic() - began, 2)}


def _known(door: Door, keys: Sequence[str], model: str, timeout: float) -> Tuple[str, str]:
    """The model to ask and the key that the gateway takes; an empty key where none lies on the node."""
    status = 0
    for key in keys or [""]:
        status, text = call(door, "/v1/models", key, timeout=timeout)
        if status == 200:
            listed = _names(text)
            if model and model in listed:
                return model, key
            tagged = [name for name in listed if name.partition(":")[0] == model]  # Ollama's names have a tag
            if (not model and not listed) or (model and not tagged):
                known = ", ".join(listed) or "none is"
                raise Trouble("engine", f"model {model or '?'} is not listed ({known})", status)
            return (tagged or listed)[0], key
        if status not in (401, 403):
            break
    if status == 401 and not keys:
        return model, ""
    raise Trouble(_stage(status), f"HTTP {status} of /v1/models", status)


def _names(text: str) -> List[str]:
    try:
        return [str(row["id"]) for row in json.loads(text)["data"]]
    except (ValueError, KeyError, TypeError):
        return []


def _short(door: Door, key: str, model: str, timeout: float) -> Dict[str, Any]:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "1+1="}],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0,
        "stream": False,
    }
    status, text = call(door, "/v1/chat/completions", key, body, timeout)
    if status != 200:
        raise Trouble(_stage(status), f"HTTP {status} of /v1/chat/completions", status)
    try:
        choice = json.loads(text)["choices"][0]["message"]
    except (ValueError, LookupError, TypeError) as error:
        raise Trouble("reply", "HTTP 200 without an answer in it", status) from error
    if not isinstance(choice, dict):
        raise Trouble("reply", "HTTP 200 without an answer in it", status)
    return {"ok": True, "stage": "", "status": status, "reason": ""}


def _stage(status: int) -> str:
    if status in (401, 403):
        return "keys"
    if status == 429:
        return "busy"
    if status == 504:
        return "silent"
    return "engine" if status in (502, 503) else "reply"


def page(door: Door, timeout: float = TIMEOUT) -> Dict[str, Any]:
    """{ok, stage, status, reason, seconds} of the page's own configuration, which it reads from its database."""
    began = time.monotonic()
    found: Dict[str, Any] = {"ok": True, "stage": "", "status": 200, "reason": ""}
    try:
        status, text = call(door, "/api/config", timeout=timeout)
        if status != 200 or not _is_object(text):
            stage = "page" if status != 504 else "silent"
            raise Trouble(stage, f"HTTP {status}" + ("" if status != 200 else " without a configuration"), status)
    except Trouble as trouble:
        found = {"ok": False, "stage": trouble.stage, "status": trouble.status, "reason": str(trouble)}
    return {**found, "seconds": round(time.monotonic() - began, 2)}


def both(
    door: Door, keys: Sequence[str], model: str, has_page: bool
) -> Tuple[Dict[str, Any], Optional[Dict[str, Any]]]:
    """The answer and the page; a gateway that does not answer is waited for only once."""
    found = ask(door, keys, model)
    if not has_page:
        return found, None
    if found["stage"] in ("connect", "tls", "certificate", "other certificate"):
        return found, {key: value for key, value in found.items() if key != "model"}
    return found, page(door)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
