# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same through llama.cpp and Ollama. Their model came as GGUF, and nothing is set for that.

Wants `lab/lab serve --with llama_cpp --with ollama`.
"""

from __future__ import annotations

import json

import labctl
import pytest

from tests.acceptance.running import REPORT, play, prepare

WHOLE = {"llamacpp": 64, "ollama": None}  # tokens of each answer; Ollama ends where the model does


@pytest.fixture(scope="module", autouse=True)
def node():
    if not any(line.split()[:1] == [labctl.NODE] for line in labctl.lab("ls").splitlines()):
        prepare()


@pytest.mark.parametrize("engine", list(WHOLE))
def test_an_appliance_of_another_engine_is_accepted(engine):
    more = {"appliance_engine": engine, "appliance_gguf": "BF16"}
    run = play(f"{engine}-site", "site.yml", **more)
    assert run.ok, run.story()
    folder = REPORT.with_name(f"acceptance-{engine}")
    run = play(f"{engine}-acceptance", **more, acceptance_soak_minutes=1, acceptance_dir=str(folder))
    assert run.ok and run.changes() == [], run.story()
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] in ("pass", "conditional"), report["figures"]
    assert report["engine"].startswith(engine)
    assert [(row["concurrency"], row["failed"]) for row in report["speed"]] == [(1, 0), (4, 0)]
    for row in report["speed"]:
        assert row["prompt_tokens"] == pytest.approx(256, abs=64)  # by the file's own tokenizer
        assert (
            row["answer_tokens"] == pytest.approx(WHOLE[engine] or row["answer_tokens"], abs=1)
            and row["answer_tokens"] > 0
        )
    assert {row["verdict"] for row in report["function"]} <= {"pass", "skipped", "conditional"}, report["function"]
    [one] = report["soak"]["slices"]
    assert one["failed"] == 0 and one["requests"] > 4 and report["soak"]["restart"]["seconds"] > 0
    assert (report["soak"]["others"] is None) == (engine == "ollama")  # which counts no requests
