# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How containers get NVIDIA's cards, the repository's key, and what a container saw."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import gpus as core


@pytest.mark.parametrize(
    ("docker", "wish", "mode"),
    [
        ("20.10.24+dfsg1", "auto", "runtime"),
        ("24.0.9", "auto", "runtime"),
        ("25.0.0", "auto", "cdi"),
        ("26.1.5+dfsg1", "auto", "cdi"),
        ("29.0.1", "runtime", "runtime"),
        ("28.0.0", "cdi", "cdi"),
        (None, "auto", "runtime"),
        (None, "cdi", "cdi"),
    ],
)
def test_mode(docker, wish, mode):
    assert core.mode(docker, wish) == mode


def test_cdi_without_a_docker_that_reads_it_is_refused():
    with pytest.raises(Refusal) as caught:
        core.mode("20.10.24", "cdi")
    assert caught.value.rule == "LLM315"
    assert "20.10.24" in caught.value.message() and "nvidia_container_toolkit_mode: auto" in caught.value.remedy.zh


def test_what_docker_is_told():
    assert core.daemon_options("cdi") == {"features": {"cdi": True}}
    assert core.daemon_options("runtime") == {"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}
    assert core.wanted("runtime")["runtimes"] == ["nvidia"]
    assert core.wanted("cdi")["cdi"] is True


SMI = "GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-1)\nGPU 1: NVIDIA GeForce RTX 4090 (UUID: GPU-2)\n"


LOST = "Failed to initialize NVML: Unknown Error\n"


def test_seen():
    assert core.seen(SMI + core.MARK + "\n" + SMI) == (2, 2)
    assert core.seen(SMI + core.MARK + "\n" + LOST) == (2, 0)
    assert core.seen("") == (0, 0)


def test_judge():
    core.judge(core.Seen(2, 2), 2, "", "cdi")
    with pytest.raises(Refusal) as caught:
        core.judge(core.Seen(1, 1), 2, "a\nthe last word\n", "cdi")
    assert caught.value.rule == "LLM308" and "sees 1 of 2" in caught.value.reason.en
    assert "the last word" in caught.value.reason.en
    with pytest.raises(Refusal):
        core.judge(core.Seen(0, 0), 0, "", "runtime")
    with pytest.raises(Refusal) as caught:
        core.judge(core.seen(SMI + core.MARK + LOST), 2, LOST, "runtime")
    assert caught.value.rule == "LLM303" and "0 of 2" in caught.value.reason.en


def test_the_container_has_no_network_and_is_not_pulled():
    words = core.check_command("docker", "vllm:1", "cdi", "check")
    assert "nvidia.com/gpu=all" in words
    assert words[words.index("--network") + 1] == "none" and words[words.index("--pull") + 1] == "never"
    assert "--gpus" in core.check_command("docker", "vllm:1", "runtime", "check")
