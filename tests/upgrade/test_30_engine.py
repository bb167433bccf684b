# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier release of vLLM to the present one, and back. In order, on the appliance of the files before this one."""

from __future__ import annotations

from typing import Any

import asked
import labctl

SEEN: dict[str, Any] = {}


def test_an_earlier_engine_serves(before):
    asked.appliance(before)
    earlier = {
        "appliance_images": asked.images(*asked.EARLIER),
        "appliance_image_archives": asked.archives(*asked.EARLIER),
    }
    done = asked.run("engine-earlier", before, **earlier)
    assert done.ok, done.story()
    SEEN.update(left=labctl.node(asked.LEFT), version=labctl.node(asked.ENGINE).strip(), had=asked.everything())
    assert asked.answers(asked.A)


def test_to_the_present_one(before):
    with asked.Downtime() as down:
        done = asked.run("engine-upgrade", before, "upgrade", to={"appliance_images": asked.images("webui_before")})
    assert done.ok, done.story()
    now = labctl.node(asked.ENGINE).strip()
    print(f"    vLLM {SEEN['version']} to {now}: {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert now > SEEN["version"] and asked.answers(asked.A) and asked.everything() == SEEN["had"]


def test_site_has_nothing_to_do_after_it(before):
    asked.nothing_changed(asked.run("engine-after", before))


def test_back(before):
    with asked.Downtime() as down:
        done = asked.run("engine-rollback", before, "rollback")
    assert done.ok, done.story()
    print(f"    back in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert labctl.node(asked.LEFT) == SEEN["left"] and labctl.node(asked.ENGINE).strip() == SEEN["version"]
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]
