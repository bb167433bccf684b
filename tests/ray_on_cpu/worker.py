"""The CPU worker of vLLM 0.32 makes no room for what an earlier pipeline stage sends, and fails at a request."""

from vllm.distributed import get_pp_group
from vllm.v1.worker.cpu_worker import CPUWorker


class StageWorker(CPUWorker):
    def load_model(self, *args, **kwargs):
        loaded = super().load_model(*args, **kwargs)
        runner = self.model_runner
        if not get_pp_group().is_first_rank and getattr(runner, "intermediate_tensors", None) is None:
            runner.intermediate_tensors = runner.model.make_empty_intermediate_tensors(
                batch_size=runner.max_num_tokens, dtype=runner.model_config.dtype, device=runner.device
            )
        return loaded
