# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a page: well formed, and everything escaped."""

from __future__ import annotations

from html.parser import HTMLParser

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page

from tests.sizing.common import declared, first_unit, plan


def test_html_is_well_formed_and_escaped(catalog):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship", deployment="<script>x")
    content = page(made)
    assert "<script" not in content and content.count("class=bar") == 16
    first, last = (stage["weights"] for stage in first_unit(made)["memory"]["stages_gib"])
    assert first != last and max(first, last) == first_unit(made)["memory"]["per_gpu_gib"]["weights"]
    assert content.count(f": {first} GiB") == content.count(f": {last} GiB") == 8
    HTMLParser().feed(content)
    assert "class=bar" not in page(plan(catalog, declared("", 0, memory_gib=24), profile="lab"))
    assert "GGUF" in page(plan(catalog, declared("a100-80g", 1, memory_gib=64), engine="llamacpp"))
