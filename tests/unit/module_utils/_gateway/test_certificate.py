# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that somebody brought: absent, foreign, locked, over."""

from __future__ import annotations

import subprocess
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import certificate as core

from tests.unit.module_utils.preflight_rules import rules_of

YEAR = 365 * 86400


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    for name in ("one", "two"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30",
             "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    locked = [
        "openssl",
        "ec",
        "-aes128",
        "-passout",
        "pass:secret",
        "-in",
        folder / "one.key",
        "-out",
        folder / "locked.key",
    ]
    subprocess.run(locked, check=True, capture_output=True)
    (folder / "text.pem").write_text("no certificate\n")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return {path.name: str(path) for path in folder.iterdir()}


def rules(files, certificate="", key="", authority="", now=None):
    paths = [files.get(name, name) for name in (certificate, key, authority)]
    return rules_of(lambda _settings: core.problems(*paths, now or time.time()), {})


def test_good_ones(files):
    assert rules(files) == []
    assert rules(files, "one.pem", "one.key", "two.pem") == []


@pytest.mark.parametrize(
    ("certificate", "key", "authority"),
    [
        ("/nowhere.pem", "one.key", ""),
        ("one.pem", "/nowhere.key", ""),
        ("one.pem", "two.key", ""),
        ("one.pem", "locked.key", ""),
        ("text.pem", "one.key", ""),
        ("broken.pem", "one.key", ""),
        ("", "", "/nowhere.pem"),
        ("", "", "broken.pem"),
        ("", "", "text.pem"),
    ],
)
def test_each_wrong_one(files, certificate, key, authority):
    assert rules(files, certificate, key, authority) == ["LLM811"]


def test_one_that_is_over(files):
    assert rules(files, "one.pem", "one.key", now=time.time() + YEAR) == ["LLM811"]
    end = core.end_of(files["one.pem"])
    assert rules(files, "one.pem", "one.key", now=end - 1) == []
    assert rules(files, "one.pem", "one.key", now=end) == ["LLM811"]
    assert core.end_of(files["text.pem"]) is None


def test_why_a_file_is_refused_is_said(files):
    def told(*paths):
        return [str(problem) for problem in core.problems(*paths, time.time())]

    assert "No such file or directory" in told("/nowhere.pem", files["one.key"], "")[0]
    assert "no PEM in it" in told("", "", files["text.pem"])[0]
    assert "password" in told(files["one.pem"], files["locked.key"], "")[0]
