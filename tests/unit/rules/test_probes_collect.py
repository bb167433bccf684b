# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E501 - captured lines as they came
"""What is collected on a node for the rules: bounded questions, the weights, the containers."""

from __future__ import annotations

import http.server
import json
import os
import socket
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import collect as collecting
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import running
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import knock as http_probe

from .healthy import GONE, spoil


class Page(http.server.BaseHTTPRequestHandler):
    """/gone is 404, /broken 500, /json an object, /slow never."""

    def do_HEAD(self):
        code = {"/gone": 404, "/broken": 503, "/key": 401}.get(self.path, 200)
        if self.path == "/slow":
            time.sleep(3)
        self.send_response(code)
        self.end_headers()
        if self.command == "GET" and code == 200:
            self.wfile.write(b'{"features": {}}' if self.path == "/json" else b"<html>")

    do_GET = do_HEAD

    def log_message(self, *_args):
        pass


@pytest.fixture(name="server", scope="module")
def fixture_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("path", "must_exist", "ok"),
    [("/", False, True), ("/gone", False, True), ("/gone", True, False), ("/broken", False, False), ("/key", False, True)],
)
def test_knock(server, path, must_exist, ok):
    assert http_probe.knock(server + path, 2, must_exist)["ok"] is ok


def test_knock_is_bounded_and_says_why(server):
    started = time.monotonic()
    assert http_probe.knock(server + "/slow", 0.3)["reason"] == "timed out"
    assert time.monotonic() - started < 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "refused" in http_probe.knock(f"http://127.0.0.1:{port}/", 1)["reason"]
    assert http_probe.knock("http://nowhere.invalid/", 2)["reason"] == "the name does not resolve"
    assert http_probe.knock("file:///etc/passwd", 1)["ok"] is False


def test_the_proxy_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert http_probe.proxy_for("http://outside.example/") == "proxy.example:3128"
    assert http_probe.proxy_for("http://inside.example/") == ""
    assert "secret" not in json.dumps(http_probe.proxies())


def test_fetch_json(server):
    assert http_probe.fetch_json(server + "/json", 2)["body"] == {"features": {}}
    assert http_probe.fetch_json(server + "/", 2) == {"ok": True, "status": 200, "body": None}
    assert http_probe.fetch_json(server + "/key", 2)["status"] == 401
    assert http_probe.fetch_json("http://127.0.0.1:1/", 1)["ok"] is False


def test_all_questions_together_are_bounded():
    def slow():
        time.sleep(5)
        return {"ok": True}

    started = time.monotonic()
    answers = collecting.ask({"slow": slow, "trips": lambda: 1 / 0, "good": lambda: {"ok": True}}, limit=0.5)
    assert time.monotonic() - started < 2
    assert answers["slow"]["ok"] is None and "ZeroDivision" in answers["trips"]["reason"] and answers["good"]["ok"]


def keys(changes=None, host=None):
    return set(collecting.questions(host or Capture({}), spoil(changes or {})))


def test_only_what_matters_is_asked():
    base = {"own name", "peer gpu02"}
    services = {"chat config", "engine without key"}
    assert keys() == base | services | {"hub name", "hub"}
    assert keys({"measures/weights/stamp": True}) == base | services
    bare = {"node/services": {}, "node/containers/docker": None}
    assert keys(bare) == base | {"hub name", "hub", "image vllm:1"}
    archives = dict(bare, **{"settings/image_archives": [{"url": "http://x/a.tar"}, {"path": "/b.tar"}]})
    assert keys(archives) == base | {"hub name", "hub", "archive http://x/a.tar", "archive /b.tar"}
    assert keys({"settings/source": "directory", "plan/nodes/gpu02": GONE}) == {"own name"} | services


def test_ping_and_archive_answers():
    host = Capture({"commands": {"ping -c 1 -W 2 10.0.0.12": {"rc": 1}}, "files": {"/b.tar": "x"}})
    asked = collecting.questions(
        host, spoil({"node/containers/docker": None, "settings/image_archives": [{"path": "/b.tar"}]})
    )
    assert asked["peer gpu02"]()["ok"] is False and asked["archive /b.tar"]()["ok"] is True


def test_files_that_are_no_model(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(b"GGUF" + b"\0" * 300)
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"t": "b.safetensors"}}')
    found = collecting.file_problems(str(tmp_path))
    assert [item["rule"] for item in found] == ["LLM602", "LLM602", "LLM603"]
    assert all(item["zh"] and item["en"] for item in found)
    assert collecting.file_problems("/no/such/folder") == []


def test_disk_usage_counts_what_is_written(tmp_path):
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(10**9)
    (tmp_path / "real").write_bytes(os.urandom(100_000))
    assert 100_000 <= collecting.disk_usage(str(tmp_path)) < 10**6


def test_whole_collection_without_a_network(tmp_path):
    plan = {"model": {"id": "a/b", "path": str(tmp_path)}}
    found = collecting.collect(Capture({}), {"hostname": "n1"}, plan, {"network": False})
    assert found["weights"]["exists"] is False and found["weights"]["stamp"] is False
    assert found["net"] == {} and found["containers"] == {} and found["ollama"] is None
    json.dumps(found)


def test_containers_without_their_secrets():
    row = {
        "Name": "/yitiji-open-webui", "Image": "sha256:aa", "State": {"Pid": 41},
        "Config": {"User": "10001", "Env": ["OFFLINE_MODE=true", "WEBUI_SECRET_KEY=s3cret", "X=y"]},
        "HostConfig": {"NetworkMode": "yitiji", "ReadonlyRootfs": True},
        "NetworkSettings": {"Networks": {"yitiji": {}}},
        "Mounts": [{"Source": "/var/lib/yitiji/open-webui", "Destination": "/app/backend/data"}],
    }  # fmt: skip
    host = Capture({
        "commands": {"docker inspect yitiji-open-webui": json.dumps([row])},
        "spaces": {"/proc/41/root/dev/shm": [2**31, 2**30, 9, 9]},
        "files": {"/proc/41/limits": "Limit  Soft Limit  Hard Limit  Units\nMax locked memory  8388608  8388608  bytes\n"},
        "directories": ["/proc/41/root/dev/infiniband"],
    })  # fmt: skip
    node = {"containers": {"docker": {"containers": [{"name": "yitiji-open-webui"}, {"name": "other"}]}}}
    found = running.containers(host, Context(node))["yitiji-open-webui"]
    assert found["environment"] == {"OFFLINE_MODE": "true"} and found["secrets_in_environment"] == ["WEBUI_SECRET_KEY"]
    assert "s3cret" not in json.dumps(found)
    assert found["shm_bytes"] == 2**31 and found["memlock"] == 8388608 and found["infiniband"] and not found["gpus"]
    assert running.containers(Capture({}), Context(node)) == {}


def test_easy_secrets_are_named_and_never_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "SECRETS", str(tmp_path))
    for name, content in (("a", "changeme\n"), ("b", "000000000000000"), ("c", "Zr4-kP9_wq81xLm2\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o644 if name == "a" else 0o600)
    recorder = Recorder(Host())
    assert collecting.secrets(recorder) == {"present": ["a", "b", "c"], "open": ["a"], "weak": ["a", "b"]}
    assert "changeme" not in json.dumps(recorder.data()) and "Zr4" not in json.dumps(recorder.data())


@pytest.mark.parametrize(
    ("settings", "driver"),
    [
        ({"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}]}, "cdi"),
        ({"DeviceRequests": [{"Driver": "", "Capabilities": [["gpu"]]}]}, "nvidia"),
        ({"Runtime": "nvidia", "DeviceRequests": None}, "nvidia"),
        ({"Runtime": "runc"}, None),
    ],
)
def test_how_a_container_got_its_cards(settings, driver):
    assert running.gpu_driver(settings) == driver


def test_memlock_and_ray():
    assert running.memlock("Max locked memory   unlimited   unlimited   bytes\n") == -1
    assert running.memlock(None) is None
    assert running.ray_gpus("Resources\n 0.0/32.0 CPU\n 8.0/16.0 GPU\n") == {"used": 8.0, "total": 16.0}
    assert running.ray_gpus("Resources\n 0.0/32.0 CPU\n") == {"used": 0.0, "total": 0.0}
    assert running.ray_gpus("no cluster") is None


def test_ollama_folder_is_tried_as_its_user():
    show = "User=ollama\nProtectHome=yes\nEnvironment=OLLAMA_MODELS=/srv/o OLLAMA_HOST=127.0.0.1 SECRET=x\n"
    commands = {
        "systemctl show ollama.service --property=Environment,User,ProtectHome": show,
        "runuser -u ollama -- test -x /srv": "",
        "runuser -u ollama -- test -w /srv/o": {"rc": 1},
    }
    host = Capture({"commands": commands, "directories": ["/srv/o"]})
    found = running.ollama(host, Context({"services": {"ollama": {}}}))
    assert found["models_problem"] == "ollama has no write permission on /srv/o"
    assert "SECRET" not in json.dumps(found)
    assert running.ollama(host, Context({"services": {}})) is None


def test_journal_keeps_what_tells():
    text = "INFO something\nGPU KV cache size: 1,000 tokens\n"
    host = Capture({"commands": {"journalctl -u yitiji-vllm -b -n 4000 -o cat --no-pager": text}})
    assert running.journal(host, "yitiji-vllm") == ["GPU KV cache size: 1,000 tokens"]
    assert running.journal(Capture({}), "yitiji-vllm") is None
