# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The progress file of a long job."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import progress


def test_progress(tmp_path):
    assert progress.describe(1_200_000_000, 3_200_000_000, 20) == "1.2 of 3.2 GB, 60 MB/s, 33 s left"
    assert progress.describe(0, 0, 0) == "0.0 GB, 0 MB/s"
    path = tmp_path / "p"
    report = progress.Reporter(str(path), "img")
    report.last = -10.0
    report.bytes(10**9, 2 * 10**9)
    assert json.loads(path.read_text())["line"].startswith("img: 1.0 of 2.0 GB")
    path.unlink()
    report.bytes(10**9, 2 * 10**9)
    assert not path.exists()
    progress.Reporter(None, "img").text("x")
