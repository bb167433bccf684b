# SPDX-License-Identifier: GPL-3.0-or-later
PLACE = "/srv/models/yitiji-lab/tiny-r1-distill"


def test_what_was_fetched_is_gone_and_the_users_stays(root):
    assert root(f"find {PLACE} -type f") == f"{PLACE}/mine.txt"


def test_nothing_hashes_any_more(root):
    assert root("ls /etc/systemd/system /usr/local/lib/yitiji 2>/dev/null | grep weights-check || true") == ""
