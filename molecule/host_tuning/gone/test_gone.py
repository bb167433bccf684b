# SPDX-License-Identifier: GPL-3.0-or-later
def test_the_node_is_as_it_was(root):
    """Every file below /etc but the backups of passwd and group, the units, packages and the setting that changed."""
    root(
        "{ find /etc -type f ! -name '*.list' ! -name '*-' -printf '%p %m ' -exec sha256sum {} \\; ; "
        "systemctl list-unit-files --no-legend; dpkg-query -W; sysctl net.core.somaxconn; } >/var/lib/after"
    )
    root("sort /var/lib/before >/var/lib/b; sort /var/lib/after >/var/lib/a")
    assert root("diff /var/lib/b /var/lib/a") == ""
    assert root("ls /var/lib/yitiji 2>/dev/null") == ""
