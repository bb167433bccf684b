# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a download as one line of text."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import size_text


def progress_line(state: Dict[str, Any]) -> str:
    """Files, bytes, rate and time left."""
    total, done = int(state.get("bytes_total") or 0), int(state.get("bytes_done") or 0)
    files = f"{state.get('files_done') or 0}/{state.get('files_total') or 0} files"
    text = f"{state.get('model', '?')} {state.get('state', '?')}: {files}, {size_text(done)} of {size_text(total)}"
    if total:
        text += f" ({100 * done // total} %)"
    if state.get("rate"):
        text += f", {size_text(float(state['rate']))}/s"
    if state.get("eta_seconds") is not None:
        text += f", {time_text(int(state['eta_seconds']))} left"
    if state.get("message"):
        text += f", {state['message']}"
    return text


def time_text(seconds: int) -> str:
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 6000:
        return f"{(seconds + 30) // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
