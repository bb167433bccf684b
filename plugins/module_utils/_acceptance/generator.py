# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIPerf, which makes the load and measures it: its configuration for a step, and what it found.

Why this one: docs/decisions/17-load-generator.md.
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any, Callable, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

KEY = "YITIJI_ACCEPTANCE_KEY"  # the environment variable that carries the key; a command line can be read by anyone
RESULT = "profile_export_aiperf.json"
PERCENTILES = ("p50", "p90", "p99")
NONE_CAME = "inference request(s) failed; no successful responses"  # AIPerf ends without a result then
START = 180  # seconds that its processes may take to start and to end


@dataclasses.dataclass(frozen=True)
class Target:
    """Whom to ask, and with what. `ca`: a file of PEM, empty for the system's; `timeout`: seconds for one request."""

    url: str
    model: str
    tokenizer: str
    program: str
    seed: int
    timeout: int
    ca: str = ""
    key: str = ""
    whole_answers: bool = False


def check_tokenizer(folder: str) -> None:
    """Refused (LLM853) before anything is asked: GGUF files mostly come without one."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    if not any(name.startswith(("tokenizer", "vocab")) for name in names):
        how = say("how to give a tokenizer")
        raise Refusal("LLM853", name="acceptance_tokenizer_dir", value=folder, how=how)


def configuration(step: Step, target: Target, folder: str) -> Dict[str, Any]:
    """AIPerf's own configuration (schema 2.0).

    Every prompt differs, so that no prefix cache helps. With `whole_answers`, an answer is as long as asked for
    (`ignore_eos`), where the engine knows how.
    """
    endpoint: Dict[str, Any] = {
        "urls": [target.url],
        "type": "chat",
        "streaming": True,
        "timeout": float(target.timeout),
        "useLegacyMaxTokens": True,
        "useServerTokenCount": True,
    }
    if target.key:
        endpoint["apiKey"] = "${" + KEY + "}"
    if target.whole_answers:
        endpoint["extra"] = {"ignore_eos": True}
    load = {"type": "concurrency", "concurrency": step.concurrency}
    phases: Dict[str, Any] = {"warmup": {**load, "requests": step.warm_up}} if step.warm_up else {}
    phases["profiling"] = {**load, "requests": step.requests}
    if step.seconds:  # what runs when the time is up is waited for
        phases["profiling"] = {**load, "duration": float(step.seconds), "gracePeriod": float(target.timeout)}
    return {
        "schemaVersion": "2.0",
        "randomSeed": target.seed,
        "benchmark": {
            "model": target.model,
            "endpoint": endpoint,
            "dataset": {
                "type": "synthetic",
                "entries": step.requests + step.warm_up,
                "isl": {"mean": step.prompt, "stddev": 0},
                "osl": {"mean": step.answer, "stddev": 0},
            },
            **phases,
            "tokenizer": {"name": target.tokenizer},
            "artifacts": {"dir": folder, "summary": ["json"], "records": False, "raw": False},
            "gpuTelemetry": {"enabled": False},
            "serverMetrics": {"enabled": False},
            "runtime": {"ui": "none"},
        },
    }


def run(
    step: Step, target: Target, folder: str, seconds: float, wanted: Callable[[], bool] = lambda: True
) -> Dict[str, Any]:
    """Measures one step; refused with the generator's last words where it did not end well (LLM851).

    It is ended where the step is no longer `wanted`.
    """
    os.makedirs(folder, 0o700, exist_ok=True)
    settings = os.path.join(folder, "aiperf.json")
    write_atomic(settings, json.dumps(configuration(step, target, folder), indent=1), 0o600)
    environment = {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "*", "no_proxy": "*"}
    if target.ca:
        environment["SSL_CERT_FILE"] = target.ca
    if target.key:
        environment[KEY] = target.key
    words = [target.program, "profile", "--config", settings]
    code, said = stream(words, seconds + START, lambda _line: None, environment, wanted=wanted)
    path = os.path.join(folder, RESULT)
    if NONE_CAME in said:
        return row(step, {"error_summary": _last(said)})
    if code != 0 or not os.path.exists(path):
        raise Refusal("LLM851", step=step.name, code=code, program=target.program, evidence=_last(said))
    return row(step, json.loads(read_text(path)))


def _last(said: str) -> List[str]:
    lines = [line.strip() for line in said.splitlines() if line.strip(" │╭╰─╮╯")]
    return lines[-12:]


def row(step: Step, found: Mapping[str, Any]) -> Dict[str, Any]:
    """A step as the report has it: times in ms, rates in seconds. Failed requests count in no time and no rate."""
    good, bad = (int(_value(found, name)) for name in ("request_count", "error_request_count"))
    asked = max(good + bad, step.concurrency) if step.seconds else step.requests
    return {
        "prompt": step.prompt,
        "answer": step.answer,
        "concurrency": step.concurrency,
        "requests": asked,
        "failed": max(asked - good, bad),
        "seconds": round(_value(found, "benchmark_duration"), 2),
        "at_once": round(_value(found, "effective_concurrency"), 2),
        "prompt_tokens": round(_value(found, "input_sequence_length"), 1),
        "answer_tokens": round(_value(found, "output_sequence_length"), 1),
        "tokens_per_second": round(_value(found, "output_token_throughput"), 2),
        "requests_per_second": round(_value(found, "request_throughput"), 4),
        "first_token_ms": _percentiles(found, "time_to_first_token"),
        "between_ms": _percentiles(found, "inter_token_latency"),
        "latency_ms": _percentiles(found, "request_latency"),
        "errors": [str(error)[:200] for error in found.get("error_summary") or ()][:5],
    }


def _value(found: Mapping[str, Any], name: str) -> float:
    return float((found.get(name) or {}).get("avg") or 0.0)


def _percentiles(found: Mapping[str, Any], name: str) -> Dict[str, float]:
    values = found.get(name) or {}
    return {each: round(float(values.get(each) or 0.0), 2) for each in PERCENTILES}
