# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is learned from an engine's log."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.calibrate import (
    add_row,
    compare,
    kv_factor,
    parse_log,
)

from tests.sizing.common import declared, plan

LOG = """INFO non-default args: {}
INFO GPU KV cache size: 1 tokens
INFO non-default args: {'model': 'x'}
INFO Model loading took 41.02 GiB and 60 seconds
INFO Available KV cache memory: 30.10 GiB
INFO Available KV cache memory: 29.90 GiB
INFO GPU KV cache size: 929,120 tokens
INFO Maximum concurrency for 32,768 tokens per request: 28.35x
"""


def test_learning_from_a_log(catalog):
    measured = parse_log(LOG)
    assert measured == {"weights_gib": 41.02, "kv_gib": 29.9, "kv_tokens": 929120, "concurrency": 28.35}
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    found = compare(made, measured)
    assert found["warnings"][0]["id"] == "LLM535" and "929120" in found["warnings"][0]["en"]
    row = found["calibration"]
    assert row["gpu"] == "h20-96g" and 0.7 < row["kv_factor"] < 0.85
    near = dict(measured, kv_tokens=made["capacity"]["kv_tokens_best"] * 0.9)
    assert not compare(made, near)["warnings"]
    assert add_row([row, {"gpu": "other"}], row) == [{"gpu": "other"}, row]
    assert kv_factor([row], "0.32.0", "h20-96g") == row["kv_factor"]
    assert parse_log("nothing here") == {}


def test_learning_on_a_cpu(catalog):
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    found = compare(lab, parse_log("CPU KV cache size: 131,072 tokens, Maximum concurrency for 2,048"))
    assert found["calibration"]["kv_factor"] == 1.0 and not found["warnings"]
