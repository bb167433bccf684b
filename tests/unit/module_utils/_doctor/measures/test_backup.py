# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages of the backups, from the note of the command; nothing where none is set up."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import backup
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture

NOTE = "/var/lib/yitiji/backup.json"


def told(note: str, **config):
    files = {
        backup.CONFIG: json.dumps({"note": NOTE, "max_age_days": 3, "remote": {"path": "x"}, **config}),
        NOTE: note,
    }
    return backup.backups(Capture({"files": files}), 10 * backup.DAY)


def test_ages_in_days():
    found = told(json.dumps({"made": {"at": 9 * 86400}, "failed": {"sent": {"at": 1, "why": "no route"}}}))
    assert (found["made"], found["sent"], found["limit"], found["remote"]) == (1.0, None, 3, True)
    assert found["failed"] == {"sent": "no route"}


def test_a_note_that_is_damaged_counts_as_none():
    for text in ("{", ""):
        assert told(text)["made"] is None
        assert told(text)["damaged"] is (text == "{")


def test_no_backup_is_set_up():
    assert backup.backups(Capture({"files": {}})) is None
