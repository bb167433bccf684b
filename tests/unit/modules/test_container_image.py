# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module container_image, where there is no Docker."""

from __future__ import annotations

import pytest

from tests.unit.modules.run_module import run


def test_container_image_without_docker(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = run("container_image", {"ref": "x/y:1", "id": "sha256:a"})
    if "rule" in answer:
        assert answer["rule"] == "LLM329"
    else:
        pytest.skip("this machine runs Docker")
