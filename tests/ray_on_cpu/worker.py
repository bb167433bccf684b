# SPDX-License-Identifier: GPL-3.0-or-later
"""What vLLM 0.32's CPU worker lacks where Ray puts its ranks on several nodes."""

import socket

from vllm.distributed import get_pp_group
from vllm.distributed.device_communicators.cpu_communicator import _CPUSHMDistributed
from vllm.v1.worker.cpu_worker import CPUWorker

_upstream = _CPUSHMDistributed.make_group_name


class NodeWorker(CPUWorker):
    def load_model(self, *args, **kwargs):
        loaded = super().load_model(*args, **kwargs)
        runner = self.model_runner
        # it makes no room for what an earlier pipeline stage sends, and fails at a request
        if not get_pp_group().is_first_rank and getattr(runner, "intermediate_tensors", None) is None:
            runner.intermediate_tensors = runner.model.make_empty_intermediate_tensors(
                batch_size=runner.max_num_tokens, dtype=runner.model_config.dtype, device=runner.device
            )
        return loaded


def _name(communicator):
    """Ranks of one name are taken to share memory: those of two nodes must not bear the same one."""
    return f"{_upstream(communicator)}-{socket.gethostname()}"


_CPUSHMDistributed.make_group_name = staticmethod(_name)
