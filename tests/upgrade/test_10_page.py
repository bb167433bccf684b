# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier chat page to the present one, whose database it cannot read, and back with the data of then. In order."""

from __future__ import annotations

from typing import Any

import asked
import labctl

TITLE, LATER = "written before the upgrade", "written after the upgrade"
SEEN: dict[str, Any] = {}


def test_an_appliance_with_an_earlier_page(before, tmp_path):
    labctl.clean_node()
    done = asked.run("page-first", before)
    assert done.ok, done.story()
    asked.begin(TITLE)
    asked.people(tmp_path)
    SEEN.update(left=labctl.node(asked.LEFT), version=labctl.node(asked.VERSION).strip(), had=asked.everything())
    had = SEEN["had"]
    assert TITLE in had["chats"] and had["Li's"] == ["Li's own"] and list(had["knowledge"].values()) == ["office"]
    assert "blue elephant" in str(had["files"])


def test_to_the_present_page(before):
    with asked.Downtime() as down:
        done = asked.run("page-upgrade", before, "upgrade", to={"appliance_images": asked.images()})
    assert done.ok, done.story()
    print(f"    upgraded in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer of the API")
    assert labctl.node(asked.VERSION).strip() > SEEN["version"] and asked.everything() == SEEN["had"]
    asked.begin(LATER)


def test_site_has_nothing_to_do_after_it(before):
    asked.nothing_changed(asked.run("page-after", before, appliance_images=asked.images()))


def test_back_with_the_data_of_then(before):
    done = asked.run("page-rollback", before, "rollback")
    assert done.ok, done.story()
    print(f"    back in {done.seconds:.0f} s")
    assert labctl.node(asked.LEFT) == SEEN["left"] and labctl.node(asked.VERSION).strip() == SEEN["version"]
    assert asked.everything() == SEEN["had"]
    newer = "import sqlite3, glob; [f] = glob.glob('/var/lib/yitiji/open-webui.before-*Z/webui.db'); "
    kept = labctl.node(f"python3 -c \"{newer}print(sqlite3.connect(f).execute('select title from chat').fetchall())\"")
    assert LATER in kept, "what was written since stays beside"


def test_site_has_nothing_to_do_on_what_is_back(before):
    asked.nothing_changed(asked.run("page-site", before))
