# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E501
"""Failures really made on a node: the doctor names exactly that one, and is content again when it is mended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import ADDRESS, GB, MODEL, NAME

BAD = ("fail", "warn")
SQUAT = "systemd-run --quiet --unit squatter python3 -m http.server {port} --bind {address}; sleep 1"
UNIT = "[Unit]\n{unit}\n[Service]\nExecStart={run}\n"
WEIGHTS = f"""python3 - <<'END'
import hashlib, json, os, struct
d = "{MODEL}"; os.makedirs(d, exist_ok=True)
head = json.dumps({{"t": {{"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}}}).encode()
data = struct.pack("<Q", len(head)) + head + b"\\0" * 4
index = json.dumps({{"weight_map": {{"t": "model.safetensors"}}}}).encode()
for name, content in (("model.safetensors", data), ("model.safetensors.index.json", index)):
    open(d + "/" + name, "wb").write(content)
rows = [[n, os.stat(d + "/" + n).st_size, hashlib.sha256(open(d + "/" + n, "rb").read()).hexdigest()]
        for n in ("model.safetensors", "model.safetensors.index.json")]
keys = ("path", "size", "sha256")
m = {{"schema": 1, "model": "lab/tiny", "revision": "master", "files": [dict(zip(keys, r)) for r in rows]}}
text = json.dumps(["lab/tiny", "master", rows], separators=(",", ":"), ensure_ascii=True)
state = {{r[0]: [os.stat(d + "/" + r[0]).st_size, os.stat(d + "/" + r[0]).st_mtime_ns] for r in rows}}
s = {{"schema": 1, "model": "lab/tiny", "revision": "master", "state": state,
     "manifest_sha256": hashlib.sha256(text.encode()).hexdigest()}}
json.dump(m, open(d + "/.yitiji-manifest.json", "w")); json.dump(s, open(d + "/.yitiji-verified.json", "w"))
END"""
BROKEN_PACKAGE = """set -e; d=$(mktemp -d); mkdir $d/DEBIAN
printf 'Package: nvidia-lab-broken\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab\\nDescription: x\\n' > $d/DEBIAN/control
printf '#!/bin/sh\\nexit 1\\n' > $d/DEBIAN/postinst; chmod 755 $d/DEBIAN/postinst
dpkg-deb --build $d /tmp/broken.deb >/dev/null; dpkg -i /tmp/broken.deb >/dev/null 2>&1 || true"""
TWO: dict[str, Any] = {
    "nodes": {NAME: {"gpus": [], "address": ADDRESS}, "doc2": {"gpus": [], "address": ADDRESS}},
}

# rule, phase, plan, settings, what breaks it, what mends it, a word of the evidence
SCENES = [
    ("LLM101", "pre", {"model": {"id": "lab/tiny", "path": MODEL, "bytes": GB}}, {},
     "mkdir -p /srv/models; mount -t tmpfs -o size=20M none /srv/models", "umount /srv/models", "/srv/models needs 1.1 GB"),
    ("LLM101", "pre", {"model": {"id": "lab/tiny", "path": MODEL, "bytes": 10**6}}, {},
     "mkdir -p /srv/models; mount -t tmpfs -o size=90M,nr_inodes=50 none /srv/models", "umount /srv/models", "inodes left"),
    ("LLM101", "pre", {}, {},
     "mkdir -p /srv/models; mount -t tmpfs -o ro,size=90M none /srv/models", "umount /srv/models", "read-only"),
    ("LLM103", "pre", TWO, {}, f"cp /etc/hosts /tmp/hosts; echo '127.0.1.1 {NAME}' > /etc/hosts",
     "test ! -f /tmp/hosts || cp /tmp/hosts /etc/hosts", "127.0.1.1"),
    ("LLM108", "pre", {}, {}, SQUAT.format(port=8000, address="127.0.0.1"), "systemctl stop squatter", "squatter.service"),
    ("LLM108", "pre", {}, {}, SQUAT.format(port=443, address="0.0.0.0"), "systemctl stop squatter", "443 (https)"),
    ("LLM111", "pre", {}, {}, BROKEN_PACKAGE, "dpkg --remove --force-remove-reinstreq nvidia-lab-broken", "nvidia-lab-broken"),
    ("LLM505", "run", {}, {},
     f"printf '{UNIT.format(unit='', run='/bin/false')}' > /etc/systemd/system/yitiji-vllm.service; "
     "systemctl daemon-reload; systemctl start yitiji-vllm; sleep 1",
     "rm /etc/systemd/system/yitiji-vllm.service; systemctl reset-failed yitiji-vllm; systemctl daemon-reload", "failed"),
    ("LLM505", "run", {}, {},
     f"printf '{UNIT.format(unit='ConditionPathExists=/no/stamp', run='/bin/sleep 9')}' > "
     "/etc/systemd/system/yitiji-vllm.service; systemctl daemon-reload; systemctl start yitiji-vllm; sleep 1",
     "rm /etc/systemd/system/yitiji-vllm.service; systemctl daemon-reload", "stamp"),
    ("LLM601", "run", {}, {}, f"{WEIGHTS}\nrm {MODEL}/.yitiji-verified.json", WEIGHTS, "no stamp"),
    ("LLM601", "run", {}, {}, f"{WEIGHTS}\nprintf ' ' >> {MODEL}/model.safetensors.index.json", WEIGHTS, "changed since"),
    ("LLM602", "run", {}, {},
     f"{WEIGHTS}\nprintf 'version https://git-lfs.github.com/spec/v1\\n' > {MODEL}/model.safetensors", WEIGHTS, "LFS"),
    ("LLM602", "run", {}, {}, f"{WEIGHTS}\ntruncate -s -2 {MODEL}/model.safetensors", WEIGHTS, "model.safetensors"),
    ("LLM603", "run", {}, {}, f"{WEIGHTS}\nmv {MODEL}/model.safetensors {MODEL}/x.safetensors",
     f"rm {MODEL}/x.safetensors; {WEIGHTS}", "model.safetensors"),
    ("LLM801", "run", {}, {}, SQUAT.format(port=11434, address="0.0.0.0"), "systemctl stop squatter", "11434"),
]  # fmt: skip

# The same, by what the deployment asks for.
WISHES = [
    ("LLM104", "pre", {"needs": {"memory_bytes": 10**15}}, {}, "GiB of memory"),
    ("LLM113", "pre", {}, {"endpoint": "http://hub.invalid"}, "hub.invalid does not resolve"),
    ("LLM114", "pre", {}, {"endpoint": "http://10.77.0.1:1"}, "Connection refused"),
    ("LLM115", "pre", {}, {"source": "directory", "source_dir": "/no/models"}, "/no/models does not exist"),
    ("LLM302", "pre", {"image": {"ref": "x:1"}}, {"image_archives": [{"path": "/no/images.tar"}]}, "no such file"),
    ("LLM302", "pre", {"image": {"ref": "x:1"}},
     {"image_archives": [{"url": "http://10.77.0.1:8801/files/nothing.tar"}]}, "HTTP 404"),
    ("LLM302", "pre", {"image": {"ref": "10.77.0.1:1/x:1"}}, {}, "Connection refused"),
    ("LLM401", "pre", dict(TWO, nodes={NAME: {"gpus": [], "address": "10.99.0.9"}, "doc2": {"address": ADDRESS}}), {},
     "no interface holds 10.99.0.9"),
    ("LLM590", "pre", {"verdict": "refused", "refusal": {"id": "LLM504", "reason": {"en": "too long", "zh": "过长"}}}, {},
     "too long"),
]  # fmt: skip


def bad(results: dict[str, dict[str, Any]]) -> set[str]:
    return {rule for rule, result in results.items() if result["status"] in BAD}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene[0]}-{scene[6].split()[0]}")
def test_named_exactly_and_mended(doctor, scene):
    rule, phase, plan, settings, spoil, mend, word = scene
    doctor.configure(plan, settings)
    doctor.sh(mend, check=False)
    before = bad(doctor.results(phase))
    doctor.sh(spoil)
    try:
        results = doctor.results(phase)
    finally:
        doctor.sh(mend, check=False)
    assert results[rule]["status"] == "fail" and word in results[rule]["evidence"]["en"], results[rule]
    assert results[rule]["evidence"]["zh"] and results[rule]["fix"]["en"] and results[rule]["fix"]["zh"]
    # a broken weights file is also a changed one; nothing else may be accused
    assert bad(results) - before <= {rule, "LLM601"}
    assert rule not in bad(doctor.results(phase))


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: f"{wish[0]}-{wish[4].split()[0]}")
def test_wishes_that_can_not_be_met(doctor, wish):
    rule, phase, plan, settings, word = wish
    doctor.sh(f"rm -rf {MODEL}")
    doctor.configure()
    before = bad(doctor.results(phase))
    doctor.configure(plan, settings)
    results = doctor.results(phase)
    assert results[rule]["status"] == "fail" and word in results[rule]["evidence"]["en"], results[rule]
    assert bad(results) - before == {rule}


@pytest.fixture(scope="module", name="with_docker")
def fixture_with_docker(machine):
    machine.sh("command -v dockerd || { apt-get -qq update && apt-get -qq install --no-install-recommends docker.io iptables; }"
               " >/dev/null 2>&1; systemctl start docker")
    return machine


@pytest.mark.parametrize(
    ("rule", "status", "spoil", "mend", "word"),
    [
        ("LLM306", "fail", "echo '{\"log-driver\": \"json-file\",}' > /etc/docker/daemon.json",
         "rm -f /etc/docker/daemon.json", "line 1"),
        ("LLM306", "warn", "systemctl stop docker docker.socket", "systemctl start docker", "does not answer"),
        ("LLM301", "fail", "mv /usr/bin/docker /usr/bin/docker.away; mkdir -p /snap/bin; "
         "cp /bin/false /usr/bin/snap; ln -s /usr/bin/snap /snap/bin/docker",
         "mv /usr/bin/docker.away /usr/bin/docker; rm -rf /snap /usr/bin/snap", "snap"),
    ],
    ids=["daemon.json", "stopped", "snap"],
)  # fmt: skip
def test_docker_spoilt(with_docker, rule, status, spoil, mend, word):
    doctor = with_docker
    doctor.configure()
    assert rule not in bad(doctor.results("run"))
    doctor.sh(spoil)
    try:
        result = doctor.results("run")[rule]
    finally:
        doctor.sh(mend)
    assert result["status"] == status and word in result["evidence"]["en"], result
    assert rule not in bad(doctor.results("run"))


def test_nothing_is_changed(doctor):
    """The whole tree before and after, save what the system itself writes all the time."""
    tree = (
        "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/log \\) -prune -o "
        "-printf '%p %y %m %U %G %s %T@\\n' | sort | sha256sum"
    )
    doctor.sh("yitiji-doctor", check=False)
    before = doctor.sh(tree)
    for phase in ("pre", "post", "run"):
        doctor.sh(f"yitiji-doctor --phase {phase}", check=False)
    assert doctor.sh(tree) == before


def test_exit_status_and_report(doctor):
    doctor.configure({"needs": {"memory_bytes": 10**15}})
    said = doctor.sh("yitiji-doctor --phase pre --json /root/r.json --html /root/r.html; echo rc=$?")
    assert "✗ LLM104" in said and "rc=2" in said
    report = json.loads(doctor.sh("cat /root/r.json; rm /root/r.json"))
    assert report["exit_code"] == 2 and report["summary"]["fail"] == 1
    assert "内存" in doctor.sh("cat /root/r.html; rm /root/r.html")
