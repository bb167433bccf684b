# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of upgrades ask an appliance."""

from __future__ import annotations

import json
import threading
import time

import labctl

PAGE = f"https://{labctl.ADDRESS}"
JSON = ["-H", "Content-Type: application/json"]
# What must be as before, byte for byte.
LEFT = r"""
for unit in /etc/systemd/system/yitiji-*; do [ -f "$unit" ] && sha256sum "$unit"; done
find /etc/yitiji /etc/nginx -type f | sort | xargs sha256sum
docker inspect --format '{{.Image}} {{.Config.Image}}' yitiji-vllm yitiji-open-webui
"""
SEEN: dict[str, list[str]] = {}


def session() -> list[str]:
    """Once: the page refuses whoever signs in often."""
    if "session" not in SEEN:
        who = {"email": "admin@appliance.local", "password": labctl.node(f"cat {labctl.PASSWORD_FILE}").strip()}
        told = json.loads(labctl.curl(*JSON, "-d", json.dumps(who), f"{PAGE}/api/v1/auths/signin"))
        SEEN["session"] = ["-H", f"Authorization: Bearer {told['token']}"]
    return SEEN["session"]


def begin(title: str) -> None:
    """A chat."""
    chat = {"title": title, "models": [], "messages": [], "history": {"messages": {}, "currentId": None}}
    labctl.curl("-f", *JSON, *session(), "-d", json.dumps({"chat": chat}), f"{PAGE}/api/v1/chats/new")


def chats() -> list[str]:
    return [row["title"] for row in json.loads(labctl.curl(*session(), f"{PAGE}/api/v1/chats/?page=1"))]


def answers(model: str) -> bool:
    """A question through the page, to exactly this model."""
    body = {"model": model, "stream": False, "messages": [{"role": "user", "content": "Who are you?"}]}
    said = labctl.curl(*JSON, *session(), "-d", json.dumps(body), f"{PAGE}/api/chat/completions", check=False)
    return labctl.ANSWER in said


class Downtime:
    """How long nobody who asks the API is answered, looked at each second."""

    def __enter__(self) -> Downtime:
        self.key = labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip()
        self.over, self.seconds = threading.Event(), 0.0
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def _look(self) -> None:
        last = time.monotonic()
        while not self.over.wait(1):
            said = labctl.curl("-m", "5", "-H", f"Authorization: Bearer {self.key}", f"{PAGE}/v1/models", check=False)
            now = time.monotonic()
            if '"data"' not in said or '"id"' not in said:
                self.seconds += now - last
            last = now

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.thread.join(30)
