# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a download as a line."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.progress_line import progress_line, time_text


def test_progress():
    state = {
        "model": "o/m",
        "state": "downloading",
        "files_done": 1,
        "files_total": 4,
        "bytes_done": 1 << 30,
        "bytes_total": 4 << 30,
        "rate": 100 << 20,
        "eta_seconds": 31,
    }
    assert progress_line(state) == "o/m downloading: 1/4 files, 1.0 GiB of 4.0 GiB (25 %), 100.0 MiB/s, 31 s left"
    assert progress_line({}) == "? ?: 0/0 files, 0 B of 0 B"


def test_times_are_read_by_people():
    told = {0: "0 s", 99: "99 s", 100: "2 min", 149: "2 min", 150: "3 min", 5999: "100 min", 6000: "1 h 40 min",
            7199: "1 h 59 min", 7260: "2 h 01 min"}  # fmt: skip
    assert {seconds: time_text(seconds) for seconds in told} == told


def test_what_is_not_known_is_left_out():
    assert progress_line({"eta_seconds": 0, "message": "stalled"}) == "? ?: 0/0 files, 0 B of 0 B, 0 s left, stalled"
    assert "(33 %)" in progress_line({"bytes_done": 1, "bytes_total": 3}) and "/s" not in progress_line({"rate": 0})
