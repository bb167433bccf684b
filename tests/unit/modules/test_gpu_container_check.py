# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module gpu_container_check, where no container can run."""

from __future__ import annotations

from tests.unit.modules.run_module import run


def test_a_container_that_cannot_run_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("docker", "systemctl"):
        (tmp_path / name).write_text("#!/bin/sh\necho no such image >&2\nexit 125\n")
        (tmp_path / name).chmod(0o755)
    answer = run("gpu_container_check", {"image": "x", "mode": "cdi", "cards": 2, "timeout": 5})
    assert answer["rule"] == "LLM308" and "sees 0 of 2" in answer["msg"] and "no such image" in answer["msg"]
