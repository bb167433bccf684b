# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks registries whether an image is there before gigabytes are pulled."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

HUB = "registry-1.docker.io"
LIMIT = 8 << 20  # no manifest, configuration or token is larger
MEANING = {401: "the login is missing or wrong: ", 403: "the login may not read this: ", 404: "it is not there: "}
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


class Access(NamedTuple):
    """How to speak to a registry."""

    timeout: float = 10
    proxy: Optional[str] = None
    login: str = ""  # base64 of user:password, as Docker's config.json keeps it
    authorities: Tuple[str, ...] = ()  # files of certificates that are trusted beside the system's
    verify: bool = True

    def opener(self) -> urllib.request.OpenerDirector:
        context = ssl.create_default_context()
        # Docker decides whether a pull works, and takes company authorities that Python 3.13 finds too plain.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        for path in self.authorities:
            context.load_verify_locations(path)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        return urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context), _Redirects()
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """A registry redirects to the place of the content; the login is not sent there."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            new.remove_header("Authorization")
        return new


class Place(NamedTuple):
    """An address that may have an image, and how to speak to it."""

    base: str
    access: Access


Reach = Callable[[str], Access]


class Session:
    """Requests to one registry; the token that it demands is fetched once."""

    def __init__(self, place: Place) -> None:
        self.base = place.base.rstrip("/")
        self.access = place.access
        self.headers = {"Accept": ACCEPT}

    def open(self, path: str, method: str) -> Any:
        opener = self.access.opener()
        url = f"{self.base}/v2/{path}"
        if not url.startswith(("http://", "https://")):
            raise OSError(f"{url}: only http and https are asked")
        for attempt in (1, 2):
            try:
                request = urllib.request.Request(url, headers=self.headers, method=method)  # noqa: S310 - http(s) alone, see above
                return opener.open(request, timeout=self.access.timeout)
            except urllib.error.HTTPError as error:
                challenge = error.headers.get("WWW-Authenticate", "")
                if error.code != 401 or attempt == 2 or not challenge:
                    raise
                self.headers["Authorization"] = self._answer(opener, challenge)
        raise OSError("no answer")

    def _answer(self, opener: urllib.request.OpenerDirector, challenge: str) -> str:
        """What to send to a registry that asks who we are."""
        basic = "Basic " + self.access.login if self.access.login else ""
        if challenge.lower().startswith("basic"):
            return basic
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = fields.pop("realm", "")
        # a login that came over TLS does not leave without it
        if not realm.startswith("https://" if self.base.startswith("https://") else ("http://", "https://")):
            return ""
        headers = {"Authorization": basic} if basic else {}
        url = realm + "?" + urllib.parse.urlencode(fields)
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http(s) alone: the realm was checked
        try:
            with opener.open(request, timeout=self.access.timeout) as answer:
                body = json.loads(answer.read(LIMIT).decode("utf-8"))
        except (OSError, ValueError) as problem:
            raise OSError(f"no token: {problem}") from problem
        return "Bearer " + str(body.get("token") or body.get("access_token") or "")

    def json(self, path: str) -> Dict[str, Any]:
        with self.open(path, "GET") as answer:
            found = json.loads(answer.read(LIMIT).decode("utf-8"))
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")
        return found


def probe(place: Place, ref: Reference, digest: str) -> Optional[str]:
    """None where the registry has the manifest, else why not. Nothing of the image is read."""
    try:
        with Session(place).open(f"{ref.repository}/manifests/{digest or ref.tag}", "HEAD"):
            return None
    except urllib.error.HTTPError as error:
        return MEANING.get(error.code, "") + f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or error)


def digest_of(place: Place, ref: Reference) -> str:
    """The digest that the tag has there now; empty where the registry does not say."""
    session, path = Session(place), f"{ref.repository}/manifests/{ref.tag}"
    try:
        with session.open(path, "HEAD") as answer:
            told = str(answer.headers.get("Docker-Content-Digest") or "")
        if not told:  # the header is optional: the digest is that of the bytes
            with session.open(path, "GET") as answer:
                told = "sha256:" + hashlib.sha256(answer.read(LIMIT)).hexdigest()
    except (OSError, ValueError):
        return ""
    return told if re.match(r"^sha256:[0-9a-f]{64}\Z", told) else ""


def candidates(ref: Reference, mirrors: List[str], reach: Reach) -> List[Place]:
    """Where Docker would ask, in its order: mirrors serve Docker Hub only, an insecure registry may speak http."""
    access = reach(ref.host)
    bases = ["https://" + ref.host] + ([] if access.verify else ["http://" + ref.host])
    own = [Place(base, access) for base in bases]
    if ref.host != HUB:
        return own
    return [Place(m.rstrip("/"), reach(urllib.parse.urlsplit(m).netloc)) for m in mirrors] + own


def locate(ref: Reference, digest: str, places: List[Place]) -> Tuple[Optional[Place], Dict[str, str]]:
    """The first place that has the image, and for the others the reasons."""
    reasons: Dict[str, str] = {}
    for place in places:
        problem = probe(place, ref, digest)
        if problem is None:
            return place, reasons
        reasons[place.base] = problem
    return None, reasons
