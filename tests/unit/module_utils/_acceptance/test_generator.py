# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import stat

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

STEP = Step(64, 32, 4, 16, 4)
FOUND = {
    "request_count": {"avg": 14.0}, "error_request_count": {"avg": 2.0}, "benchmark_duration": {"avg": 5.858},
    "effective_concurrency": {"avg": 3.472}, "input_sequence_length": {"avg": 63.9},
    "output_sequence_length": {"avg": 32.0},
    "output_token_throughput": {"avg": 47.637}, "request_throughput": {"avg": 2.38188},
    "time_to_first_token": {"p50": 505.664, "p90": 510.01, "p99": 521.19, "avg": 507.0},
    "inter_token_latency": {"p50": 50.01, "p90": 50.3, "p99": 50.61},
    "request_latency": {"p50": 1.0, "p90": 2.0, "p99": 3.0},
    "error_summary": [{"error_details": {"code": 500}, "count": 2}],
}  # fmt: skip


def target(tmp_path, script="", **more):
    program = tmp_path / "aiperf"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    return core.Target("https://10.0.0.11", "m", "/tok", str(program), 7, 60, "/ca.crt", "sekret", **more)


def test_a_row_of_the_report():
    row = core.row(STEP, FOUND)
    assert (row["requests"], row["failed"], row["tokens_per_second"], row["requests_per_second"]) == (
        16,
        2,
        47.64,
        2.3819,
    )
    assert row["first_token_ms"] == {"p50": 505.66, "p90": 510.01, "p99": 521.19}
    assert row["errors"] == ["{'error_details': {'code': 500}, 'count': 2}"]


def test_requests_that_never_came_back_failed_too():
    assert core.row(STEP, {"request_count": {"avg": 10.0}})["failed"] == 6
    assert core.row(STEP, {})["failed"] == 16


def test_the_configuration_asks_for_the_step_and_holds_no_key(tmp_path):
    text = json.dumps(core.configuration(STEP, target(tmp_path, whole_answers=True), "/out"))
    asked = json.loads(text)["benchmark"]
    assert asked["profiling"] == {"type": "concurrency", "requests": 16, "concurrency": 4}
    assert asked["warmup"]["requests"] == 4 and asked["dataset"]["entries"] == 20
    assert asked["endpoint"]["extra"] == {"ignore_eos": True} and "sekret" not in text
    assert "extra" not in core.configuration(STEP, target(tmp_path), "/out")["benchmark"]["endpoint"]


def test_a_slice_ends_by_time_without_a_warm_up_and_what_runs_then_is_waited_for(tmp_path):
    step = Step(64, 32, 4, 500, 0, seconds=60)
    asked = core.configuration(step, target(tmp_path), "/out")["benchmark"]
    assert asked["profiling"] == {"type": "concurrency", "concurrency": 4, "duration": 60.0, "gracePeriod": 60.0}
    assert "warmup" not in asked and asked["dataset"]["entries"] == 500
    row = core.row(step, FOUND)
    assert (row["requests"], row["failed"]) == (16, 2)  # those that were asked, not the prompts that were made
    assert (core.row(step, {})["requests"], core.row(step, {})["failed"]) == (4, 4)


def test_the_key_goes_by_the_environment_alone(tmp_path):
    result = json.dumps(FOUND)
    script = f'echo "$YITIJI_ACCEPTANCE_KEY $SSL_CERT_FILE $*" > {tmp_path}/seen\n'
    script += f"echo '{result}' > {tmp_path}/out/{core.RESULT}\n"
    row = core.run(STEP, target(tmp_path, script), str(tmp_path / "out"), 60)
    assert row["failed"] == 2
    key, authority, words = (tmp_path / "seen").read_text().split(maxsplit=2)
    assert (key, authority) == ("sekret", "/ca.crt") and "sekret" not in words
    assert stat.S_IMODE((tmp_path / "out" / "aiperf.json").stat().st_mode) == 0o600


def test_a_step_in_which_every_request_failed_is_a_figure_and_no_fault_of_the_generator(tmp_path):
    """As AIPerf 0.13.0 said it in the lab, when a team's limit turned all away."""
    said = (
        "ERROR All 16 inference request(s) failed; no successful responses were collected. (system_controller.py:2370)"
    )
    row = core.run(STEP, target(tmp_path, f"echo '{said}'; exit 1\n"), str(tmp_path / "out"), 60)
    assert (row["failed"], row["requests"], row["tokens_per_second"]) == (16, 16, 0.0) and row["errors"]


@pytest.mark.parametrize("script", ["echo broken; exit 3\n", "echo broken\n"])
def test_a_generator_that_fails_or_brings_nothing_is_refused_with_its_words(tmp_path, script):
    with pytest.raises(Refusal) as caught:
        core.run(STEP, target(tmp_path, script), str(tmp_path / "out"), 60)
    assert caught.value.rule == "LLM851" and caught.value.evidence == ["broken"]


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "vocab.json", ""])
def test_a_model_without_a_tokenizer_is_refused_before_anything_is_asked(tmp_path, name):
    (tmp_path / "config.json").touch()
    if name:
        (tmp_path / name).touch()
        core.check_tokenizer(str(tmp_path))
        return
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(Refusal, match="acceptance_tokenizer_dir") as caught:
            core.check_tokenizer(str(folder))
        assert caught.value.rule == "LLM853" and "GGUF" in caught.value.message("gpu01")
