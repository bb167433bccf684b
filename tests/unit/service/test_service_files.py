# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small files, ports and progress."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import files, progress
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import ports


def test_write_atomic(tmp_path):
    path = tmp_path / "new" / "f"
    files.write_atomic(str(path), "文\n", 0o640)
    assert files.read_text(str(path)) == "文\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert files.read_text(str(tmp_path / "none")) == ""


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("old")

    def fail(*_args):
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        files.write_atomic(str(path), "new", 0o600)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def row(address, port, protocol="tcp", **more):
    return {"protocol": protocol, "address": address, "port": port, **more}


def test_exposed():
    rows = [
        row("127.0.0.1", 8000),
        row("127.0.1.1", 1),
        row("::1", 8080),
        row("::ffff:127.0.0.1", 9),
        row("0.0.0.0", 22),
        row("::", 443),
        row("0.0.0.0", 68, "udp"),
        row("10.0.0.1", 9100, process="node_exporter"),
        row("::", 11434, unit="ollama.service"),
        row("fe80::1%eth0", 5),
        row("*", 6),
    ]
    assert ports.exposed(rows, [22, "443"]) == [
        "*:6 (unknown)",
        "10.0.0.1:9100 (node_exporter)",
        ":::11434 (ollama.service)",
        "fe80::1%eth0:5 (unknown)",
    ]


def test_ports_between_nodes_are_not_counted():
    rows = [row("10.0.0.1", 40000), row("10.0.0.1", 80), row("0.0.0.0", 29501), row("0.0.0.0", 40000)]
    cluster = {"peers": ["10.0.0.1", "10.0.0.2"], "wide": [29501]}
    assert ports.exposed(rows, [], cluster) == ["0.0.0.0:40000 (unknown)", "10.0.0.1:80 (unknown)"]


def test_what_ray_draws_is_closed_by_the_firewall_alone():
    cluster = {"peers": ["10.0.0.1"], "wide": [6379]}
    scope = "docker-0123.scope"
    rows = [
        {"address": "::", "port": 34397, "unit": scope},
        {"address": "0.0.0.0", "port": 40000, "unit": "stray.service"},
        {"address": "0.0.0.0", "port": 111, "unit": scope},
    ]
    stray = ["0.0.0.0:111 (docker-0123.scope)", "0.0.0.0:40000 (stray.service)"]
    assert ports.exposed(rows, [], cluster, walled=True) == stray
    assert ports.exposed(rows, [], cluster) == [*stray, ":::34397 (docker-0123.scope)"]
    assert ports.exposed(rows, [], None, walled=True) == ports.exposed(rows, [])


def test_progress(tmp_path):
    assert progress.describe(1_200_000_000, 3_200_000_000, 20) == "1.2 of 3.2 GB, 60 MB/s, 33 s left"
    assert progress.describe(0, 0, 0) == "0.0 GB, 0 MB/s"
    path = tmp_path / "p"
    report = progress.Reporter(str(path), "img")
    report.last = -10.0
    report.bytes(10**9, 2 * 10**9)
    assert json.loads(path.read_text())["line"].startswith("img: 1.0 of 2.0 GB")
    path.unlink()
    report.bytes(10**9, 2 * 10**9)
    assert not path.exists()
    progress.Reporter(None, "img").text("x")
