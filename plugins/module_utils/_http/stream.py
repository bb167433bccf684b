# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file at a path or an address as a stream that can be read from any place."""

from __future__ import annotations

import http.client
import io
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any, Dict, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client

OPEN_TIMEOUT = 20
_NEIGHBOURS: Dict[str, urllib.request.OpenerDirector] = {}  # by the beginning of their addresses


class Unreadable(Exception):
    """The file can't be fetched or read."""


class _Stays(urllib.request.HTTPRedirectHandler):
    """A neighbour that sends us elsewhere is not followed."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def introduce(base: str, identity: str, peers: str) -> None:
    """What lies below this address is asked for directly, with this node's certificate, and of these peers alone."""
    try:
        context = Client(base, ca_path=peers, identity=identity).context()
    except (OSError, Refusal) as error:
        raise Unreadable(f"{base}: {error}") from error
    _NEIGHBOURS[base] = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _Stays()
    )


def _open_url(url: str, headers: Optional[Dict[str, str]] = None) -> Any:
    if not url.startswith(("http://", "https://")):
        raise Unreadable(f"{url}: only http and https are fetched")
    try:
        request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - http(s) alone, see above
        known = next((opener for base, opener in _NEIGHBOURS.items() if url.startswith(base)), None)
        if known is not None:
            return known.open(request, timeout=OPEN_TIMEOUT)
        return urllib.request.urlopen(request, timeout=OPEN_TIMEOUT)  # noqa: S310 - http(s) alone, see above
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise Unreadable("{}: {}".format(url, getattr(error, "reason", None) or error)) from error


class RangeFile(io.RawIOBase):
    """A seekable file over HTTP ranges: reading the headers in an archive of 3 GB costs a few kilobytes."""

    def __init__(self, url: str, block: int = 65536) -> None:
        self.url, self.block, self.position = url, block, 0
        self._start, self._data = 0, b""
        with _open_url(url, {"Range": "bytes=0-0"}) as answer:
            if answer.status != 206:
                raise Unreadable(f"{url}: the server knows no ranges")
            self.size = int(answer.headers["Content-Range"].rpartition("/")[2])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        self.position = max(0, base + offset)
        return self.position

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = self.size - self.position
        size = max(0, min(size, self.size - self.position))
        if not self._start <= self.position <= self.position + size <= self._start + len(self._data):
            last = min(self.size, self.position + max(size, self.block)) - 1
            if last < self.position:
                return b""
            with _open_url(self.url, {"Range": f"bytes={self.position}-{last}"}) as answer:
                try:
                    self._start, self._data = self.position, answer.read()
                except (OSError, http.client.HTTPException) as error:
                    raise Unreadable(f"{self.url}: {error}") from error
        begin = self.position - self._start
        chunk = self._data[begin : begin + size]
        self.position += len(chunk)
        return chunk


def is_url(source: str) -> bool:
    """Whether it is an address, not a path."""
    return "://" in source


def open_stream(source: str) -> Tuple[IO[bytes], int]:
    """A stream of the file, and its size in bytes (0 when the server does not say)."""
    if is_url(source):
        answer = _open_url(source)
        return answer, int(answer.headers.get("Content-Length") or 0)
    path = Path(source)
    try:
        return path.open("rb"), path.stat().st_size
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror or error}") from error
