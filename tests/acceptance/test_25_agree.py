# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two generators agree on the real engine.

They ask at the same time, two requests at once each: what else this machine does is then the same for both.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import labctl
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step

from tests.acceptance import generators
from tests.acceptance.running import play, prepare

SECONDS, AT_ONCE, PROMPT, ANSWER = 90, 2, 256, 64
URL, NAME = f"https://{labctl.ADDRESS}", labctl.MODEL.rpartition("/")[2]
AGREE = 0.05


@pytest.fixture(scope="module")
def appliance():
    """-> authority and key; deployed where nothing runs yet."""
    if not any(line.split()[:1] == [labctl.NODE] for line in labctl.lab("ls").splitlines()):
        prepare()
    run = play("agree-site", "site.yml")
    assert run.ok, run.story()
    ca = labctl.OUTPUT / "agree-ca.crt"
    ca.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt"), encoding="utf-8")
    return ca, labctl.node("cat /etc/yitiji/secrets/gateway-key-acceptance").strip()


def by_aiperf(ca: Path, key: str, folder: Path) -> dict[str, float]:
    program = folder / "aiperf"  # as from a machine on the appliance's LAN
    program.write_text(f'#!/bin/sh\nexec {labctl.LAB} run {generators.environment("aiperf")}/aiperf "$@"\n')
    program.chmod(0o755)
    target = generator.Target(URL, NAME, str(labctl.model_files("tokenizer.json")[0].parent), str(program), 1, 60,
                              str(ca), key, True)  # fmt: skip
    row = generator.run(Step(PROMPT, ANSWER, AT_ONCE, 400, 0, seconds=SECONDS), target, str(folder / "out"), 300)
    assert row["failed"] == 0
    return {key: row[key]["p50"] for key in ("first_token_ms", "between_ms", "latency_ms")}


def by_evalscope(ca: Path, key: str, folder: Path) -> dict[str, float]:
    lines = (f"{number:04} " + "What does the clerk write down of crate and hall? " * 9 for number in range(400))
    prompts = folder / "prompts.txt"  # a letter is a token of the lab's model
    prompts.write_text("\n".join(line[:PROMPT] for line in lines), encoding="utf-8")
    program = str(generators.environment("evalscope") / "evalscope")
    words = [
        str(labctl.LAB), "run", "env", f"SSL_CERT_FILE={ca}", program, "perf",
        "--model", NAME, "--api", "openai", "--url", f"{URL}/v1/chat/completions", "--api-key", key,
        "--parallel", str(AT_ONCE), "--number", "400", "--duration", str(SECONDS), "--dataset", "line_by_line",
        "--dataset-path", str(prompts), "--max-tokens", str(ANSWER), "--extra-args", '{"ignore_eos": true}',
        "--no-timestamp", "--no-test-connection", "--outputs-dir", str(folder / "evalscope"),
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    [path] = (folder / "evalscope").glob(f"{NAME}/*/benchmark_percentile.json")
    rows = json.loads(path.read_text(encoding="utf-8"))
    [half] = [row for row in rows if row["Percentiles"] == "50%"]
    assert half["Output tokens"] == ANSWER
    return {
        "first_token_ms": half["TTFT (ms)"],
        "between_ms": half["TPOT (ms)"],
        "latency_ms": half["Latency (s)"] * 1000,
    }


def test_two_generators_agree_on_the_real_engine(appliance, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(one, *appliance, folder) for one, folder in zip((by_aiperf, by_evalscope), folders)]
        ours, other = (each.result() for each in both)
    print(ours, other)
    assert ours == pytest.approx(other, rel=AGREE)
