# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupted half-way and run again: the controller dies while it downloads, the node while the engine starts."""

from __future__ import annotations

import threading
import time

import labctl
import sitectl

SHARDS = "*.safetensors"
SLOW = 10_000  # bytes a second of each connection: it lasts longer than the node is left alone
seen = {"bytes": 0}


def downloaded() -> int:
    """Bytes of the weights on the node, finished or not."""
    told = labctl.node(f"du -s -B1 {labctl.WEIGHTS} 2>/dev/null | cut -f1", check=False).strip()
    return int(told or 0)


def sent(path: str = ".safetensors") -> int:
    return sum(
        r["sent"] for r in labctl.hub_log() if path in r["url"] and ".index" not in r["url"] and r["method"] == "GET"
    )


def test_killed_during_the_download():
    """SIGKILL to the controller and all its workers when part of the weights is there."""
    labctl.hub_reset()
    labctl.hub_fault(kind="slow", path=SHARDS, rate=SLOW, times=-1)
    killed = threading.Event()

    def then(kill):
        until = time.monotonic() + 60
        while time.monotonic() < until and downloaded() < 600_000:
            time.sleep(0.5)
        kill()
        killed.set()

    run = sitectl.site("killed", watch=sitectl.when("modelscope_download", then, "Bring the weights"))
    assert killed.is_set(), run.story()
    assert not run.ok and not run.recap(), "the controller ended by itself"
    assert labctl.node(f"test -e {labctl.WEIGHTS}/.yitiji-verified.json && echo verified", check=False) == ""
    seen["bytes"] = downloaded()
    assert seen["bytes"] > 0
    labctl.hub_reset()


def test_pulled_plug_during_the_engines_start():
    """The run after the kill goes on with the download; then the power of the node fails while the engine starts."""
    pulled = threading.Event()

    def then(_kill):
        time.sleep(3)
        labctl.lab("stop", labctl.NODE, "--pull-the-plug")
        pulled.set()

    run = sitectl.site("unplugged", watch=sitectl.when("service_wait", then))
    assert pulled.is_set(), run.story()
    assert not run.ok
    assert "gpu01: Bring the weights" in run.changes(), run.changes()
    message = "\n".join(run.failures())
    assert labctl.NODE in message, run.output[-3000:]
    # resumed: what was on the disk when the controller died was not fetched again
    (told,) = (e["res"] for e in run.of("runner_on_ok") if e["task"] == "Bring the weights")
    assert 0 < told["bytes_fetched"] <= told["bytes_total"] - seen["bytes"] + 100_000, (told, seen)


def test_run_again_converges():
    labctl.hub_reset()
    labctl.lab("up", labctl.NODE)
    run = sitectl.site("converged")
    assert run.ok, run.story()
    assert labctl.ANSWER in run.output, "the answer of the model is not shown"
    # what was verified before the power cut is not fetched again
    assert sent() == 0, labctl.hub_log()
    print("\n".join(run.slowest()))
