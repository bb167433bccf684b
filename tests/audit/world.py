# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's own site in a real nginx with njs, the collector, a stub engine of known answers, a stub page.

Debian's packages are unpacked, not installed; all is on loopback. The site is what the
role writes; its paths and ports alone are moved.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import labctl

HERE = Path(__file__).parent
ROOT = labctl.ROOT
TEAMS = {"default": "key-of-default-team", "research": "key-of-research-team", "shut": "key-of-a-shut-team"}
PAGE_KEY = "key-of-the-chat-page"
ENV = {**os.environ, "PYTHONPATH": str(ROOT / ".collections")}
MODELS = ["deepseek-a", "deepseek-b"]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def programs() -> Path:
    folder = labctl.OUTPUT / "audit-programs"
    if not (folder / "root/usr/lib/nginx/modules/ngx_http_js_module.so").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        names = ["nginx", "libnginx-mod-http-js"]
        subprocess.run(["apt-get", "download", *names], cwd=folder, check=True, capture_output=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
    return folder / "root"


def until(there, seconds: float, what: str):
    end = time.monotonic() + seconds
    while True:
        found = there()
        if found:
            return found
        assert time.monotonic() < end, what
        time.sleep(0.1)


def jwt(user: str) -> str:
    def part(what: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part({'id': user})}.{'x' * 43}"


class Engine(http.server.BaseHTTPRequestHandler):
    """Answers with as many tokens as the question's last word says, in one piece or as a stream."""

    protocol_version = "HTTP/1.1"
    wbufsize = 0
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = body["messages"][-1]["content"].split()
        count = int(words[-1])
        usage = {"prompt_tokens": len(words), "completion_tokens": count, "total_tokens": len(words) + count}
        if not body.get("stream"):
            text = "答" * count
            choice = {"index": 0, "message": {"role": "assistant", "content": text}}
            self.send(json.dumps({"choices": [choice], "usage": usage}, ensure_ascii=False).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pause = float(body.get("seed") or 0) / 1000
        for _one in range(count):
            self.event({"choices": [{"index": 0, "delta": {"content": '答"usage":{'}}], "usage": None})
            if pause:
                time.sleep(pause)
        if (body.get("stream_options") or {}).get("include_usage"):
            self.event({"choices": [], "usage": usage})
        self.piece(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, what: dict) -> None:
        self.piece(b"data: " + json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n")

    def piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_GET(self):
        self.send(b'{"object":"list","data":[{"id":"deepseek-a"}]}')

    def send(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_words):
        pass


class Page(Engine):
    """Takes a person's question to the engine at the gateway's inner door, as Open WebUI does."""

    door = 0
    people: ClassVar[dict] = {}

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/signin"):
            good = json.loads(data)["password"] == "right"
            self.status(200 if good else 400)
            return
        if self.path.startswith("/api/v1/"):
            self.status(200)
            return
        token = self.headers["Authorization"].split()[1].split(".")[1]
        user = json.loads(base64.urlsafe_b64decode(token + "=="))["id"]
        if user not in self.people:
            self.status(401)
            return
        asked = http.client.HTTPConnection("127.0.0.1", self.door, timeout=60)
        headers = {"Authorization": f"Bearer {PAGE_KEY}", "Content-Type": "application/json",
                   "X-OpenWebUI-User-Id": user, "X-OpenWebUI-User-Email": self.people[user]}  # fmt: skip
        asked.request("POST", "/v1/chat/completions", data, headers)
        answer = asked.getresponse()
        self.status(answer.status, answer.read())

    def status(self, number: int, data: bytes = b"{}") -> None:
        self.send_response(number)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256


class World:
    def __init__(self, folder: Path, audit: bool = True, models: Sequence[str] = MODELS, **settings):
        self.folder, self.audit, self.models = folder, audit, models
        (folder / "nginx").mkdir(parents=True)
        self.ports = {name: free_port() for name in ("https", "http", "door", "chat", "engine", "engine2")}
        self.servers = [self.serve("engine", Engine), self.serve("engine2", Engine), self.serve("chat", Page)]
        Page.door = self.ports["door"]
        Page.people = {f"id-{n}": f"person{n}@example.com" for n in range(20)}
        self.render(settings)
        self.nginx = self.collector = None

    def serve(self, name: str, kind) -> Server:
        server = Server(("127.0.0.1", self.ports[name]), kind)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def render(self, settings: dict) -> None:
        play = self.folder / "play"
        play.mkdir()
        for name in ("templates", "files"):
            (play / name).symlink_to(ROOT / "roles/gateway" / name)
        shutil.copy(HERE / "render.yml", play)
        units = [
            {"name": "yitiji-vllm", "serves": True, "url": f"http://127.0.0.1:{self.ports[port]}",
             "model": {"served_name": model}} for port, model in zip(("engine", "engine2"), self.models)
        ]  # fmt: skip
        generous = {f"gateway_{name}": 1000000 for name in ("rate", "burst", "page_rate", "page_burst", "large_rate")}
        wanted = {
            **generous, "gateway_page_concurrency": 0, "gateway_concurrency": 0, "gateway_total_concurrency": 0,
            "gateway_page_source_rate": 100000, "gateway_sign_in_rate": 100000,
            "root": str(ROOT), "out": str(self.folder), "appliance_audit": self.audit, "appliance_language": "zh",
            "gateway_units": units, "gateway_balancer_host": "127.0.0.1", "gateway_balancer_port": self.ports["door"],
            "gateway_https_port": self.ports["https"], "gateway_http_port": self.ports["http"],
            "gateway_chat_port": self.ports["chat"], "gateway_api_log": str(self.folder / "logs/yitiji-api.log"),
            "gateway_audit_dir": str(self.folder / "audit"), "__gateway_live": str(self.folder / "live"),
            "gateway_names": ["127.0.0.1"], "gateway_engine": "vllm",
            "gateway_keys": [{"name": name} for name in TEAMS], **settings,
        }  # fmt: skip
        words = ["ansible-playbook", "render.yml", "-e", json.dumps(wanted)]
        done = subprocess.run(words, cwd=play, env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        for name in ("logs", "logs/yitiji-audit", "audit", "audit/log", "run"):
            (self.folder / name).mkdir(exist_ok=True)
        config = json.loads((self.folder / "audit.json").read_text())
        config["nginx_pid"] = str(self.folder / "nginx.pid")
        (self.folder / "audit.json").write_text(json.dumps(config))
        self.config = config

    def start(self) -> World:
        self.start_nginx()
        if self.audit:
            self.start_collector()
        return self

    def start_nginx(self, workers: int = 2) -> None:
        root, folder = programs(), self.folder
        etc = folder / "nginx"
        for name in ("api.js", "judge.js"):
            text = (ROOT / "roles/gateway/files" / name).read_text()
            (etc / name).write_text(text)
        limits = (folder / "limits.js").read_text().replace("/run/yitiji-audit", str(folder / "run"))
        (etc / "limits.js").write_text(limits)
        (etc / "device.js").write_text('export default "secret";\n')
        rows = "".join(
            f'    {hashlib.sha256(key.encode()).hexdigest()} "{"!" if name == "shut" else ""}{name}";\n'
            for name, key in TEAMS.items()
        )
        (etc / "keys.conf").write_text(f'map $yitiji_key $yitiji_team {{\n    default "";\n{rows}}}\n')
        page = hashlib.sha256(PAGE_KEY.encode()).hexdigest()
        (etc / "page.conf").write_text(f'map $yitiji_key $yitiji_page {{\n    default "";\n    {page} "1";\n}}\n')
        (etc / "engine.conf").write_text('proxy_set_header Authorization "Bearer engine";\n')
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=t", "-days", "2",
             "-keyout", folder / "live.key", "-out", folder / "live.crt"], check=True, capture_output=True,
        )  # fmt: skip
        site = (folder / "site.conf").read_text().replace("/etc/nginx/yitiji", str(etc))
        (etc / "site.conf").write_text(re.sub(r"listen (\d+)(?=[ ;])", r"listen 127.0.0.1:\1", site))
        (etc / "nginx.conf").write_text(
            f"load_module {root}/usr/lib/nginx/modules/ngx_http_js_module.so;\nuser root;\n"
            f"worker_processes {workers};\n"
            f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/logs/error.log warn;\n"
            "events { worker_connections 4096; }\nhttp {\n"
            + "".join(f"{name}_temp_path {folder}/{name};\n" for name in
                      ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            + f"access_log off;\ninclude {etc}/site.conf;\n}}\n"
        )  # fmt: skip
        words = [root / "usr/sbin/nginx", "-c", etc / "nginx.conf", "-e", folder / "logs/error.log"]
        self.nginx = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        until(self.opens, 10, f"nginx does not answer: {folder}/logs/error.log")

    def opens(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.ports["https"])) == 0

    def start_collector(self) -> None:
        code = (
            "import json,sys\n"
            "from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import collect\n"
            "collect.Collector.__init__.__defaults__ = (sys.argv[2],)\n"
            "collect.run(json.load(open(sys.argv[1])))\n"
        )
        self.state = self.folder / "run/state.json"
        words = [sys.executable, "-c", code, self.folder / "audit.json", self.state]
        self.collector = subprocess.Popen(words, stderr=(self.folder / "collector.log").open("a"), cwd=ROOT, env=ENV)
        until(self.state.exists, 10, f"the collector does not run: {self.folder}/collector.log")

    def stop_collector(self) -> None:
        self.collector.terminate()
        assert self.collector.wait(timeout=20) == 0

    def stop(self) -> None:
        for process in (self.nginx, self.collector):
            if process and process.poll() is None:
                process.terminate()
                process.wait(timeout=30)
        subprocess.run(["chattr", "-R", "-i", "-a", self.config["folder"]], check=False, capture_output=True)
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def command(self, *words: str) -> subprocess.CompletedProcess:
        code = (
            "import sys\nfrom ansible_collections.yitiji.deepseek.plugins.module_utils._audit import cli\n"
            "sys.exit(cli.main(None, sys.argv[1:]))\n"
        )
        words = (sys.executable, "-c", code, "--config", str(self.folder / "audit.json"), *words)
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env=ENV)

    def find(self, *words: str) -> list:
        done = self.command("find", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def connect(self) -> http.client.HTTPSConnection:
        import ssl

        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.ports["https"], timeout=60, context=context)

    def post(self, path: str, body: dict, token: str = "", door=None, headers=None):
        """Status, headers and text."""
        door = door or self.connect()
        more = {"Authorization": f"Bearer {token}"} if token else {}
        data = json.dumps(body).encode()
        door.request("POST", path, data, {"Content-Type": "application/json", **more, **(headers or {})})
        answer = door.getresponse()
        return answer.status, answer.headers, answer.read().decode()
