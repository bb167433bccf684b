# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged node whose inventory has a lock: followed without a change, and what differs is refused before one."""

from __future__ import annotations

import labctl
import pytest
import sitectl
import tripsctl
import yaml

LOCK = labctl.OUTPUT / ".appliance.lock.yml"
UNPINNED = ("-e", "'{\"appliance_images\": {}}'")  # the archive's images are known by their names alone
KEPT = "Keep what the deployment consists of"


def run(name, *options, **more):
    return sitectl.site(name, *options, env={"YITIJI_LOCK": str(LOCK)}, **more)


@pytest.fixture
def locked():
    """The lock's text, which the test may change."""
    text = LOCK.read_text(encoding="utf-8")
    yield text
    LOCK.write_text(text, encoding="utf-8")


def state(text):
    return yaml.safe_load(text)["deployments"]["demo"]


def test_a_lock_is_made_of_what_there_is_and_made_once():
    LOCK.unlink(missing_ok=True)
    first = run("lock", *UNPINNED, playbook="playbooks/lock.yml")
    assert first.ok, first.story()
    (change,) = first.changes()
    assert change.endswith(KEPT)
    text = LOCK.read_text(encoding="utf-8")
    image = labctl.node("docker inspect --format '{{.Image}}' yitiji-vllm").strip()
    assert state(text)["images"]["vllm-cpu"]["id"] == image
    packages = state(text)["nodes"][labctl.NODE]["packages"]
    assert packages["docker.io"] == labctl.node("dpkg-query -W -f '${Version}' docker.io").strip()
    assert not [name for name, version in packages.items() if not version]
    (model,) = state(text)["models"].values()
    assert len(model["files"]) > 3 and all(len(row["sha256"]) == 64 for row in model["files"].values())
    second = run("lock-again", *UNPINNED, playbook="playbooks/lock.yml")
    assert second.ok and second.changes() == [] and LOCK.read_text(encoding="utf-8") == text, second.story()


def test_site_follows_it_and_nobody_is_asked_more():
    trips = labctl.OUTPUT / "locked.trips"
    done = sitectl.site("locked", *UNPINNED, env={**tripsctl.environment(trips), "YITIJI_LOCK": str(LOCK)})
    assert done.ok and done.changes() == [] and "LLM527" not in done.output, done.story()
    total = tripsctl.read(trips).total(labctl.NODE)
    assert total.reaching <= 40 and total.trips <= 45, "as without a lock (test_30_converged.py)"


@pytest.mark.parametrize(
    ("old", "new", "rule", "told"),
    [
        (lambda s: s["images"]["vllm-cpu"]["id"], "sha256:" + "0" * 64, "LLM592", "images.vllm-cpu.id"),
        (lambda s: s["nodes"]["gpu01"]["packages"]["docker.io"], "0.1", "LLM594", "docker.io 0.1 -> "),
        (lambda s: next(iter(s["models"].values()))["manifest"], "0" * 64, "LLM593", "its manifest is not that of"),
    ],
    ids=["image", "package", "weights"],
)
def test_what_differs_is_refused_before_anything_is_changed(locked, old, new, rule, told):
    LOCK.write_text(locked.replace(old(state(locked)), new), encoding="utf-8")
    # the inventory itself pins the archive's images by id
    refused = run(f"refused-{rule}", *(() if rule == "LLM592" else UNPINNED))
    assert not refused.ok and refused.changes() == [], refused.story()
    assert any(rule in row and told in row for row in refused.failures()), refused.failures()
