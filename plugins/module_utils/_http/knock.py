# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks whether a server is there, through the proxy that the environment names."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any, Dict
from urllib.parse import urlsplit

AGENT = "yitiji-doctor"


def host_of(url: str) -> str:
    """The host name in an address."""
    return urlsplit(url if "//" in url else "//" + url).hostname or ""


def proxies() -> Dict[str, str]:
    """The proxies of the environment by scheme, without user name and password."""
    found = {}
    for scheme, url in urllib.request.getproxies().items():
        if scheme != "no":
            found[scheme] = f"{host_of(url)}:{urlsplit(url).port or ''}"
    return found


def proxy_for(url: str) -> str:
    """The proxy through which this address is reached; empty without one."""
    scheme = urlsplit(url).scheme
    if urllib.request.proxy_bypass(host_of(url)):
        return ""
    return proxies().get(scheme, "")


def knock(url: str, timeout: float, must_exist: bool = False) -> Dict[str, Any]:
    """{ok, status, reason, proxy}.

    Any HTTP status below 500 shows that the server is there; with `must_exist`, 4xx other than 405 does not.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        return {"ok": False, "status": None, "reason": "not an http(s) address", "proxy": ""}
    proxy = proxy_for(url)
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": AGENT})  # noqa: S310 - http(s) alone, see above
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - as above
            size = answer.headers.get("Content-Length")
            return {"ok": True, "status": answer.status, "reason": "", "proxy": proxy, "size": int(size or 0)}
    except urllib.error.HTTPError as error:
        good = error.code < 500 and not (must_exist and error.code >= 400 and error.code != 405)
        return {"ok": good, "status": error.code, "reason": f"HTTP {error.code}", "proxy": proxy}
    except (OSError, ValueError) as error:
        return {"ok": False, "status": None, "reason": explain(error), "proxy": proxy}


def fetch_json(url: str, timeout: float) -> Dict[str, Any]:
    """{ok, status, body} of a page of this node itself, so without a proxy.

    `body` is None when it is not a JSON object.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers={"User-Agent": AGENT}), timeout=timeout) as answer:  # noqa: S310 - loopback
            body = json.loads(answer.read(1 << 20).decode("utf-8"))
            return {"ok": True, "status": answer.status, "body": body if isinstance(body, dict) else None}
    except urllib.error.HTTPError as error:
        return {"ok": True, "status": error.code, "body": None}
    except ValueError:
        return {"ok": True, "status": 200, "body": None}
    except OSError as error:
        return {"ok": False, "status": None, "body": None, "reason": explain(error)}


def explain(error: BaseException) -> str:
    """A short reason for an error of urllib."""
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, socket.gaierror):
        return "the name does not resolve"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, (socket.timeout, TimeoutError)):
        return "timed out"
    return str(getattr(reason, "strerror", None) or reason)
