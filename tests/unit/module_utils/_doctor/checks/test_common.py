# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reasons from the system, in Chinese."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import chinese


def test_reasons_in_chinese():
    assert chinese("archive /x: no such file on the node") == "archive /x: 节点上没有该文件"
    assert chinese("HTTP 404") == "HTTP 404"
