# SPDX-License-Identifier: GPL-3.0-or-later
"""The action through ansible-playbook: no node exists, and none is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import dump

from tests.sizing.common import ROOT
from tests.unit.module_utils._bundle.samples import BUNDLE


def play(*arguments, playbook_name="plan", **variables):
    extra = [f"-e{json.dumps(variables)}"] if variables else []
    playbook = Path(sys.executable).parent / "ansible-playbook"
    return subprocess.run(
        [str(playbook), f"playbooks/{playbook_name}.yml", *arguments, *extra],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )


@pytest.mark.parametrize(("name", "group"), [("basic", "office"), ("standard", "campus"), ("flagship", "center")])
def test_example_inventories(tmp_path, name, group):
    done = play("-i", f"inventories/{name}", appliance_plan_dir=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "unreachable=0" in done.stdout and "failed=0" in done.stdout
    assert json.loads((tmp_path / group / "plan.json").read_text())["profile"] == name
    assert "class=bar" in (tmp_path / group / "plan.html").read_text()
    assert "权重" in (tmp_path / group / "plan.zh.txt").read_text()


def test_again_changes_nothing_and_check_writes_nothing(tmp_path):
    flags = ("-i", "inventories/basic", "--check", "--diff")
    assert "changed=1" in play(*flags, appliance_plan_dir=str(tmp_path)).stdout
    assert not list(tmp_path.iterdir())
    play(*flags[:2], appliance_plan_dir=str(tmp_path))
    assert "changed=0" in play(*flags[:2], appliance_plan_dir=str(tmp_path)).stdout


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"appliance_profile": "nix"}, ("LLM521", "office", "flagship", "appliance_profile")),
        ({"appliance_model": "nix"}, ("LLM522", "deepseek-r1-32b", "appliance_model")),
        ({"appliance_engine": "nix"}, ("LLM523", "vllm", "appliance_engine")),
        ({"appliance_model": "deepseek-r1-70b"}, ("LLM504", "basic01", "GiB")),
        ({"appliance_context_length": "long"}, ("appliance_context_length", "int")),
    ],
)
def test_refusals_name_host_reason_and_remedy(tmp_path, wish, expected):
    done = play("-i", "inventories/basic", appliance_plan_dir=str(tmp_path), **wish)
    assert done.returncode != 0 and not list(tmp_path.iterdir())
    for part in expected:
        assert part in done.stdout + done.stderr


def test_a_place_that_cannot_be_written_is_refused_before_planning(tmp_path):
    (tmp_path / "file").write_text("")
    done = play("-i", "inventories/basic", appliance_plan_dir=str(tmp_path / "file"))
    assert done.returncode != 0 and "LLM541" in done.stdout and "appliance_plan_dir" in done.stdout
    assert "TASK [yitiji.deepseek.appliance : Plan the deployment]" not in done.stdout


def test_a_scan_asks_no_node_and_writes_beside_the_bundle(tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "MANIFEST.json").write_text(dump(BUNDLE))
    made = {"playbook_name": "scan", "bundle_out": str(bundle)}
    assert "LLM933" in play("-i", "inventories/basic", **made).stdout
    row = '{"id": "CVE-1", "ratings": [{"severity": "high"}]}'
    grype = tmp_path / "grype"
    grype.write_text(f"#!/bin/sh\necho '{{\"vulnerabilities\": [{row}]}}' >$5\n")
    grype.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not (tmp_path / "bundle.vulnerabilities.json").exists()
    checked = play("-i", "inventories/basic", "--check", **made)
    assert checked.returncode == 0 and not (tmp_path / "bundle.vulnerabilities.json").exists(), checked.stdout
    for changed in ("changed=1", "changed=0"):
        done = play("-i", "inventories/basic", **made)
        assert done.returncode == 0 and changed in done.stdout and "high  CVE-1" in done.stdout, done.stdout
    over = play("-i", "inventories/basic", **made, bundle_scan_limit="high")
    assert over.returncode and "LLM935" in over.stdout
    assert json.loads((tmp_path / "bundle.vulnerabilities.json").read_text())["counts"]["high"] == 2  # bill and image


def test_an_export_writes_the_manifests_alone(tmp_path):
    done = play(
        "-i", "inventories/basic", playbook_name="export", appliance_plan_dir=str(tmp_path), export_claim="models"
    )
    assert done.returncode == 0 and "changed=1" in done.stdout, done.stdout
    assert [path.name for path in (tmp_path / "office").iterdir()] == ["kserve.yaml"]
    assert "pvc://models/deepseek-ai/" in (tmp_path / "office/kserve.yaml").read_text()
    refused = play("-i", "inventories/flagship", playbook_name="export", appliance_plan_dir=str(tmp_path))
    assert refused.returncode and "LLM591" in refused.stdout
