# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
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


def test_rates_and_rests_are_those_of_the_bytes():
    assert progress.describe(10**9, 0, 2.0) == "1.0 GB, 500 MB/s"
    assert progress.describe(10**9, 3 * 10**9, 0.5) == "1.0 of 3.0 GB, 2000 MB/s, 1 s left"
    assert progress.describe(2, 10**12, 0.0) == "0.0 of 1000.0 GB, 0 MB/s"
    assert progress.describe(4 * 10**9, 3 * 10**9, 1.0).endswith(", 0 s left")
    assert progress.describe(10**12, 10**13, 1.0) == "1000.0 of 10000.0 GB, 1000000 MB/s, 9 s left"


def test_once_a_second_is_enough(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report, path = progress.Reporter(str(tmp_path / "p"), "img"), tmp_path / "p"
    report.text("begun")
    assert path.stat().st_mode & 0o777 == 0o600
    for moment, told in ((100.9, "img: begun"), (101.0, "img: 1.0 of 2.0 GB, 1000 MB/s, 1 s left")):
        now[0] = moment
        report.bytes(10**9, 2 * 10**9)
        assert json.loads(path.read_text())["line"] == told


def test_a_gb_has_a_thousand_million_bytes():
    assert progress.describe(10**17, 0, 1e9) == "100000000.0 GB, 100 MB/s"
    assert progress.describe(10**17, 10**17, 1e9) == "100000000.0 of 100000000.0 GB, 100 MB/s, 0 s left"
    assert progress.describe(1, 1, 1.0).endswith(", 0 s left")
