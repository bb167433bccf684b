# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module container_image, where there is no Docker."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.modules.run_module import run

DOCKER = Path(__file__).parents[1] / "module_utils/_containers/fake_docker.py"
LOCKED, MOVED = "sha256:" + "d" * 64, "sha256:" + "e" * 64


def test_container_image_without_docker(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = run("container_image", {"ref": "x/y:1", "id": "sha256:a"})
    if "rule" in answer:
        assert answer["rule"] == "LLM329"
    else:
        pytest.skip("this machine runs Docker")


class Registry(http.server.BaseHTTPRequestHandler):
    """Still has the image that is locked, but its tag means another one by now."""

    def do_HEAD(self):
        name = self.path.rpartition("/")[2]
        self.send_response(200)
        self.send_header("Docker-Content-Digest", MOVED if name == "1" else name)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(b'{"layers": []}')

    def log_message(self, *_args):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry on this machine that Docker may ask without TLS; Docker's images lie in a folder."""
    (tmp_path / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} {DOCKER} "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "images").mkdir()
    info = {"ServerVersion": "29.1", "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"]}}
    (tmp_path / "images/info").write_text(json.dumps(info))
    monkeypatch.setenv("FAKE_DOCKER", str(tmp_path / "images"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("check", [True, False])
def test_a_registry_that_serves_another_digest_for_a_locked_tag_is_refused(registry, tmp_path, check):
    wanted = {"ref": f"{registry}/x:1", "digest": LOCKED, "config": str(tmp_path)}
    answer = run("container_image", {**wanted, "locked": True}, check)
    assert answer.get("rule") == "LLM595" and MOVED in answer["msg"] and LOCKED in answer["msg"], answer
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["info"], "nothing was pulled"
    if check:
        assert run("container_image", wanted, check)["source"] == wanted["ref"], "pinned, but not locked"


HANDED = {"url": "https://127.0.0.1:1/image.tar", "id": LOCKED, "identity": "/no/own.pem", "peers": "/no/peers.pem"}


def test_a_neighbour_is_not_asked_in_check_mode_and_the_registry_after_it(registry, tmp_path):
    wanted = {"ref": f"{registry}/x:1", "digest": LOCKED, "config": str(tmp_path), "neighbour": HANDED}
    answer = run("container_image", wanted, True)
    assert (answer["changed"], answer["source"]) == (True, HANDED["url"])
    assert run("container_image", {**wanted, "dry_run": True})["source"] == HANDED["url"]
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["info"], "nothing was pulled"
    answer = run("container_image", wanted)
    told = json.dumps(answer["warnings"])
    assert "LLM334" in told and HANDED["url"] in told, "its certificates are not there"
    assert (answer["source"], answer["id"]) == (wanted["ref"], "sha256:pulled")


def test_an_archive_for_the_other_nodes_is_written_once_the_image_is_there(registry, tmp_path):
    ref, archive = f"{registry}/x:1", tmp_path / "handed/image.tar"
    found = {"Id": LOCKED, "Config": {"Cmd": ["x"]}, "Size": 1}
    (tmp_path / "images" / LOCKED).write_text(json.dumps(found))
    wanted = {"ref": ref, "id": LOCKED, "config": str(tmp_path), "save": str(archive)}
    answer = run("container_image", wanted, True)
    assert (answer["changed"], answer["saved"], answer["source"]) == (True, True, "node") and not archive.exists()
    assert answer["diff"] == {"before": LOCKED + "\n", "after": LOCKED + "\n"}
    answer = run("container_image", wanted)
    assert answer["saved"] and answer["id"] == LOCKED and archive.read_text() == f"archive of {LOCKED}\n"
    (tmp_path / "images/full").touch()
    answer = run("container_image", wanted)
    assert not answer.get("failed") and not answer["saved"] and answer["id"] == LOCKED and not archive.exists()
    assert "LLM333" in json.dumps(answer["warnings"])
