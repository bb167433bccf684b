# SPDX-License-Identifier: GPL-3.0-or-later
import re

# What Debian's packages leave themselves, whoever removes them, with what for.
OF_DEBIAN = {"^> /var/www(/html(/index.nginx-debian.html)?)? ": "nginx copies its page there and never takes it back"}


def test_every_file_is_as_before(root):
    changed = root("diff /root/files-before /root/files-after").splitlines()
    ours = [line for line in changed if line[:1] in "<>" and not any(re.search(path, line) for path in OF_DEBIAN)]
    assert ours == []
