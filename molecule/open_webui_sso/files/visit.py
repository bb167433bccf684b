#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the node: visit.py ldap USER PASSWORD | oidc NAME | ask USER PASSWORD FILE QUESTION; what came of it, as JSON."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

BASE = "http://127.0.0.1:8080"
jar = CookieJar()
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))


def call(path, body=None, token="", kind="application/json"):
    headers = {"Content-Type": kind, **({"Authorization": "Bearer " + token} if token else {})}
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    address = path if path.startswith("http") else BASE + path
    try:
        with opener.open(urllib.request.Request(address, data, headers), timeout=120) as answer:
            text = answer.read().decode()
            return answer.status, answer.url, json.loads(text) if text[:1] in "{[" else text
    except urllib.error.HTTPError as error:
        return error.code, error.url, error.read().decode()


def ldap(user, password):
    status, _url, said = call("/api/v1/auths/ldap", {"user": user, "password": password})
    return status, said


def oidc(name):
    """What a browser does: to the provider, say there who one is, come back."""
    _status, form, _page = call("/oauth/oidc/login")
    who = urllib.parse.urlencode({"sub": name}).encode()
    status, url, _page = call(form, who, kind="application/x-www-form-urlencoded")
    token = next((cookie.value for cookie in jar if cookie.name == "token"), "")
    _status, _url, me = call("/api/v1/auths/", token=token)
    return {"provider": form, "status": status, "landed": url, "me": me}


def ask(user, password, file, question):
    token = ldap(user, password)[1]["token"]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{Path(file).name}"'
    data = f"{head}\r\nContent-Type: text/plain\r\n\r\n{Path(file).read_text(encoding='utf-8')}\r\n--x--\r\n".encode()
    wait = "/api/v1/files/?process_in_background=false"
    told, _url, made = call(wait, data, token, "multipart/form-data; boundary=x")
    question = {"model": "echo", "messages": [{"role": "user", "content": question}], "stream": False}
    files = [{"type": "file", "id": made["id"]}] if told == 200 else []
    status, _url, said = call("/api/chat/completions", {**question, "files": files}, token)
    return {"upload": told, "made": made, "ask": status, "said": said}


what, *words = sys.argv[1:]
print(json.dumps({"ldap": ldap, "oidc": oidc, "ask": ask}[what](*words), ensure_ascii=False))
