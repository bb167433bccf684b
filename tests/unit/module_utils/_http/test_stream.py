# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream over HTTP goes on where it was cut."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import stream as http_stream


def test_stream(server, tmp_path):
    handler, url = server
    handler.data = b"x" * 1000
    (tmp_path / "f").write_bytes(b"y" * 10)
    for source, data in ((url + "/f", handler.data), (str(tmp_path / "f"), b"y" * 10)):
        stream, size = http_stream.open_stream(source)
        with stream:
            assert (stream.read(), size) == (data, len(data))
    with pytest.raises(http_stream.Unreadable):
        http_stream.open_stream(str(tmp_path / "none"))
