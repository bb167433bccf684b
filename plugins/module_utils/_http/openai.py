# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for OpenAI-compatible servers and for Open WebUI in front of them."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

# The opening tag is missing where it was the end of the prompt.
_THINK = re.compile(
    r"(?:<think>|\A(?=(?:(?!<think>).)*</think>))(.*?)</think>"
    r"|<details type=\"reasoning\"[^>]*>(.*?)</details>",
    re.DOTALL,
)
MAX_BODY = 16 << 20
JSON = "application/json"


class Unanswered(Exception):
    """No usable answer; `status` is the HTTP status, 0 when there was none."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


def wrong_password(error: Exception) -> bool:
    """Whether this is why nobody could sign in to Open WebUI."""
    return getattr(error, "status", 0) in (400, 401, 403) and "signin" in str(error)


class Reply(NamedTuple):
    """`tokens`: of the answer, None where the server does not count; `finish`: why it ended (`stop`, `length`)."""

    answer: str
    thinking: str
    model: str
    tokens: Optional[int]
    finish: str


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Certificates are always checked: against `ca` (PEM text) alone where it is given, else against the system's."""
    return ssl.create_default_context(cadata=ca or None)


class Client:
    """Speaks JSON to one server. `timeout` in seconds."""

    def __init__(self, base: str, timeout: float = 30, ca: str = "", key: str = "") -> None:
        if not base.startswith(("http://", "https://")):
            raise Unanswered(f"{base}: only http and https")
        self.base, self.timeout, self.key = base.rstrip("/"), timeout, key
        # A proxy of the controller must not see, or stand between, what happens inside the appliance.
        handlers: List[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.base.startswith("https://"):
            handlers.append(urllib.request.HTTPSHandler(context=tls_context(ca)))
        self._opener = urllib.request.build_opener(*handlers)

    def call(
        self, path: str, body: Union[bytes, Dict[str, Any], None] = None, method: Optional[str] = None, kind: str = JSON
    ) -> Tuple[int, str]:
        """Status and text of an answer, errors of HTTP included; Unanswered where none came. `kind`: of bytes."""
        headers = {"Accept": JSON}
        if self.key:
            headers["Authorization"] = "Bearer " + self.key
        data = None
        if body is not None:
            headers["Content-Type"] = kind
            data = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(  # noqa: S310 - http(s) alone, see __init__
            self.base + path, data=data, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return answer.status, answer.read(MAX_BODY).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(MAX_BODY).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"{self.base}{path}: {getattr(error, 'reason', None) or error}") from error

    def json(self, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
        """A JSON answer; Unanswered for any status but 200."""
        status, text = self.call(path, body)
        if status != 200:
            raise Unanswered(
                f"{self.base}{path}: HTTP {status}: {text[:300]}",
                status,
            )
        try:
            return json.loads(text)
        except ValueError as error:
            raise Unanswered(f"{self.base}{path}: not JSON: {text[:120]}") from error

    def sign_in(self, email: str, password: str) -> None:
        """Signs in to Open WebUI; later calls carry the session."""
        value = self.json("/api/v1/auths/signin", {"email": email, "password": password})
        self.key = str(value.get("token") or "")
        if not self.key:
            raise Unanswered(f"{self.base}: signed in, but no token came")

    def models(self, path: str) -> List[str]:
        """Names of the models that the server lists."""
        value = self.json(path)
        rows = value.get("data", []) if isinstance(value, dict) else value
        return [str(row.get("id")) for row in rows if isinstance(row, dict)]

    def ask(self, path: str, body: Dict[str, Any]) -> Reply:
        """One question, answered as a whole; Unanswered where no answer came."""
        return parse_reply(self.json(path, {**body, "stream": False}))


def listed_as(model: str, models: List[str]) -> str:
    """The name under which a server lists a model, empty without one.

    Ollama adds a tag, and accepts the name without it too.
    """
    return next((name for name in (model, model + ":latest") if name in models), "")


def parse_reply(value: Any) -> Reply:
    """The answer and the visible thinking, wherever the server put it; Unanswered for anything else."""
    try:
        choice = value["choices"][0]
        message = choice["message"]
    except (KeyError, IndexError, TypeError) as error:
        raise Unanswered(f"no answer in the reply: {str(value)[:200]}") from error
    text = str(message.get("content") or "")
    thinking = str(message.get("reasoning") or message.get("reasoning_content") or "")
    if not thinking:
        thinking = "\n".join((m.group(1) or m.group(2) or "").strip() for m in _THINK.finditer(text))
        text = _THINK.sub("", text)
    usage = value.get("usage") or {}
    return Reply(
        text.strip(),
        thinking.strip(),
        str(value.get("model") or ""),
        usage.get("completion_tokens"),
        str(choice.get("finish_reason") or ""),
    )
