# SPDX-License-Identifier: GPL-3.0-or-later
import json
from pathlib import Path

import pytest

SECRETS = "/etc/yitiji/secrets"
PERSON = Path(__file__).resolve().parents[1] / "files/person.py"


@pytest.mark.parametrize("email", ["li@example.org"])
def test_people_find_their_chats_and_files(root, email):
    quoted = PERSON.read_text().replace("'", "'\\''")
    told = json.loads(root(f"python3 -c '{quoted}' {email} {SECRETS}/open-webui-users/{email}"))
    assert (told["signin"], told["models"]) == (200, ["echo"])
    assert told["chats"] == ["about plan.txt"]
    assert list(told["files"]) == ["plan.txt"]


def test_the_uploaded_file_itself_is_there(root):
    assert "blue-elephant" in root("cat /var/lib/yitiji/open-webui/uploads/*plan.txt")
    assert root("stat -c '%u %a' /var/lib/yitiji/open-webui") == "10002 700"


def test_archives_are_closed_and_nothing_is_left_over(host, root):
    assert root("find /var/lib/yitiji/backups -type f -perm /077") == ""
    assert root("ls -d /var/lib/yitiji/*.restore /var/lib/yitiji/*.incoming.tar.gz 2>/dev/null") == ""
    before = root("ls -d /var/lib/yitiji/open-webui.before-*Z")
    assert bool(before) == host.backend.get_pytest_id().endswith("mol13")
