#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the node: person.py E-MAIL PASSWORD-FILE signs in and tells as JSON what this person sees and gets.

With a file's name it is uploaded and asked about first.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

BASE = "http://127.0.0.1:8080"
FORM = b"\r\n".join(
    [
        b"--x",
        b'Content-Disposition: form-data; name="file"; filename="%s"',
        b"Content-Type: text/plain",
        b"",
        b"%s",
        b"--x--",
        b"",
    ]
)


def call(path, body=None, token="", kind="application/json"):
    headers = {"Content-Type": kind, "Authorization": "Bearer " + token}
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    try:
        request = urllib.request.Request(BASE + path, data, headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


email, password = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").strip()
status, session = call("/api/v1/auths/signin", {"email": email, "password": password})
told = {"signin": status}
if status == 200:
    token = session["token"]
    told["role"] = session["role"]
    told["models"] = [m["id"] for m in call("/api/models", token=token)[1]["data"]]
    told["users"] = call("/api/v1/users/", token=token)[0]
    if len(sys.argv) > 3:
        name, text = Path(sys.argv[3]).name, Path(sys.argv[3]).read_bytes()
        wait = "/api/v1/files/?process_in_background=false"
        told["upload"], made = call(wait, FORM % (name.encode(), text), token, "multipart/form-data; boundary=x")
        question = {"model": "echo", "messages": [{"role": "user", "content": "what is in it?"}], "stream": False}
        asked = {**question, "files": [{"type": "file", "id": made["id"]}]}
        told["ask"], said = call("/api/chat/completions", asked, token)
        told["said"] = said["choices"][0]["message"]["content"] if told["ask"] == 200 else said
        history = {"messages": {}, "currentId": None}
        chat = {"title": "about " + name, "models": ["echo"], "messages": [], "history": history}
        told["chat"] = call("/api/v1/chats/new", {"chat": chat}, token)[0]
    told["chats"] = [c["title"] for c in call("/api/v1/chats/?page=1", token=token)[1]]
    files = call("/api/v1/files/?content=true", token=token)[1]
    files = files["items"] if isinstance(files, dict) else files
    told["files"] = {f["filename"]: (f.get("data") or {}).get("content", "") for f in files if isinstance(f, dict)}
print(json.dumps(told, ensure_ascii=False))
