# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replicas, the ways to choose one, and a caller, for `router.py`."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(
    os.environ.get("YITIJI_BENCH_DIR")
    or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yitiji/bench"
)
MODEL = Path(os.environ.get("YITIJI_LAB_DIR", "/var/cache/yitiji-lab")) / "models/yitiji-lab/tiny-r1-distill"
SITE = HOME / "engine/opt/venv/lib/python3.11/site-packages"
PORTS, FRONT, ROUTER = (9301, 9302), 9310, 9320
KEY, ENGINE_KEY = "bench-caller", "bench-engine"
NAME = "bench"
SHAPE = {
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
}
KV_BYTES = 192 * 2**20  # too little for all talks on one replica, enough for its half
ANSWER = 24
WAITS = 1  # the replica that finishes its answers before it ends; the other one ends as the plan's engines do
sys.path.insert(0, str(ROOT / ".collections"))
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import site

NGINX = """
daemon off; worker_processes 1; pid {run}/nginx.pid; error_log {run}/error.log;
load_module {tools}/usr/lib/nginx/modules/ngx_http_js_module.so;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s; js_path {run}; js_import bench from bench.js;
  {upstream}
  map "$request_method $uri" $route {{ default ""; "POST /v1/chat/completions" 1; }}
  server {{
    listen 127.0.0.1:{port}; client_body_buffer_size 8m; client_body_in_single_buffer on;
    proxy_http_version 1.1; proxy_buffering off; proxy_connect_timeout 5s; proxy_read_timeout 600s;
    set $yitiji_talk "";
    location /v1/ {{
      if ($route = "") {{ return 404; }}
      if ($http_authorization != "Bearer {key}") {{ return 401; }}
      js_content bench.ask;
    }}
    location @engine {{
      proxy_pass http://yitiji_engine$uri; proxy_pass_request_headers off;
      proxy_set_header Content-Type $content_type; proxy_set_header Authorization "Bearer {engine_key}";
      proxy_set_header Host localhost; proxy_set_header Connection "";
      proxy_next_upstream error timeout invalid_header http_503 non_idempotent; proxy_next_upstream_timeout 30s;
    }}
  }}
}}
"""
# A conversation is known by what stands before its first answer: that is equal for each of its turns.
SCRIPT = """
import crypto from 'crypto';
function ask(r) {
    const messages = JSON.parse(r.requestText).messages;
    const asked = messages.findIndex((one) => one.role === 'user');
    const beginning = JSON.stringify(messages.slice(0, asked + 1));
    r.variables.yitiji_talk = crypto.createHash('sha256').update(beginning).digest('hex');
    r.internalRedirect('@engine');
}
export default { ask };
"""


class Replica:
    """One vLLM on a core of its own."""

    def __init__(self, number: int) -> None:
        self.number, self.port = number, PORTS[number]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            "taskset",
            "-c",
            str(self.number % (os.cpu_count() or 1)),
            "python3.11",
            "-m",
            "vllm.entrypoints.cli.main",
            "serve",
        ]
        words += [
            str(MODEL),
            "--served-model-name",
            NAME,
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--load-format",
            "dummy",
        ]
        words += [
            "--hf-overrides",
            json.dumps(SHAPE),
            "--dtype",
            "bfloat16",
            "--max-model-len",
            "4096",
            "--max-num-seqs",
            "16",
        ]
        words += ["--kv-cache-memory-bytes", str(KV_BYTES), "--enable-prefix-caching", "--enforce-eager"]
        words += ["--disable-uvicorn-access-log"]
        words += ["--shutdown-timeout", "60"] if self.number == WAITS else []
        env = {
            "PATH": os.environ["PATH"],
            "HOME": "/tmp",
            "PYTHONPATH": str(SITE),
            "VLLM_API_KEY": ENGINE_KEY,
            "OMP_NUM_THREADS": "1",
        }
        env |= {
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "HF_HUB_OFFLINE": "1",
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
        }
        log = open(HOME / f"replica-{self.number}.log", "ab")  # noqa: SIM115 - the child's
        self.process = subprocess.Popen(words, env=env, stdout=log, stderr=log, start_new_session=True)

    def ready(self, limit: float = 180) -> None:
        end = time.monotonic() + limit
        while status(self.port, "/health") != 200:
            assert self.process and self.process.poll() is None, (
                f"replica {self.number} ended: {HOME}/replica-{self.number}.log"
            )
            assert time.monotonic() < end, "a replica did not start"
            time.sleep(0.5)

    def end(self, number: signal.Signals) -> None:
        """SIGTERM to the server as a container's stop does; SIGKILL to all of it, as a dead card or the kernel does."""
        if self.process and self.process.poll() is None:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
            self.process.wait(90)

    def figure(self, name: str) -> float:
        text = get(self.port, "/metrics")[1]
        return sum(float(value) for value in re.findall(rf"^vllm:{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


def get(port: int, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {ENGINE_KEY}", **({"Content-Type": "application/json"} if body else {})}
        door.request(method, path, body, headers)
        reply = door.getresponse()
        return reply.status, reply.read().decode()
    finally:
        door.close()


def status(port: int, path: str) -> int:
    try:
        return get(port, path)[0]
    except OSError:
        return 0


class Choice:
    """A way to choose a replica, behind nginx with key and routes."""

    def __init__(self, name: str, lines: list[str] | None = None, router: list[str] | None = None) -> None:
        self.name, self.lines, self.router = name, lines, router
        self.run = Path(tempfile.mkdtemp(prefix="router-bench-"))
        self.processes: list[subprocess.Popen[bytes]] = []

    def configure(self, out: int | None = None) -> None:
        servers = [f"127.0.0.1:{port}" for port in PORTS] if self.router is None else [f"127.0.0.1:{ROUTER}"]
        rows = site.upstream(servers, "yitiji_engine")
        if self.lines:
            rows = [row for row in rows if "least_conn" not in row]
            rows[1:1] = self.lines
        if out is not None and self.router is None:
            rows = [row.replace(";", " down;") if f":{PORTS[out]} " in row else row for row in rows]
        given = {"run": self.run, "tools": HOME / "router-tools", "port": FRONT, "key": KEY, "engine_key": ENGINE_KEY}
        (self.run / "nginx.conf").write_text(NGINX.format(upstream="\n  ".join(rows), **given))
        (self.run / "bench.js").write_text(SCRIPT)

    def start(self) -> None:
        self.configure()
        log = open(self.run / "log", "ab")  # noqa: SIM115 - the children's
        if self.router:
            urls = [f"http://127.0.0.1:{port}" for port in PORTS]
            words = [
                *self.router,
                "--host",
                "127.0.0.1",
                "--port",
                str(ROUTER),
                "--prometheus-port",
                "9330",
                "--worker-urls",
                *urls,
            ]
            self.processes.append(subprocess.Popen(words, stdout=log, stderr=log))
        nginx = [str(HOME / "router-tools/usr/sbin/nginx"), "-c", str(self.run / "nginx.conf"), "-p", str(self.run)]
        self.processes.append(subprocess.Popen(nginx, stdout=log, stderr=log))
        end = time.monotonic() + 60
        while not ask(prompt("warm", 1), False)[0]:
            assert time.monotonic() < end, f"{self.name} does not answer: {self.run}"
            time.sleep(0.5)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self.processes = []

    def drain(self, number: int) -> None:
        if self.router is None:
            self.configure(out=number)
            self.processes[-1].send_signal(signal.SIGHUP)
        elif "sglang" in self.name:
            assert get(ROUTER, f"/workers/{self._worker(number)}", "DELETE")[0] in (200, 202)
        else:
            assert get(ROUTER, f"/remove_worker?url={quote(f'http://127.0.0.1:{PORTS[number]}')}", "POST")[0] == 200
        time.sleep(1)

    def back(self, number: int) -> None:
        url = f"http://127.0.0.1:{PORTS[number]}"
        if self.router is None:
            self.configure()
            self.processes[-1].send_signal(signal.SIGHUP)
        elif "sglang" in self.name:
            assert get(ROUTER, "/workers", "POST", json.dumps({"url": url, "api_key": ENGINE_KEY}))[0] in (200, 202)
        else:
            assert get(ROUTER, f"/add_worker?url={quote(url)}", "POST")[0] == 200

    def _worker(self, number: int) -> str:
        rows = json.loads(get(ROUTER, "/workers")[1])["workers"]
        return next(row["id"] for row in rows if row["url"].endswith(str(PORTS[number])))

    def megabytes(self) -> float:
        pids = [process.pid for process in self.processes[:1]] if self.router else []
        text = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in pids]
        return sum(int(re.findall(r"VmRSS:\s+(\d+)", part)[0]) for part in text) / 1024


def choices() -> list[Choice]:
    # By default (64) they balance no load of this size.
    tuned = ["--balance-abs-threshold", "4", "--balance-rel-threshold", "1.5"]
    ours = [str(HOME / "vllm-router/bin/vllm-router"), "--policy", "cache_aware", "--api-key", ENGINE_KEY, *tuned]
    theirs = [
        str(HOME / "sglang-router/bin/python"),
        "-m",
        "sglang_router.launch_router",
        "--policy",
        "cache_aware",
        *tuned,
    ]
    return [
        Choice("nginx least_conn (today)"),
        Choice("nginx by conversation", ["hash $yitiji_talk consistent;"]),
        Choice("vllm-router cache_aware", router=ours),
        Choice("sglang-router cache_aware", router=[*theirs, "--api-key", ENGINE_KEY]),
    ]


def prompt(seed: str, length: int) -> str:
    chance = random.Random(seed)
    words = (
        "the plan says which card serves whom and how long an answer may take when many people ask at once about it"
    ).split()
    text = ""
    while len(text) < length:
        text += chance.choice(words) + str(chance.randrange(100)) + " "
    return text


def ask(messages: str | list[dict[str, str]], stream: bool, answer: int = ANSWER) -> tuple[bool, float, str]:
    """(whether the whole answer came, seconds to its first piece, its text); a lost connection is no answer."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    body = {
        "model": NAME,
        "messages": messages,
        "max_tokens": answer,
        "min_tokens": answer,
        "ignore_eos": True,
        "stream": stream,
    }
    began, first, text, whole = time.monotonic(), 0.0, "", False
    own = http.client.HTTPConnection("127.0.0.1", FRONT, timeout=120)
    try:
        own.request(
            "POST",
            "/v1/chat/completions",
            json.dumps(body),
            {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"},
        )
        reply = own.getresponse()
        if reply.status != 200:
            return False, 0.0, f"{reply.status} {reply.read()[:200]!r}"
        if not stream:
            row = json.loads(reply.read())
            return (
                row["usage"]["completion_tokens"] == answer,
                time.monotonic() - began,
                row["choices"][0]["message"]["content"] or "",
            )
        finish = ""
        for line in reply:
            if line.startswith(b"data: {"):
                row = json.loads(line[6:])
                if "error" in row:
                    return False, first, str(row["error"])
                for choice in row["choices"]:
                    first = first or time.monotonic() - began
                    text += choice["delta"].get("content") or ""
                    finish = choice.get("finish_reason") or finish
            whole = whole or line.startswith(b"data: [DONE]")
        return whole and finish == "length", first, text if whole else "cut"
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return False, first, repr(error)
    finally:
        own.close()


def together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def begin(replicas: list[Replica]) -> None:
    for replica in replicas:
        replica.start()
    for replica in replicas:
        replica.ready()
