# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The progress of a download as a line."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.progress_line import progress_line


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
