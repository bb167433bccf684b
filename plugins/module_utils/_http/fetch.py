# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP for large files: connections that are kept open, ranges, proxies, redirects that never pass the token on."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Optional, Tuple
from urllib.parse import urljoin, urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

AGENT = "yitiji-deepseek"
REDIRECTS = 5
SLOW_BYTES = 1024  # fewer bytes per second than this, over a whole timeout, is a dead server
FILL_BYTES = 256 << 10  # hashing and writing less at a time costs more than it gains
FILL_SECONDS = 0.25
NETWORK = (OSError, http.client.HTTPException, EOFError)

Origin = Tuple[str, str, int]


class Broken(Exception):
    """The transfer broke.

    What has arrived is good. `wait`: seconds that the server asks for; `status`: of HTTP, 0 for none.
    """

    def __init__(self, detail: str, wait: float = 0.0, status: int = 0) -> None:
        super().__init__(detail)
        self.wait = wait
        self.status = status


def origin(url: str) -> Origin:
    """(scheme, host, port) of an address."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


class Client:
    """What all connections to one hub share.

    Safe to share between threads. `timeout` in seconds; Refusal LLM605 for a bad address.
    """

    def __init__(
        self,
        endpoint: str,
        token: str = "",
        timeout: float = 60.0,
        ca_path: str = "",
        validate_certs: bool = True,
        identity: str = "",
    ) -> None:
        """`identity`: a file with this side's key and certificate; then only the peers in `ca_path` are trusted."""
        self.endpoint = endpoint.rstrip("/")
        if urlsplit(self.endpoint).scheme not in ("http", "https") or not urlsplit(self.endpoint).hostname:
            raise Refusal("LLM605", url=endpoint, detail="not an http(s) address")
        self.home = origin(self.endpoint)
        self.token = token
        self.timeout = timeout
        self.ca_path = ca_path
        self.validate_certs = validate_certs or bool(identity)
        self.identity = identity
        self.proxies = {} if identity else urllib.request.getproxies()  # neighbours are reached directly
        self._context: Optional[ssl.SSLContext] = None

    def context(self) -> ssl.SSLContext:
        if self._context is None:
            context = self._pinned() if self.identity else ssl.create_default_context(cafile=self.ca_path or None)
            if not self.validate_certs:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._context = context
        return self._context

    def _pinned(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca_path)
        context.load_cert_chain(self.identity)
        return context

    def proxy(self, target: Origin) -> str:
        scheme, host, port = target
        if scheme not in self.proxies or urllib.request.proxy_bypass(f"{host}:{port}"):
            return ""
        return self.proxies[scheme]

    def headers(self, target: Origin) -> Dict[str, str]:
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
        if self.token and target == self.home:
            headers["Cookie"] = "m_session_id=" + self.token
            headers["Authorization"] = "Bearer " + self.token
        return headers


class Connection:
    """The connections of one thread, one kept open for each server."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._open: Dict[Origin, http.client.HTTPConnection] = {}

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _connect(self, target: Origin) -> Tuple[http.client.HTTPConnection, bool]:
        """Returns the connection, and whether its request line needs the absolute URL (a plain proxy does)."""
        scheme, host, port = target
        proxy = self.client.proxy(target)
        known = self._open.get(target)
        if known is not None:
            return known, bool(proxy) and scheme == "http"
        where = urlsplit(proxy if "//" in proxy else "//" + proxy) if proxy else None
        peer = (where.hostname or "", where.port or 3128) if where else (host, port)
        timeout = self.client.timeout
        made: http.client.HTTPConnection
        if scheme == "https":
            made = http.client.HTTPSConnection(peer[0], peer[1], timeout=timeout, context=self.client.context())
            if where:
                made.set_tunnel(host, port)
        else:
            made = http.client.HTTPConnection(peer[0], peer[1], timeout=timeout)
        self._open[target] = made
        return made, bool(where) and scheme == "http"

    def _drop(self, target: Origin) -> None:
        known = self._open.pop(target, None)
        if known is not None:
            known.close()

    def request(self, url: str, span: Optional[Tuple[int, int]] = None, method: str = "GET") -> Response:
        """Sends one request and follows redirects.

        `span`: the first byte and the byte after the last; all without it.
        """
        for _turn in range(REDIRECTS + 1):
            target = origin(url)
            answer = self._once(target, url, span, method)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            location = answer.header("Location")
            answer.finish()
            if self.client.identity:
                raise Broken("redirected, where the peer itself is asked")
            if not location:
                raise Broken("redirect without a target")
            linked = answer.header("X-Linked-ETag")
            url = urljoin(url, location)
            if urlsplit(url).scheme not in ("http", "https"):
                raise Broken(f"redirect to {urlsplit(url).scheme}")
            if linked:
                self.linked = linked
        raise Broken(f"more than {REDIRECTS} redirects")

    linked = ""

    def _once(self, target: Origin, url: str, span: Optional[Tuple[int, int]], method: str) -> Response:
        headers = self.client.headers(target)
        if span is not None:
            headers["Range"] = f"bytes={span[0]}-{span[1] - 1}"
        parts = urlsplit(url)
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        for attempt in (0, 1):
            fresh = target not in self._open
            connection, absolute = self._connect(target)
            try:
                connection.request(method, url if absolute else path, headers=headers)
                return Response(self, target, url, connection, connection.getresponse())
            except (
                http.client.RemoteDisconnected,
                ConnectionResetError,
                BrokenPipeError,
                http.client.CannotSendRequest,
            ) as error:
                self._drop(target)
                if fresh or attempt:  # a kept connection may have been closed by the server: once more
                    raise Broken(reason(error)) from error
            except ssl.SSLCertVerificationError as error:
                self._drop(target)
                raise Refusal("LLM609", url=url.split("?", maxsplit=1)[0], detail=error.verify_message) from error
            except NETWORK as error:
                self._drop(target)
                raise Broken(reason(error)) from error
        raise Broken("no answer")

    def json(self, url: str) -> Any:
        """A JSON answer of at most 256 MiB; None for the status 404.

        Raises Refusal LLM608 where access is refused (401, 403), and Broken for anything else.
        """
        return self.dated_json(url)[0]

    def dated_json(self, url: str) -> Tuple[Any, Optional[float]]:
        """The same, with the server's clock (seconds since the epoch, None where it sent none)."""
        answer = self.request(url)
        told = clock(answer.header("Date"))
        if answer.status == 404:
            answer.finish()
            return None, told
        if answer.status in (401, 403):
            answer.finish()
            raise Refusal("LLM608", url=url.split("?", maxsplit=1)[0], detail=f"HTTP {answer.status}")
        body = answer.whole(256 << 20)
        if answer.status != 200:
            raise answer.failed()
        try:
            return json.loads(body.decode("utf-8")), told
        except (ValueError, RecursionError) as error:
            raise Broken("not JSON: {}".format(body[:80].decode("utf-8", "replace"))) from error


class Response:
    """An answer whose body is read piece by piece."""

    def __init__(
        self,
        owner: Connection,
        target: Origin,
        url: str,
        connection: http.client.HTTPConnection,
        raw: http.client.HTTPResponse,
    ) -> None:
        self.owner = owner
        self.target = target
        self.url = url
        self.raw = raw
        self.status = raw.status
        self.remaining: Optional[int] = raw.length  # None: not announced
        self._connection = connection
        self._socket: Any = None
        self._begin = time.monotonic()
        self._count = 0

    def header(self, name: str) -> str:
        """A header of the answer; empty without it."""
        return self.raw.headers.get(name) or ""

    def content_range(self) -> Optional[Tuple[int, int, Optional[int]]]:
        """(first byte, byte after the last, length of the whole or None) of a partial answer; None for another one."""
        match = re.match(r"bytes (\d+)-(\d+)/(\d+|\*)\s*$", self.header("Content-Range"))
        if not match:
            return None
        first, last, total = match.groups()
        return int(first), int(last) + 1, None if total == "*" else int(total)

    def readinto(self, view: memoryview) -> int:
        """Fills `view` with at least FILL_BYTES where that many follow quickly.

        Returns the count, 0 at the end of the body.
        """
        if self.remaining is not None and self.remaining < len(view):
            view = view[: self.remaining]
        if not len(view):
            return 0
        count = self._read(view)
        if self.remaining is not None:
            until = time.monotonic() + FILL_SECONDS
            while 0 < count < min(FILL_BYTES, len(view)) and time.monotonic() < until:
                more = self._read(view[count:])
                if not more:
                    break
                count += more
            if not count:
                raise Broken(f"connection closed {self.remaining} bytes early")
            self.remaining -= count
        self._watch(count)
        return count

    def _read(self, view: memoryview) -> int:
        try:
            if self.raw.chunked:
                return self.raw.readinto(view) or 0
            if self._socket is None:  # the first bytes may lie in the reader's buffer, later ones never do
                count: int = self.raw.fp.readinto1(view) or 0
                self._socket = self._connection.sock
                return count
            return int(self._socket.recv_into(view))
        except socket.timeout as error:
            raise Broken(f"silent for {self.owner.client.timeout:.0f} s") from error
        except NETWORK as error:
            raise Broken(reason(error)) from error

    def _watch(self, count: int) -> None:
        self._count += count
        spent = time.monotonic() - self._begin
        if spent > self.owner.client.timeout:
            if self._count < SLOW_BYTES * spent:
                raise Broken(f"only {self._count} bytes in {spent:.0f} s")
            self._begin, self._count = time.monotonic(), 0

    def finish(self) -> None:
        """Keeps the connection open if the body is at its end (or nearly), else closes it."""
        try:
            if self.remaining is not None and self.remaining <= 65536 and not self.raw.chunked:
                while self.remaining:
                    self.readinto(memoryview(bytearray(self.remaining)))
                self.raw.close()
                if not self.raw.will_close:
                    return
        except Broken:
            pass
        self.owner._drop(self.target)

    def abandon(self) -> None:
        """Closes the connection, with the rest of the body."""
        self.owner._drop(self.target)

    def whole(self, limit: int) -> bytes:
        """The whole body; Broken if it is longer than `limit` bytes."""
        parts = []
        room = limit
        buffer = bytearray(1 << 16)
        view = memoryview(buffer)
        while True:
            count = self.readinto(view)
            if not count:
                break
            room -= count
            if room < 0:
                self.abandon()
                raise Broken(f"answer larger than {limit} bytes")
            parts.append(bytes(view[:count]))
        self.finish()
        return b"".join(parts)

    def failed(self) -> Broken:
        """The error that an unexpected status means; the body is thrown away."""
        after = self.header("Retry-After")
        wait = min(float(after), 300.0) if after.isdigit() else 0.0
        self.finish()
        return Broken(f"HTTP {self.status}", wait, self.status)


def clock(date: str) -> Optional[float]:
    """Seconds since the epoch from an HTTP date; None for anything else."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, IndexError):
        return None


def reason(error: BaseException) -> str:
    """The words of an error, without its number."""
    text = str(error) or type(error).__name__
    return re.sub(r"^\[Errno -?\d+\] ", "", text)


def reach(error: Broken, url: str) -> Refusal:
    """The refusal for a server that can't be reached."""
    return Refusal("LLM605", url=url, detail=str(error))
