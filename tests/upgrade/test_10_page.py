# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier chat page to the present one, whose database it cannot read, and back with the data of then. In order."""

from __future__ import annotations

import json
from typing import Any

import asked
import labctl
import sitectl

TITLE, LATER = "written before the upgrade", "written after the upgrade"
VERSION = "docker exec yitiji-open-webui python3 -c \"import importlib.metadata as m; print(m.version('open-webui'))\""
SEEN: dict[str, Any] = {}


def test_an_appliance_with_an_earlier_page(before):
    labctl.clean_node()
    done = sitectl.site("page-first", inventory=before)
    assert done.ok, done.story()
    asked.begin(TITLE)
    SEEN.update(left=labctl.node(asked.LEFT), version=labctl.node(VERSION).strip())
    assert asked.chats() == [TITLE]


def test_to_the_present_page(before, tmp_path):
    made = json.loads((labctl.CACHE / "images/images.json").read_text())["images"]
    (tmp_path / "to.json").write_text(json.dumps({"to": {"appliance_images": made}}))
    told = f"-e @{tmp_path / 'to.json'}"
    with asked.Downtime() as down:
        done = sitectl.site("page-upgrade", told, inventory=before, playbook="playbooks/upgrade.yml")
    assert done.ok, done.story()
    print(f"    upgraded in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer of the API")
    assert labctl.node(VERSION).strip() > SEEN["version"] and asked.chats() == [TITLE]
    asked.begin(LATER)


def test_back_with_the_data_of_then(before):
    done = sitectl.site("page-rollback", inventory=before, playbook="playbooks/rollback.yml")
    assert done.ok, done.story()
    print(f"    back in {done.seconds:.0f} s")
    assert labctl.node(asked.LEFT) == SEEN["left"] and labctl.node(VERSION).strip() == SEEN["version"]
    assert asked.chats() == [TITLE]
    newer = "import sqlite3, glob; [f] = glob.glob('/var/lib/yitiji/open-webui.before-*Z/webui.db'); "
    kept = labctl.node(f"python3 -c \"{newer}print(sqlite3.connect(f).execute('select title from chat').fetchall())\"")
    assert LATER in kept, "what was written since stays beside"


def test_site_has_nothing_to_do_on_what_is_back(before):
    done = sitectl.site("page-site", inventory=before)
    assert done.ok and done.changes() == [], (done.changes(), done.story())
