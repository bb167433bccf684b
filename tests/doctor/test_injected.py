# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures made on a node (scenes.yml): the doctor names exactly that rule, and is content once it is repaired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from . import feign
from .conftest import MODEL

BAD = ("fail", "warn")
SCENES = yaml.safe_load((Path(__file__).parent / "scenes.yml").read_text(encoding="utf-8"))["scenes"]
SCENES.sort(key=lambda scene: (scene["from"], scene["phase"]))  # few changes of state
APPLIANCE = ". /usr/local/lib/appliance.sh; "
STATES = {
    "bare": f"{APPLIANCE}appliance-gone; rm -rf /srv/models",
    "weights": f"{APPLIANCE}appliance-gone; rm -rf /srv/models; python3 /usr/local/lib/weights.py {MODEL}",
    "appliance": f"{APPLIANCE}rm -rf /srv/models; appliance",
}
HEALTHY_CARD = {"files": {"/etc/cdi/nvidia.yaml": "", "/etc/modprobe.d/no-nouveau.conf": "blacklist nouveau\n"}}


def bad(results):
    return {rule for rule, result in results.items() if result["status"] in BAD}


@pytest.fixture(scope="module", name="state")
def fixture_state():
    """What the node is like now, and the phase in which the doctor was last content with it."""
    return {"now": "", "clean": ""}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene['rule']}-{scene['about'].replace(' ', '-')}")
def test_named_exactly_and_mended(doctor, state, scene):
    phase, rule = scene["phase"], scene["rule"]
    if state["now"] != scene["from"]:
        doctor.script(STATES[scene["from"]] + "\ntrue")
        state.update(now=scene["from"], clean="")
    if state["clean"] != phase:
        assert bad(doctor.results(phase)) == set(), "the node was not well before"
    state["clean"] = ""
    doctor.configure(scene.get("plan"), scene.get("settings"))
    try:
        if scene.get("wear"):
            doctor.wear(scene["wear"], HEALTHY_CARD, scene.get("more", {}))
        if scene.get("spoil"):
            doctor.script(APPLIANCE + scene["spoil"])
        results = doctor.results(phase)
    finally:
        if scene.get("wear"):
            doctor.script(feign.END)
        if scene.get("mend"):
            doctor.script(scene["mend"])
        elif scene.get("spoil") and scene["from"] != "bare":
            doctor.script(STATES[scene["from"]] + "\ntrue")
        doctor.configure()
    found = results[rule]
    assert found["status"] == scene.get("status", "fail") and scene["says"] in found["evidence"]["en"], found
    assert found["evidence"]["zh"] and found["fix"]["en"] and found["fix"]["zh"]
    assert bad(results) == {rule, *scene.get("also", [])}, "it names another one as well"
    assert bad(doctor.results(phase)) == set(), "the node is not well after"
    state["clean"] = phase


def test_exit_status_and_report(doctor):
    doctor.configure({"needs": {"memory_bytes": 10**15}})
    said = doctor.run("yitiji-doctor --phase pre --json /root/r.json --html /root/r.html; echo rc=$?")
    assert "✗ LLM104" in said and "rc=2" in said
    report = json.loads(doctor.run("cat /root/r.json; rm /root/r.json"))
    assert report["exit_code"] == 2 and report["summary"]["fail"] == 1
    assert "内存" in doctor.run("cat /root/r.html; rm /root/r.html")
    doctor.configure()
    assert "rc=0" in doctor.run("yitiji-doctor --phase pre; echo rc=$?")
