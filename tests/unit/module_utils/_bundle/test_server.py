# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle's server on loopback: files with ranges, a hub for its models, nothing else, to nobody else."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import server as hub
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.download import Weights
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

from tests.unit.module_utils._bundle.samples import CONTENTS


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer


@pytest.mark.parametrize(
    "path", ["/apt/x/nginx_1.2+b~c_amd64.deb", "/apt/x/nginx_1.2%2bb%7ec_amd64.deb", "/apt/x/./nginx_1.2+b~c_amd64.deb"]
)
def test_a_file(served, path):
    assert ask(served[0], path)[:2] == (200, b"package")
    status, body, answer = ask(served[0], path, "HEAD")
    assert (status, body, answer.getheader("Content-Length")) == (200, b"", "7")


@pytest.mark.parametrize("wanted, status, body", [
    ("bytes=0-2", 206, b"pac"), ("bytes=3-", 206, b"kage"), ("bytes=-2", 206, b"ge"),
    ("bytes=-99", 206, b"package"), ("bytes=0-99", 206, b"package"),
    ("bytes=7-", 416, b""), ("bytes=5-3", 416, b""), ("bytes=x", 200, b"package"), ("bytes=-", 200, b"package"),
])  # fmt: skip
def test_ranges(served, wanted, status, body):
    assert ask(served[0], "/apt/x/nginx_1.2+b~c_amd64.deb", Range=wanted)[:2] == (status, body)


@pytest.mark.parametrize("path", [
    "/secret", "/../secret", "/%2e%2e/secret", "/models/a/b/../../../secret", "/", "/models", "//etc/passwd",
    "/api/v1/models/a/b2/repo/files", "/api/v1/models/a/b/repo?FilePath=../b2/config.json",
    "/api/v1/models/a/b/repo?FilePath=config.json&Revision=other", "/api/v1/models/x/y/revisions",
])  # fmt: skip
def test_nothing_else(served, path):
    assert ask(served[0], path)[0] == 404


def test_nobody_else(served):
    server = served[0]
    server.RequestHandlerClass.allowed = ("192.0.2.1",)
    status, body, _answer = ask(server, "/models/a/b/config.json")
    assert status == json.loads(body)["Code"] == 403 and "127.0.0.1" in json.loads(body)["Message"]
    server.RequestHandlerClass.allowed = ()
    assert ask(server, "/models/a/b/config.json")[0] == 403


def test_the_projects_own_download_takes_a_model(served, tmp_path):
    dest = tmp_path / "there"
    dest.mkdir()
    endpoint = f"http://127.0.0.1:{served[0].server_port}"
    outcome = Weights(Request("a/b", str(dest), endpoint=endpoint)).run()
    assert outcome.verified and outcome.fetched == 300002
    assert (dest / "sub/weights.dat").read_bytes() == CONTENTS["models/a/b/sub/weights.dat"]


def test_listing_without_recursion(served):
    told = json.loads(ask(served[0], "/api/v1/models/a/b/repo/files?Revision=master")[1])
    found = told["Data"]["Files"]
    assert (told["Code"], told["Success"]) == (200, True)
    assert [(row["Path"], row["Type"]) for row in found] == [("config.json", "blob"), ("sub", "tree")]


def test_ends_when_told(served):
    status, body, _answer = ask(served[0], "/stop/wrong", "POST")
    assert status == json.loads(body)["Code"] == 404
    status, body, _answer = ask(served[0], "/stop/word", "POST")
    assert status == 200 and json.loads(body) == {"stopped": True}
    served[1].join(5)
    assert not served[1].is_alive()


def test_knows_the_run_by_more_than_its_number():
    assert hub.alive(os.getpid(), hub.start_of(os.getpid()))
    assert not hub.alive(os.getpid(), "1") and not hub.alive(os.getpid(), "") and hub.start_of(2**22 + 1) == ""


def test_a_file_is_told_with_its_hash_and_that_it_comes_in_ranges(served):
    path = "/models/a/b/config.json"
    answer = ask(served[0], path, "HEAD")[2]
    digest = hashlib.sha256(CONTENTS[path[1:]]).hexdigest()
    assert answer.getheader("X-Linked-ETag") == f'"{digest}"' and answer.getheader("Accept-Ranges") == "bytes"
    assert ask(served[0], path, Range="bytes=1-")[2].getheader("Content-Range") == "bytes 1-1/2"
    assert ask(served[0], path, Range="bytes=2-")[2].getheader("Content-Range") == "bytes */2"


def test_a_model_has_the_one_revision_that_the_bundle_holds(served):
    status, body, _answer = ask(served[0], "/api/v1/models/a/b/revisions")
    branches = json.loads(body)["Data"]["RevisionMap"]["Branches"]
    assert status == 200 and [row["Revision"] for row in branches] == ["master"]


def test_a_run_is_known_by_its_start_however_it_grows():
    before = hub.start_of(os.getpid())
    grown = bytearray(64 << 20)
    assert hub.start_of(os.getpid()) == before and before.isdigit() and grown is not None


def test_a_process_is_known_by_its_start_whatever_its_name(tmp_path):
    """The name stands in brackets in the file that tells the start, and may hold brackets itself."""
    program = tmp_path / "x) y"
    shutil.copy(shutil.which("sleep"), program)
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert int(hub.start_of(process.pid)) >= int(hub.start_of(os.getpid())) > 1
        finally:
            process.kill()


def test_a_connection_goes_on_after_a_head_and_after_an_empty_file(served):
    connection = http.client.HTTPConnection("127.0.0.1", served[0].server_port, timeout=5)
    shelf = served[0].RequestHandlerClass.shelf
    shelf.files["empty"] = shelf.files["models/a/b/config.json"]._replace(path="empty", size=0)
    (served[2] / "empty").touch()
    for method, path, body in (
        ("HEAD", "/models/a/b/config.json", b""), ("GET", "/empty", b""), ("GET", "/models/a/b/config.json", b"{}"),
    ):  # fmt: skip
        connection.request(method, path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, body)
        assert connection.sock is not None, "it was not closed"
