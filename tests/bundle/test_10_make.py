# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a bundle: consent first, killed and continued, the weights requested once, a second run downloads nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time

import labctl
import offline
import sitectl
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def asked_for_weights() -> int:
    return sum(".safetensors" in str(request.get("path", request)) for request in labctl.hub_log())


def test_without_consent_not_a_byte_is_fetched():
    labctl.hub_reset()
    run = offline.make("bundle-consent", "-e", """'{"bundle_packages": ["nvidia-driver"]}'""")
    assert not run.ok and any(
        "LLM910" in line and "bundle_licences: [nvidia-driver]" in line for line in run.failures()
    )
    assert not offline.OUT.exists() and asked_for_weights() == 0


def test_killed_in_the_middle():
    packages = offline.WORK / "apt-bookworm-amd64/archives"

    def then(kill):
        until = time.monotonic() + 300
        while time.monotonic() < until and len(list(packages.glob("*.deb"))) < 20:
            time.sleep(0.2)
        kill()

    run = offline.make(
        "bundle-killed", watch=sitectl.when("bundle_make", lambda kill: None if packages.exists() else then(kill))
    )
    assert not run.ok and not (offline.OUT / "MANIFEST.json").exists()
    assert len(list(packages.glob("*.deb"))) >= 20


def test_goes_on_and_is_whole():
    kept = {path.name: path.stat().st_ino for path in offline.WORK.glob("apt-*/archives/*.deb")}
    run = offline.make("bundle-made", "-e", "bundle_split=700M")
    assert run.ok, run.story()
    now = {path.name: path.stat().st_ino for path in offline.WORK.glob("apt-*/archives/*.deb")}
    assert kept and all(now[name] == inode for name, inode in kept.items()), "what was there came again"
    told = offline.check()
    assert told[0] == 0, told[1]
    print(next(e["res"]["msg"] for e in run.of("runner_on_ok") if e["task"] == "Show sizes and time"))


def test_the_weights_were_asked_for_once():
    shards = len(labctl.model_files("*.safetensors"))
    gets = [
        request
        for request in labctl.hub_log()
        if ".safetensors" in json.dumps(request) and "GET" in json.dumps(request)
    ]
    assert len([request for request in gets if "FilePath" in json.dumps(request)]) <= 2 * shards


def test_second_run_fetches_nothing():
    stamp = (offline.OUT / "MANIFEST.json.sig").read_bytes()
    run = offline.make("bundle-again", "-e", "bundle_split=700M")
    assert run.ok, run.story()
    made = next(e["res"] for e in run.of("runner_on_ok") if e["task"] == "Download the rest and complete the bundle")
    assert (made["changed"], made["fetched"]) == (False, 0)
    assert (offline.OUT / "MANIFEST.json.sig").read_bytes() == stamp


def test_manifest_sums_and_bill_agree():
    manifest = json.loads((offline.OUT / "MANIFEST.json").read_text(encoding="utf-8"))
    sums = dict(reversed(line.split("  ", 1)) for line in (offline.OUT / "SHA256SUMS").read_text().splitlines())
    assert sums == {file["path"]: file["sha256"] for file in manifest["files"]}
    kinds = {file["kind"] for file in manifest["files"]}
    assert {"package", "index", "image", "wheel", "collection", "weights", "tool", "document"} <= kinds
    bill = json.loads((offline.OUT / "SBOM.spdx.json").read_text(encoding="utf-8"))
    assert {"nginx", "docker.io", "prometheus", "yitiji-lab/tiny-r1-distill"} <= {
        package["name"] for package in bill["packages"]
    }
    assert all(
        file["sha256"] and file["licence"]
        for file in manifest["files"]
        if file["kind"] in ("package", "weights", "image")
    )


def test_every_part_is_in_the_bill_that_scanners_read():
    manifest = json.loads((offline.OUT / "MANIFEST.json").read_text(encoding="utf-8"))
    text = (offline.OUT / "SBOM.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = json.loads(text)["components"]
    told = {row["value"] for part in parts for row in part.get("properties", []) if row["name"] == "yitiji:path"}
    kinds = ("package", "image", "archive", "wheel", "collection")
    assert told == {file["path"] for file in manifest["files"] if file["kind"] in kinds}
    assert {image["id"] for image in manifest["holds"]["images"] if image["id"]} <= set(
        re.findall(r"sha256:[0-9a-f]{64}", text)
    )
    assert {"openssl", "yitiji-lab/tiny-r1-distill"} <= {part["name"] for part in parts}


def test_volumes_join_to_the_same_bundle():
    volumes = offline.OUT.with_name("bundle.volumes")
    assert max(path.stat().st_size for path in volumes.glob("*.tar.*")) <= 700 << 20
    joined = offline.PLACE / "joined"
    done = subprocess.run(["sh", volumes / "join.sh", joined], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["sh", volumes / "join.sh", joined], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "LLM915 there is a bundle already" in done.stdout and done.stderr == ""
    shutil.rmtree(joined)
    last = sorted(volumes.glob("*.tar.*"))[-1]
    offline.flipped(last)
    done = subprocess.run(["sh", volumes / "join.sh", joined], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"LLM915 wrong volume / 分卷内容不符 · {last.name}\n" in done.stdout
    shutil.rmtree(volumes)


def test_threads_end():
    assert threading.active_count() < 50
