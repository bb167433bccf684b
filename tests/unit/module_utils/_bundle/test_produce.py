# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before a byte comes, and what is told of a bundle that was made."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import produce as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import File

from tests.unit.module_utils._bundle.samples import BOOKWORM, LICENCES, ROCKY, VENDOR

TARGET = {**BOOKWORM, "sources": ["deb http://m.example/debian bookworm main"]}
NEED = [{"target": TARGET, "names": ["nvidia-driver"]}]


def params(tmp_path, **more):
    given = {
        "path": str(tmp_path / "b"), "targets": [TARGET], "packages": [], "repositories": [],
        "images": [], "downloads": [], "models": [],
        "licences": [], "check_script": "#!/bin/sh\n", "key": str(tmp_path / "key"), "split": "", "join_script": "",
        "version": "1.0.0-rc.1", "catalog": {"licences": LICENCES}, "ca_path": None, "progress": None,
        "signers": str(tmp_path / "signers"), "state": "made",
    }  # fmt: skip
    return {**given, **more}


def test_a_dry_run_asks_for_consent_and_writes_nothing(tmp_path):
    assert core.produce(params(tmp_path), dry=True)["changed"]
    with pytest.raises(Refusal) as caught:
        core.produce(params(tmp_path, packages=NEED), dry=True)
    assert "bundle_accept" in caught.value.remedy.en or "nv" in caught.value.reason.en
    assert core.produce(params(tmp_path, packages=NEED, licences=["nv"]), dry=True)["changed"]
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_size_of_volumes_is_refused_first(tmp_path):
    with pytest.raises(Refusal) as caught:
        core.produce(params(tmp_path, split="4 apples"), dry=False)
    assert caught.value.rule == "LLM923" and list(tmp_path.iterdir()) == []


def test_packages_alone_are_resolved_before_anything_large_comes(tmp_path, quiet, monkeypatch):
    monkeypatch.setattr(core.Maker, "resolve", lambda self: quiet.append(["resolved"]))
    told = core.produce(params(tmp_path, state="resolved"), dry=False)
    assert (told["changed"], told["fetched"], told["kinds"]) == (False, 0, {})
    assert [words[0] for words in quiet] == ["ssh-keygen", "gpg", "apt-get", "dpkg-deb", "resolved"], "no key is made"
    assert not (tmp_path / "signers").exists()


@pytest.fixture
def quiet(monkeypatch):
    """Nothing is fetched or signed: one file came, the manifest is as it was."""
    ran = []
    monkeypatch.setattr(core, "run", ran.append)
    monkeypatch.setattr(core.Maker, "make", lambda self: [File("a", 5, "a" * 64, "package")])
    monkeypatch.setattr(core.finish, "ensure_key", lambda path: ran.append(["a key at", path]))
    monkeypatch.setattr(core.finish, "public_key", lambda path: "ssh-ed25519 K")
    monkeypatch.setattr(core.finish, "close", lambda dest, bundle, *_rest: (bundle, False))
    return ran


def test_made_it_is_told_and_its_tools_were_looked_for(tmp_path, quiet):
    told = core.produce(params(tmp_path), dry=False)
    assert (told["changed"], told["bytes"], told["signer"], told["volumes"]) == (False, 5, "ssh-ed25519 K", [])
    assert (tmp_path / "signers").read_text() == 'bundle namespaces="yitiji-bundle" ssh-ed25519 K\n'
    assert quiet.pop() == ["a key at", str(tmp_path / "key")]
    assert [words[0] for words in quiet] == ["ssh-keygen", "gpg", "apt-get", "dpkg-deb"]
    assert [words[1] for words in quiet] == ["-?", "--version", "--version", "--version"], "each as it understands"


def test_tools_are_those_of_the_targets(tmp_path, quiet):
    core.produce(params(tmp_path, targets=[ROCKY]), dry=False)
    assert [words[0] for words in quiet[:-1]] == ["ssh-keygen", "gpg", "dnf", "createrepo_c"]
    quiet.clear()
    core.produce(params(tmp_path, targets=[ROCKY, TARGET, {**ROCKY, "release": "rocky-10"}]), dry=False)
    tools = ["ssh-keygen", "gpg", "dnf", "createrepo_c", "apt-get", "dpkg-deb"]
    assert [words[0] for words in quiet[:-1]] == tools


def test_a_dry_run_refuses_a_repository_without_a_pinned_key(tmp_path):
    need = [{"target": "rocky-9-amd64", "role": "gateway", "names": ["web"]}]
    row = {"target": "rocky-9-amd64", "role": "gateway", **VENDOR, "fingerprints": []}
    with pytest.raises(Refusal) as caught:
        core.produce(params(tmp_path, targets=[ROCKY], packages=need, repositories=[row]), dry=True)
    assert caught.value.rule == "LLM929" and list(tmp_path.iterdir()) == []
    need[0]["target"] = row["target"] = "bookworm-amd64"
    with pytest.raises(Refusal) as caught:
        core.produce(params(tmp_path, packages=need, repositories=[row]), dry=True)
    assert caught.value.rule == "LLM929" and list(tmp_path.iterdir()) == []


def test_volumes_that_were_written_are_a_change(tmp_path, quiet, monkeypatch):
    monkeypatch.setattr(core.split, "split", lambda *_args: (["b.001"], True))
    told = core.produce(params(tmp_path, split="4M"), dry=False)
    assert told["changed"] and told["volumes"] == ["b.001"]


def test_progress_is_a_line_of_what_comes(tmp_path):
    path = tmp_path / "p.json"
    say = core.Progress(str(path))
    say("images", 1, 2)
    assert json.loads(path.read_text())["line"] == "images: …"
    say.report.last = 0.0
    say("images", 10**9, 2 * 10**9)
    assert json.loads(path.read_text())["line"].startswith("images: 1.0 of 2.0 GB")
