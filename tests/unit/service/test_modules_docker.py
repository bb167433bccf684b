# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules of the roles docker, nvidia_container_toolkit and host_tuning, run as a node runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from run_module import four_states, run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files must belong to root")
PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


def access(tmp_path, **entry):
    registries = [{"host": "r:5000", **entry}] if entry else []
    return {"registries": registries, "directory": str(tmp_path / "d"), "certificates": str(tmp_path / "c")}


@needs_root
def test_registry_access_gives_and_takes_away(tmp_path):
    given = access(tmp_path, username="u", password="very-secret", ca=PEM)
    answers = four_states("registry_access", given)
    assert "very-secret" not in json.dumps(answers)
    assert oct((tmp_path / "d/config.json").stat().st_mode)[-3:] == "600"
    assert (tmp_path / "c/r:5000/yitiji-ca.crt").read_text() == PEM + "\n"
    (tmp_path / "d/config.json").chmod(0o644)
    assert run("registry_access", given)["changed"], "a mode that others can read is put right"
    four_states("registry_access", access(tmp_path))
    assert not (tmp_path / "d").exists() and list((tmp_path / "c").iterdir()) == []


def test_registry_access_refuses_before_it_writes(tmp_path):
    answer = run("registry_access", access(tmp_path, username="u"))
    assert answer["failed"] and answer["rule"] == "LLM314" and "r:5000" in answer["msg"]
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_signing_key_is_known_by_its_fingerprint(tmp_path):
    source = Path(__file__).parents[1] / "docker/test_toolkit.py"
    text = source.read_text()
    key = text[text.index("-----BEGIN PGP") : text.index("-----END PGP PUBLIC KEY BLOCK-----") + 34] + "\n"
    fingerprint = text.split('FINGERPRINT = "')[1][:40]
    (tmp_path / "key").write_text(key)
    given = {"url": f"file://{tmp_path}/key", "fingerprint": fingerprint, "path": str(tmp_path / "out.asc")}
    four_states("signing_key", given)
    answer = run("signing_key", {**given, "fingerprint": "0" * 40, "path": str(tmp_path / "other")})
    assert answer["rule"] == "LLM316" and not (tmp_path / "other").exists()
    answer = run("signing_key", {**given, "url": f"file://{tmp_path}/none", "path": str(tmp_path / "other")})
    assert answer["rule"] == "LLM316" and "cannot be fetched" in answer["msg"]


def test_kernel_settings_keep_and_forget(tmp_path):
    """With a setting that is already as wanted, so that this machine's kernel is left alone."""
    places = {name: str(tmp_path / name) for name in ("sysctl_file", "tmpfiles_file", "record")}
    answers = four_states("kernel_settings", {"settings": {"kernel.ostype": "Linux", "kernel.none": "1"}, **places})
    assert answers[1]["written"] == {} and list(answers[1]["left_alone"]) == ["kernel.none"]
    assert "kernel.ostype = Linux" in (tmp_path / "sysctl_file").read_text()
    assert not (tmp_path / "tmpfiles_file").exists()
    four_states("kernel_settings", places)
    assert list(tmp_path.iterdir()) == []


def test_a_container_that_cannot_run_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("docker", "systemctl"):
        (tmp_path / name).write_text("#!/bin/sh\necho no such image >&2\nexit 125\n")
        (tmp_path / name).chmod(0o755)
    answer = run("gpu_container_check", {"image": "x", "mode": "cdi", "cards": 2, "timeout": 5})
    assert answer["rule"] == "LLM308" and "sees 0 of 2" in answer["msg"] and "no such image" in answer["msg"]
