# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a certificate that somebody put on the node can be used (LLM811)."""

from __future__ import annotations

import _ssl
import ssl
from typing import Callable, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say


def problems(certificate: str, key: str, authority: str, now: float) -> List[Refusal]:
    """What is wrong with these files of the node; an empty path is not checked."""
    files = {"certificate": certificate, "key": key, "authority": authority}
    absent = [_unreadable(path, why) for path in files.values() for why in [path and _reason(path)] if why]
    if absent:
        return absent
    found: List[Refusal] = []
    if authority:
        found += _try(authority, lambda: _context().load_verify_locations(authority))
    if certificate:
        found += _try(certificate, lambda: _context().load_cert_chain(certificate, key or None, password=_no_password))
        ends = end_of(certificate)
        if not found and ends is not None and ends <= now:
            found.append(Refusal("LLM811", path=certificate, why=say("a certificate that is over")))
    return found


def _context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def _no_password() -> str:
    """nginx can't ask for one either; without this, OpenSSL would ask on the terminal."""
    raise ValueError("the key is encrypted with a password")


def _reason(path: str) -> Optional[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return None if "-----BEGIN " in stream.read(1 << 20) else "no PEM in it"
    except OSError as error:
        return error.strerror or str(error)


def _try(path: str, load: Callable[[], object]) -> List[Refusal]:
    try:
        load()
    except (ssl.SSLError, ValueError) as error:
        detail = getattr(error, "reason", None) or str(error)
        return [Refusal("LLM811", path=path, why=say("a certificate that is refused", detail=detail))]
    return []


def _unreadable(path: str, why: str) -> Refusal:
    return Refusal("LLM811", path=path, why=say("a file that cannot be read", detail=why))


def end_of(path: str) -> Optional[float]:
    """When the first certificate of a file expires, in seconds since 1970.

    (The standard library reads it for its own tests only.).
    """
    decode = getattr(_ssl, "_test_decode_cert", None)
    try:
        told: Mapping[str, str] = decode(path) if decode else {}
        return float(ssl.cert_time_to_seconds(told["notAfter"]))
    except (ssl.SSLError, KeyError, ValueError):
        return None
