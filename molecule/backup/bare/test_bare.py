# SPDX-License-Identifier: GPL-3.0-or-later
def test_check_mode_changed_nothing(root):
    root("listing >/var/lib/after")
    assert root("diff /var/lib/before /var/lib/after") == ""
