# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks registries whether an image is there before gigabytes are pulled."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

HUB = "registry-1.docker.io"
ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class Reference(NamedTuple):
    host: str
    repository: str
    tag: str

    @property
    def name(self) -> str:
        return self.repository if self.host == HUB else f"{self.host}/{self.repository}"


def split(reference: str) -> Reference:
    """`[host/]repository[:tag]` as Docker reads it; a digest is left out."""
    plain = reference.partition("@")[0]
    first, slash, rest = plain.partition("/")
    host, path = HUB, plain
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, path = first, rest
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, "latest"
    if host in (HUB, "docker.io", "index.docker.io"):
        host = HUB
        repository = repository if "/" in repository else "library/" + repository
    return Reference(host, repository, tag)


def _request(url: str, headers: Dict[str, str], method: str, timeout: float, proxy: Optional[str]) -> Any:
    handlers = [urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None)]
    opener = urllib.request.build_opener(*handlers)
    return opener.open(urllib.request.Request(url, headers=headers, method=method), timeout=timeout)  # noqa: S310 - the operator's own registry


def _token(challenge: str, timeout: float, proxy: Optional[str]) -> str:
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not challenge.lower().startswith("bearer") or not realm.startswith(("http://", "https://")):
        return ""
    answer = _request(realm + "?" + urllib.parse.urlencode(fields), {}, "GET", timeout, proxy)
    with answer:
        body = json.loads(answer.read().decode("utf-8"))
    return str(body.get("token") or body.get("access_token") or "")


def probe(base: str, ref: Reference, digest: str, timeout: float = 10, proxy: Optional[str] = None) -> Optional[str]:
    """None when the registry has the manifest, else why not."""
    url = "{}/v2/{}/manifests/{}".format(base.rstrip("/"), ref.repository, digest or ref.tag)
    headers = {"Accept": ACCEPT}
    for attempt in (1, 2):
        try:
            with _request(url, headers, "HEAD", timeout, proxy):
                return None
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or attempt == 2 or not challenge:
                return f"HTTP {error.code}"
            try:
                headers["Authorization"] = "Bearer " + _token(challenge, timeout, proxy)
            except (OSError, ValueError) as problem:
                return f"no token: {problem}"
        except (OSError, ValueError) as error:
            return str(getattr(error, "reason", None) or error)
    return "no answer"


def candidates(ref: Reference, mirrors: List[str]) -> List[str]:
    """Where the engine would ask, in its order: mirrors serve Docker Hub only."""
    own = "https://" + ref.host
    return [m.rstrip("/") for m in mirrors] + [own] if ref.host == HUB else [own]


def reachable(ref: Reference, digest: str, mirrors: List[str], timeout: float, proxy: Optional[str]) -> Dict[str, str]:
    """Empty when some place has the image; else each place with its reason."""
    reasons: Dict[str, str] = {}
    for base in candidates(ref, mirrors):
        problem = probe(base, ref, digest, timeout, proxy)
        if problem is None:
            return {}
        reasons[base] = problem
    return reasons
