# SPDX-License-Identifier: GPL-3.0-or-later
"""After the appliance has gone everything is as it was before it came."""


def test_all_is_as_before(root):
    before = root("cat /root/before").splitlines()
    after = root("/root/fingerprint.sh 2>&1").splitlines()
    assert [line for line in before if line not in after] == []
    assert [line for line in after if line not in before] == []
