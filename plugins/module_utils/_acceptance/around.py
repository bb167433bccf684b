# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around a model: the chat page, its knowledge base, closed doors, and the doctor's word on each node."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.closed import shut
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import (
    Client,
    Unanswered,
    listed_as,
    wrong_password,
)

DOCTOR = "/usr/local/bin/yitiji-doctor"
BETWEEN = {"zh": "；", "en": "; "}
LOOKING = 300.0  # seconds that the doctor may take
MODELS, CHAT = "/api/models", "/api/chat/completions"  # of Open WebUI
NAME, WORD = "yitiji-acceptance", "4729"  # of what is uploaded, and taken away again
NOTE = f"The code of the blue door is {WORD}.\n"
UPLOAD = (
    f'--x\r\nContent-Disposition: form-data; name="file"; filename="{NAME}.txt"\r\nContent-Type: text/plain\r\n\r\n'
    f"{NOTE}\r\n--x--\r\n"
)
Row = Mapping[str, Any]
Told = Tuple[Optional[bool], Any]  # whether it is well, None where nobody can say; what was seen


class Page:
    """The chat page, as an administrator uses it. Signed in once: the gateway lets nobody do so often."""

    def __init__(self, client: Client, email: str, password: str) -> None:
        self.client, self.email, self._password = client, email, password

    def signed_in(self) -> Client:
        if not self.client.key:
            self.client.sign_in(self.email, self._password)
        return self.client


def page(asked: Any) -> Told:
    """An answer through the page."""
    with _known(asked) as client:
        if client is None:
            return None, _not_known()
        reply = client.ask(CHAT, _question(asked, client, "1 + 1 = ?"))
        said = (reply.answer or reply.thinking).replace("\n", " ")
        return bool(said), said or "-"


def upload(asked: Any) -> Told:
    """A file is taken, its text is read there, and it is taken away again."""
    with _known(asked) as client:
        if client is None:
            return None, _not_known()
        with _file(client) as made:
            text = str(client.json(f"/api/v1/files/{made}/data/content").get("content") or "")
            return WORD in text, text.strip() or "-"


def knowledge(asked: Any) -> Told:
    """A question is answered by what a new knowledge base holds, which is taken away again."""
    with _known(asked) as client:
        if client is None:
            return None, _not_known()
        with _file(client) as made, _base(client, made) as number:
            asks = _question(asked, client, "What is the code of the blue door? Answer with the number alone.")
            reply = client.ask(CHAT, {**asks, "files": [{"type": "collection", "id": number}]})
            return WORD in reply.answer, reply.answer or reply.thinking or "-"


def doors(client: Client, routes: Sequence[str]) -> Told:
    """Without a key nothing opens, and no route that is not published."""
    found, count = shut(client, client.key, list(routes)), len(routes) + 3
    if found:
        return False, "; ".join(found[:10])
    return True, bilingual(f"{count} 个请求均被拒绝", f"{count} requests, all refused")


@contextlib.contextmanager
def _known(asked: Any) -> Iterator[Optional[Client]]:
    """The page's client; None where nobody told the password, or its owner has changed it since."""
    client = None
    if asked.page:
        try:
            client = asked.page.signed_in()
        except Unanswered as error:
            if not wrong_password(error):
                raise
    yield client


def _not_known() -> Dict[str, str]:
    return bilingual("没有页面，或管理员密码已更改", "no page, or its administrator has another password now")


def _question(asked: Any, client: Client, text: str) -> Dict[str, Any]:
    name = listed_as(asked.model, client.models(MODELS)) or asked.model
    message = {"role": "user", "content": text}
    return {"model": name, "messages": [message], "max_tokens": asked.room, "temperature": 0}


@contextlib.contextmanager
def _file(client: Client) -> Iterator[str]:
    """An uploaded file, for as long as it is needed -> its id."""
    kind = "multipart/form-data; boundary=x"
    status, text = client.call("/api/v1/files/?process_in_background=false", UPLOAD.encode(), kind=kind)
    if status != 200:
        raise Unanswered(f"/api/v1/files/: HTTP {status}: {text[:300]}", status)
    made = str(json.loads(text)["id"])
    try:
        yield made
    finally:  # deleted alone, it leaves its text in Chroma (Open WebUI 0.12); out of a knowledge base, it does not
        with contextlib.suppress(Unanswered), _base(client, made) as number:
            client.json(f"/api/v1/knowledge/{number}/file/remove?delete_file=true", {"file_id": made})
        client.call(f"/api/v1/files/{made}", method="DELETE")


@contextlib.contextmanager
def _base(client: Client, made: str) -> Iterator[str]:
    """A knowledge base of this file, for as long as it is needed -> its id."""
    number = str(client.json("/api/v1/knowledge/create", {"name": NAME, "description": NAME})["id"])
    try:
        client.json(f"/api/v1/knowledge/{number}/file/add", {"file_id": made})
        yield number
    finally:
        client.call(f"/api/v1/knowledge/{number}/delete", method="DELETE")


def examined(host: Host, program: str = DOCTOR) -> Optional[Dict[str, Any]]:
    """What the doctor says of this node; None where it is not installed or could not look."""
    said = host.run([program, "--json"], timeout=LOOKING)
    try:
        found = json.loads(said.out) if said else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "results" not in found:
        return None
    missed = [row for row in found["results"] if row["status"] in ("fail", "warn") and not row.get("silenced")]
    return {
        "summary": {key: found["summary"].get(key, 0) for key in ("pass", "warn", "fail", "unknown")},
        "missed": [{"id": row["id"], "status": row["status"], "evidence": row["evidence"]} for row in missed],
    }


def doctors(machines: Mapping[str, Row]) -> List[Dict[str, Any]]:
    """A check of each node, as `function.check_all` tells them. Ports, firewall and certificate are among its rules."""
    rows: List[Dict[str, Any]] = []
    for host, machine in machines.items():
        found = machine.get("doctor")
        verdict, told = (
            "skipped",
            bilingual("没有安装 yitiji-doctor，或未能运行", "yitiji-doctor is not there, or could not run"),
        )
        if found:
            states = {row["status"] for row in found["missed"]}
            verdict = "fail" if "fail" in states else "conditional" if states else "pass"
            told = bilingual(
                "{pass} 项正常，{warn} 项警告，{fail} 项失败，{unknown} 项无法判断".format(**found["summary"]),
                "{pass} well, {warn} warnings, {fail} failed, {unknown} not known".format(**found["summary"]),
            )
            for row in found["missed"]:
                told = {
                    language: f"{text}{BETWEEN[language]}{row['id']} {row['evidence'][language]}"
                    for language, text in told.items()
                }
        name = bilingual(f"节点检查（{host}）", f"the doctor, {host}")
        rows.append({"id": f"doctor-{host}", "name": name, "verdict": verdict, "evidence": told})
    return rows
