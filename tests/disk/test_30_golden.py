# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A golden machine that ran, sealed in place: nothing of it is left on its disk, and a clone gets its own identity."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import clones
import consolectl
import labctl
import pytest
import sitectl
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.seal import identities

ENGINE = ("-e", "appliance_engine=llamacpp", "-e", "appliance_monitoring=true")
GIVEN = {
    "first_boot_variables": {"docker_network_mtu": 1400, "docker_wait_seconds": 300},
    "seal_confirm": labctl.NODE,
}
TREE = clones.STORE / f"node-{os.environ['YITIJI_LAB']}-{labctl.NODE}"
KEPT = (
    "root/.ssh/authorized_keys",  # the lab's key opens every node
    "home/deploy/.ssh/authorized_keys",
    "usr/local/share/yitiji/collections.tar",  # this collection, whose examples have the lab's names
)


def known(tree: Path) -> dict[str, str]:
    """What made the machine itself, and where it stood."""
    return {**identities(str(tree)), "address": labctl.ADDRESS, "hub": labctl.HUB, "name": labctl.NODE}


def holding(tree: Path, values: dict[str, str]) -> list[str]:
    """Files below /etc, /var, /root, /home, /opt, /srv and /usr/local with one of the values in them."""
    looked, found = 0, []
    wanted = {name: value.encode() for name, value in values.items()}
    for top in ("etc", "var", "root", "home", "opt", "srv", "usr/local"):
        for path in sorted((tree / top).rglob("*")):
            if path.is_symlink() or not path.is_file() or str(path.relative_to(tree)) in KEPT:
                continue
            if "var/lib/docker/overlay2/" in str(path):
                continue  # the images' own files, which test_10 reads in a whole disk
            looked += 1
            text = path.read_bytes()
            found += [f"{path.relative_to(tree)}: {name}" for name, value in wanted.items() if value in text]
    assert looked > 1000
    return found


def seal(name: str) -> sitectl.Run:
    return sitectl.site(name, *ENGINE, "-e", f"'{json.dumps(GIVEN)}'", playbook="playbooks/seal.yml")


def test_a_release_with_an_old_ansible_is_refused():
    labctl.clean_node(base="bookworm")
    run = seal("golden-old")
    assert not run.ok and run.changes() == [] and any("LLM960" in line for line in run.failures())


@pytest.fixture(scope="module")
def golden() -> Any:
    labctl.clean_node(base="trixie")
    labctl.node("systemctl unmask systemd-resolved")  # the lab's nodes do without, a golden machine can't
    run = sitectl.site("golden-site", *ENGINE)
    assert run.ok, run.story()
    values = known(TREE)
    assert {"etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "var/lib/docker/engine-id"} <= set(values)
    assert "etc/yitiji/secrets/open-webui-admin" in values and "etc/yitiji/tls/ca.key" in values
    assert len(holding(TREE, values)) > 10, "the search finds them before"
    yield values
    labctl.lab("down", labctl.NODE, check=False)


def test_nobody_said_so(golden):
    run = sitectl.site("golden-unasked", playbook="playbooks/seal.yml")
    assert not run.ok and run.changes() == [] and any("LLM959" in line for line in run.failures())


def test_sealed_and_off(golden):
    run = seal("golden-seal")
    assert run.ok, run.story()
    until = time.monotonic() + 180
    while " up" in next(line for line in labctl.lab("ls").splitlines() if line.startswith(labctl.NODE)):
        assert time.monotonic() < until, "it does not power off"
        time.sleep(1)


def test_nothing_of_it_is_left(golden):
    encoded = {f"{name} in base64": base64.b64encode(value.encode()).decode() for name, value in golden.items()}
    left = holding(TREE, {**golden, **encoded})
    assert left == [], "\n".join(left)


def test_a_clone_becomes_somebody_else(golden):
    clone = clones.Clone(TREE, "ai61", 61)
    try:
        clone.power("start")
        print(f"    first boot: {clone.wait('done', 'failed'):.0f} s", flush=True)
        assert clone.state()["stage"] == "done", clone.journal()[-4000:]
        key = clone.read("etc/yitiji/secrets/gateway-key-default").strip()
        body = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "?"}], "max_tokens": 40}
        headers = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
        said = labctl.curl(*headers, "-d", json.dumps(body), f"https://{clone.address}/v1/chat/completions")
        assert json.loads(said)["choices"][0]["message"]["content"].strip(), said
        page = f"https://{clone.address}"
        signed = consolectl.signed_in(clone.read(labctl.PASSWORD_FILE.lstrip("/")), url=page)
        consolectl.shows_figures(signed, page)
        now = identities(str(clone.tree))
        assert {"etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "etc/yitiji/tls/ca.key"} <= set(now)
        assert [name for name in now if now[name] == golden.get(name)] == []
        assert clone.read("etc/hostname").strip() == "ai61"
    finally:
        clone.down()
