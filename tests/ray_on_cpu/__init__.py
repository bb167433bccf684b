# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests alone: a platform plugin by which Ray may run vLLM's CPU build, which upstream does not allow.

The lab's image vllm-cpu-ray holds it; nothing of the collection does. Ray's executor, its actors, placement groups and
tokens are the real ones; only the platform says that a CPU worker may be scheduled like a card.
"""


def register() -> str:
    return "ray_on_cpu.platform.RayCpuPlatform"
