# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong while a file is sent, and the sending itself.

A fault is {"kind", "path": pattern of the file's name, "times": n (-1 = always), ...}:
    drop          close after the share `at` (0..1) of the body
    corrupt       flip the byte at the share `at` of the body (or at the absolute `offset`)
    error         answer `status` (500), with `retry_after` when given
    norange       ignore Range, answer 200 with the whole body
    r416          answer 416
    length        announce `delta` bytes more than there are
    nolength      announce no length, close at the end
    empty         answer an empty body (a zero-byte replica)
    stall         send the headers, then nothing for `seconds` (3600)
    slow          send the body at `rate` bytes per second
    shifted       answer 206 with a Content-Range that starts one byte later
of a listing, by model: error_listing {status}; listing {add: [...], remove: [...], set: {path: {...}}}
"""

import contextlib
import fnmatch
import os
import re
import socket
import ssl
import threading
import time

CHUNK = 4 << 20


class Faults:
    def __init__(self):
        self._active = []
        self._lock = threading.Lock()

    def add(self, fault):
        with self._lock:
            self._active.append({"path": "*", "times": 1, "at": 0.5, **fault})

    def clear(self):
        with self._lock:
            self._active.clear()

    def active(self):
        with self._lock:
            return [dict(fault) for fault in self._active]

    def take(self, name, kind):
        if not self._active:
            return None
        with self._lock:
            for fault in self._active:
                if fault["kind"] == kind and fault["times"] != 0 and fnmatch.fnmatchcase(name, fault["path"]):
                    fault["times"] -= 1
                    return fault
        return None


class Sender:
    """Sends one file as an answer to one request, whole or a range."""

    def __init__(self, handler, path, name, sha256):
        self.handler = handler
        self.path = path
        self.name = name.rsplit("/", 1)[-1]
        self.sha256 = sha256
        self.hub = handler.hub

    def fault(self, kind):
        return self.hub.faults.take(self.name, kind)

    def send(self):
        handler = self.handler
        size = os.path.getsize(self.path)
        fault = self.fault("error")
        if fault:
            return handler.error(fault)
        if self.fault("empty"):
            return self.head(200, 0, None, 0) or handler.note(200)
        asked = handler.headers.get("Range")
        span = None if not asked or self.fault("norange") else parse_range(asked, size)
        if span == "bad" or (span and self.fault("r416")):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{size}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return handler.note(416)
        first, last = span or (0, size - 1)
        length = last - first + 1
        shift = 1 if span and self.fault("shifted") else 0
        announce = length
        fault = self.fault("length")
        if fault:
            announce += fault.get("delta", 1)
        if self.fault("nolength"):
            announce = None
        content_range = f"bytes {first + shift}-{last}/{size}" if span else None
        self.head(206 if span else 200, announce, content_range, size)
        if handler.command == "HEAD":
            return handler.note(206 if span else 200)
        sent = self.body(first, length)
        handler.note(206 if span else 200, sent)
        if sent != announce:
            self.hang_up()

    def head(self, status, length, content_range, size):
        handler = self.handler
        handler.send_response(status)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Accept-Ranges", "bytes")
        if length is not None:
            handler.send_header("Content-Length", str(length))
        else:
            handler.send_header("Connection", "close")
        if content_range:
            handler.send_header("Content-Range", content_range)
        if self.sha256:
            handler.send_header("X-Linked-ETag", f'"{self.sha256}"')
        handler.end_headers()
        handler.wfile.flush()

    def body(self, first, length):
        drop = self.fault("drop")
        stop = int(length * drop["at"]) if drop else length
        corrupt = self.corruption(first, length)
        slow = self.fault("slow")
        rate = slow["rate"] if slow else self.hub.rate
        stall = self.fault("stall")
        sent, begin = 0, time.monotonic()
        try:
            if stall:
                return self.stall(stall.get("seconds", 3600))
            with open(self.path, "rb") as content:
                while sent < stop:
                    count = min(stop - sent, max(1, rate // 20) if rate else CHUNK)
                    sent += self.piece(content, first + sent, count, corrupt)
                    if rate:
                        time.sleep(max(0.0, begin + sent / rate - time.monotonic()))
        except (OSError, ssl.SSLError):
            self.handler.close_connection = True
        return sent

    def corruption(self, first, length):
        with self.hub.faults._lock:
            wanted = [f for f in self.hub.faults._active if f["kind"] == "corrupt" and "offset" in f]
        if any(not first <= f["offset"] < first + length for f in wanted):
            return None  # not in this range: keep the fault for the range it is meant for
        fault = self.fault("corrupt")
        return fault.get("offset", first + int(length * fault["at"])) if fault else None

    def piece(self, content, offset, count, corrupt):
        connection = self.handler.connection
        if corrupt is None and not isinstance(connection, ssl.SSLSocket):
            return connection.sendfile(content, offset, count)
        content.seek(offset)
        data = bytearray(content.read(count))
        if corrupt is not None and offset <= corrupt < offset + len(data):
            data[corrupt - offset] ^= 0xFF
        connection.sendall(data)
        return len(data)

    def stall(self, seconds):
        self.handler.connection.settimeout(seconds)
        with contextlib.suppress(OSError):
            self.handler.connection.recv(1)  # returns when the client hangs up
        self.handler.close_connection = True
        return 0

    def hang_up(self):
        self.handler.close_connection = True
        with contextlib.suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)


def parse_range(text, size):
    match = re.match(r"bytes=(\d*)-(\d*)$", text)
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    if int(first) >= size:
        return "bad"
    return int(first), min(int(last) if last else size - 1, size - 1)
