# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clones set themselves up: each up to a chat, each with its own identity; the second boot changes nothing."""

from __future__ import annotations

import json

import labctl
from clones import files

IDENTITY = (
    "etc/machine-id",
    "etc/ssh/ssh_host_*_key",
    "etc/yitiji/secrets/*",
    "etc/yitiji/tls/*",
    "var/lib/docker/engine-id",
)
KEPT = (*IDENTITY, "etc/**/*", "var/lib/yitiji/first-boot/*.json")
LIVES = ("etc/resolv.conf", "etc/yitiji/secrets/.", "etc/ld.so.cache")


def test_they_set_themselves_up(pair):
    for clone in pair:
        clone.wait("done", "failed")
        assert clone.state()["stage"] == "done", clone.journal()[-4000:]
        assert clone.state()["settings"]["hostname"] == clone.name == clone.read("etc/hostname").strip()


def test_the_model_answers_through_the_gateway(pair):
    for clone in pair:
        key = clone.read("etc/yitiji/secrets/gateway-key-default").strip()
        body = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "?"}], "max_tokens": 40}
        headers = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
        said = labctl.curl(*headers, "-d", json.dumps(body), f"https://{clone.address}/v1/chat/completions")
        assert json.loads(said)["choices"][0]["message"]["content"].strip(), said


def test_they_show_it_on_a_page(pair):
    assert f"https://{pair[0].address}/" in pair[0].page()


def test_they_are_two(pair):
    first, second = (files(clone, *IDENTITY) for clone in pair)
    assert set(first) == set(second)
    assert {"etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "etc/yitiji/tls/server.crt", "etc/yitiji/tls/ca.key",
            "etc/yitiji/secrets/open-webui-admin", "var/lib/docker/engine-id"} <= set(first)  # fmt: skip
    assert [path for path in first if first[path] == second[path] and first[path].strip()] == []


def test_the_second_boot_changes_nothing(pair):
    clone = pair[0]
    before = {path: text for path, text in files(clone, *KEPT).items() if path not in LIVES}
    clone.power("stop")
    clone.power("start")
    clone.until_it_said("nothing to do")
    after = {path: text for path, text in files(clone, *KEPT).items() if path not in LIVES}
    assert sorted(path for path in {*before, *after} if before.get(path) != after.get(path)) == []


def test_another_machine_under_the_same_disk_is_noticed(pair):
    """The record is changed instead of the hardware: a container has the host's."""
    clone = pair[0]
    clone.power("stop")
    state = clone.state()
    state["hardware"]["cards"] = [
        {"bus": "0000:17:00.0", "pci_id": "10de:2684", "uuid": "GPU-0", "name": "NVIDIA GeForce RTX 4090"}
    ]
    clone.write("var/lib/yitiji/first-boot/state.json", json.dumps(state))
    clone.power("start")
    clone.until_it_said("card NVIDIA GeForce RTX 4090 (0000:17:00.0) is gone")
    clone.wait("done", "failed")
    assert clone.state()["stage"] == "done" and clone.state()["hardware"]["cards"] == []


def test_wrong_settings_are_told_and_can_be_corrected(pair):
    clone = pair[1]
    clone.power("stop")
    right = clone.read("etc/yitiji/first-boot.d/yitiji.conf")
    clone.write("etc/yitiji/first-boot.d/yitiji.conf", right.replace("gateway = 10.77.0.1", "gateway = 10.9.0.1"))
    clone.power("start")
    clone.wait("failed", seconds=300)
    page = clone.page()
    assert "LLM956" in page and "网段" in page and "gateway 10.9.0.1" in page
    clone.power("stop")
    clone.write("etc/yitiji/first-boot.d/yitiji.conf", right)
    clone.power("start")
    clone.wait("done")
