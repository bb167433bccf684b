# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's CPU platform with the name of a resource that Ray can count: `ray start --num-gpus 1` declares one a node."""

from vllm.platforms.cpu import CpuPlatform


class RayCpuPlatform(CpuPlatform):
    ray_device_key = "GPU"

    @classmethod
    def check_and_update_config(cls, vllm_config):
        super().check_and_update_config(vllm_config)
        vllm_config.parallel_config.worker_cls = "ray_on_cpu.worker.NodeWorker"
