# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines' own words at their end, as they were published; a line before them that only sets the stage may be made up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ended
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.ended import of_unit, read, worst

# ruff: noqa: E501
# (where it was published, the log's decisive lines, what is read)
ENDS = [
    (
        "vllm-project/vllm#2418, 0.2",
        "INFO 01-11 15:51:18 llm_engine.py:275] # GPU blocks: 229, # CPU blocks: 512\n"
        "ValueError: The model's max seq len (4096) is larger than the maximum number of tokens that can be stored in KV "
        "cache (3664). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
        {"kind": "context", "max_len": 4096, "longest": 3664},
    ),
    (
        "deepseek-ai/DeepSeek-V2#83, 0.5",
        "[rank0]: ValueError: The model's max seq len (163840) is larger than the maximum number of tokens that can be "
        "stored in KV cache (13360). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when "
        "initializing the engine.",
        {"kind": "context", "max_len": 163840, "longest": 13360},
    ),
    (
        "vllm-project/vllm#16118, 0.8 with its second engine: no estimate yet",
        "ERROR 04-05 01:12:55 [core.py:390] ValueError: To serve at least one request with the models's max seq len "
        "(1048576), (24.00 GiB KV cache is needed, which is larger than the available KV cache memory (9.97 GiB). Try "
        "increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
        {"kind": "context", "max_len": 1048576, "need_gib": 24.0, "kv_gib": 9.97},
    ),
    (
        "vllm-project/tpu-inference#223, 0.9",
        "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, "
        "which is larger than the available KV cache memory (0.71 GiB). Based on the available memory, the estimated "
        "maximum model length is 5632. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when "
        "initializing the engine.",
        {"kind": "context", "max_len": 131072, "need_gib": 16.0, "kv_gib": 0.71, "longest": 5632},
    ),
    (
        "vllm-project/vllm#34076, 0.15: two stages, and what each had",
        "(Worker_PP0 pid=1201) INFO [gpu_worker.py:358] Available KV cache memory: 3.18 GiB\n"
        "(EngineCore_DP0 pid=1094) ValueError: To serve at least one request with the models's max seq len (262144), (24.0 "
        "GiB KV cache is needed, which is larger than the available KV cache memory (3.18 GiB). Based on the available "
        "memory, the estimated maximum model length is 34736. Try increasing `gpu_memory_utilization` or decreasing "
        "`max_model_len` when initializing the engine. See https://docs.vllm.ai/en/latest/configuration/"
        "conserving_memory/ for more details.\n"
        "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
        {"kind": "context", "max_len": 262144, "need_gib": 24.0, "kv_gib": 3.18, "longest": 34736},
    ),
    (
        "kaito-project/kaito#2132, 0.2x: without the second bracket",
        "ValueError: To serve at least one request with the model's max seq len (1048576), 22.5 GiB KV cache is needed, "
        "which is larger than the available KV cache memory (17.39 GiB). Based on the available memory, the estimated "
        "maximum model length is 810208.",
        {"kind": "context", "max_len": 1048576, "need_gib": 22.5, "kv_gib": 17.39, "longest": 810208},
    ),
    (
        "vllm 0.32.0, v1/core/kv_cache_utils.py: on CPUs, a cache of a few KiB",
        "(EngineCore pid=99) ERROR 11-28 10:00:00 [core.py:1344] ValueError: To serve at least one request with the model's "
        "max seq len (2048), (0.0 GiB KV cache is needed, which is larger than the available KV cache memory (0.0 GiB). "
        "Based on the available memory, the estimated maximum model length is 1024. Try increasing "
        "`gpu_memory_utilization` (which also controls CPU memory on the CPU backend) or decreasing `max_model_len` when "
        "initializing the engine. See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details.",
        {"kind": "context", "max_len": 2048, "need_gib": 0.0, "kv_gib": 0.0, "longest": 1024},
    ),
    (
        "vllm-project/vllm-omni#946, 0.14, and its line about the cache",
        "(EngineCore_DP0 pid=6804) INFO [gpu_model_runner.py:3549] Model loading took 59.46 GiB and 40.1 seconds\n"
        "(EngineCore_DP0 pid=6804) INFO [gpu_worker.py:358] Available KV cache memory: -2.61 GiB\n"
        "(EngineCore_DP0 pid=6804) ValueError: No available memory for the cache blocks. Try increasing "
        "`gpu_memory_utilization` when initializing the engine. See https://docs.vllm.ai/en/latest/configuration/"
        "conserving_memory/ for more details.",
        {"kind": "cache", "kv_gib": -2.61},
    ),
    (
        "vllm 0.6 (worker.py), its older line about the cache",
        "INFO 12-20 20:25:46 worker.py:241] model weights take 14.51GiB; non_torch_memory takes 0.39GiB; PyTorch activation "
        "peak memory takes 2.53GiB; the rest of the memory reserved for KV Cache is -3.23GiB.\n"
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the "
        "engine.",
        {"kind": "cache", "kv_gib": -3.23},
    ),
    (
        "vllm 0.32.0, v1/worker/cpu_worker.py: the cache that was asked for is not free",
        "ValueError: Available memory on node 0 (3.10/23.41 GiB) on kv cache allocation is less than requested memory for kv "
        "(8.0 GiB). Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory used by other processes.",
        {"kind": "cache", "kv_gib": 3.1},
    ),
    (
        "vllm-project/vllm#20305, 0.9.1",
        "[multiproc_executor.py:492] ValueError: Free memory on device (31.44/47.38 GiB) on startup is less than desired GPU "
        "memory utilization (0.95, 45.01 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
        {"kind": "free", "free_gib": 31.44, "total_gib": 47.38},
    ),
    (
        "pytorch/pytorch#175666, 0.15: the worst of two cards",
        "(EngineCore_DP0 pid=6940) ValueError: Free memory on device cuda:1 (19.77/22.05 GiB) on startup is less than desired "
        "GPU memory utilization (0.9, 19.84 GiB). Decrease GPU memory utilization or reduce GPU memory used by other "
        "processes.\n"
        "(EngineCore_DP1 pid=6941) ValueError: Free memory on device cuda:0 (18.2/22.05 GiB) on startup is less than desired "
        "GPU memory utilization (0.9, 19.84 GiB).",
        {"kind": "free", "free_gib": 18.2, "total_gib": 22.05},
    ),
    (
        "vllm 0.32.0, v1/worker/cpu_worker.py: main memory that others hold",
        "ValueError: Available memory on node 0 (5.2/23.41 GiB) on startup is less than desired CPU memory utilization (0.92, "
        "21.54 GiB). On the CPU backend, the `--gpu-memory-utilization` flag controls the fraction of CPU memory reserved.",
        {"kind": "free", "free_gib": 5.2, "total_gib": 23.41},
    ),
    (
        "vllm-project/vllm#28143, 0.11: while the weights are loaded",
        "(EngineCore_DP0 pid=12473) ERROR 11-05 12:19:32 [linear.py:210] Failed to create unquantized linear weights: CUDA out "
        "of memory. Tried to allocate 896.00 MiB. GPU 0 has a total capacity of 93.09 GiB of which 739.81 MiB is free. "
        "Including non-PyTorch memory, this process has 92.34 GiB memory in use.\n"
        "(EngineCore_DP0 pid=12473) ERROR 11-05 12:19:32 [core.py:708] EngineCore failed to start.",
        {"kind": "load", "tried_gib": 0.875, "free_gib": 0.7225, "total_gib": 93.09},
    ),
    (
        "vllm-project/vllm#15105, 0.8.0: the sampler, once the model is loaded",
        "(VllmWorker rank=1 pid=2978) INFO [gpu_model_runner.py:1164] Model loading took 17.66 GB and 9.1 seconds\n"
        "(VllmWorker rank=1 pid=2978) ERROR 03-19 07:27:53 [multiproc_executor.py:375] torch.OutOfMemoryError: CUDA out of "
        "memory. Tried to allocate 1.74 GiB. GPU 1 has a total capacity of 23.57 GiB of which 605.88 MiB is free.\n"
        "(VllmWorker rank=0 pid=2961) ERROR 03-19 07:27:53 [multiproc_executor.py:375] torch.OutOfMemoryError: CUDA out of "
        "memory. Tried to allocate 1.74 GiB. GPU 0 has a total capacity of 23.57 GiB of which 594.88 MiB is free.\n"
        "(VllmWorker rank=0 pid=2961) RuntimeError: CUDA out of memory occurred when warming up sampler with 1024 dummy "
        "requests. Please try lowering `max_num_seqs` or `gpu_memory_utilization` when initializing the engine.",
        {"kind": "profile", "tried_gib": 1.74, "free_gib": 0.5809, "total_gib": 23.57, "requests": 1024},
    ),
    (
        "vllm-project/vllm#15598, 0.8.2: graphs, outside the budget",
        "(RayWorkerWrapper pid=1463574) INFO 03-27 10:29:01 [worker.py:267] model weights take 20.64GiB; non_torch_memory "
        "takes 0.28GiB; PyTorch activation peak memory takes 1.52GiB; the rest of the memory reserved for KV Cache is "
        "21.20GiB.\n"
        "(RayWorkerWrapper pid=1861983) INFO 03-27 10:29:03 [model_runner.py:1442] Capturing cudagraphs for decoding. If "
        "out-of-memory error occurs during cudagraph capture, consider decreasing `gpu_memory_utilization`.\n"
        "(RayWorkerWrapper pid=206994) ERROR 03-27 10:29:13 [worker_base.py:620] torch.OutOfMemoryError: CUDA out of memory. "
        "Tried to allocate 2.00 MiB. GPU 6 has a total capacity of 44.53 GiB of which 448.00 KiB is free.",
        {"kind": "graphs", "tried_gib": 0.002, "free_gib": 0.0004, "total_gib": 44.53, "kv_gib": 21.2},
    ),
    (
        "torch 2.0 and earlier, as in vllm 0.2 (pytorch/pytorch, CUDACachingAllocator.cpp)",
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 172.00 MiB (GPU 0; 23.69 GiB total capacity; 22.60 "
        "GiB already allocated; 77.31 MiB free; 22.61 GiB reserved in total by PyTorch)",
        {"kind": "load", "tried_gib": 0.168, "free_gib": 0.0755, "total_gib": 23.69},
    ),
    (
        "sgl-project/sglang#4330, 0.4.3",
        "[2025-03-12 10:00:00 TP0] Load weight end. type=LlamaForCausalLM, dtype=torch.bfloat16, avail mem=5.10 GB.\n"
        "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.",
        {"kind": "cache"},
    ),
    (
        "sgl-project/sglang#5285, 0.4.5",
        "[2025-04-11 TP7] Load weight end. type=DeepseekV3ForCausalLM, dtype=torch.bfloat16, avail mem=12.5 GB.\n"
        "[2025-04-11 TP7] Memory pool end. avail mem=4.51 GB\n"
        "[2025-04-11 TP7] Capture cuda graph begin. This can take up to several minutes.\n"
        "Exception: Capture cuda graph failed: CUDA out of memory. Tried to allocate 448.00 MiB. GPU 7 has a total capacity of "
        "95.00 GiB of which 101.00 MiB is free.\nPossible solutions:",
        {"kind": "graphs", "tried_gib": 0.4375, "free_gib": 0.0986, "total_gib": 95.0},
    ),
    (
        "InternLM/lmdeploy#3557, 0.8.0",
        "[TM][ERROR] CUDA runtime error: out of memory /lmdeploy/src/turbomind/core/allocator.cc:49",
        {"kind": "load"},
    ),
    (
        "lmdeploy, pytorch/engine/executor/base.py",
        "RuntimeError: No enough gpu memory for kv cache.",
        {"kind": "cache"},
    ),
    (
        "abetlen/llama-cpp-python#1944: llama.cpp's cache",
        "load_tensors:        CUDA0 model buffer size = 70752.48 MiB\n"
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 204800.00 MiB on device 0: cudaMalloc failed: out of memory\n"
        "llama_kv_cache_init: failed to allocate buffer for kv cache\n"
        "llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache",
        {"kind": "profile", "tried_gib": 200.0},
    ),
    (
        "ggml-org/llama.cpp#7366: its weights",
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 590.07 MiB on device 0: cudaMalloc failed: out of memory\n"
        "llama_model_load: error loading model: unable to allocate CUDA0 buffer",
        {"kind": "load", "tried_gib": 0.5762},
    ),
]


@pytest.mark.parametrize(("log", "said"), [end[1:] for end in ENDS], ids=[end[0] for end in ENDS])
def test_words_of_several_versions(log, said):
    found = read(log.splitlines())
    line = found.pop("line")
    assert found == said
    assert line and len(line) <= 300 and not line.startswith(("(", "[20", "ERROR"))


# Ends that more or less memory would not change, and lines about memory in a start that went on.
OTHERS = [
    ("a wrong argument", "vllm: error: unrecognized arguments: --max-model-length 4096"),
    (
        "damaged weights",
        "INFO Model loading took 3.1 GiB\nsafetensors_rust.SafetensorError: Error while deserializing header: InvalidHeader",
    ),
    ("killed", "(EngineCore pid=7) INFO Loading safetensors checkpoint shards:  50% Completed\nKilled"),
    ("no compiler", "Exception: Capture cuda graph failed: Ninja build failed."),
    (
        "a warning about memory",
        "If out-of-memory error occurs during cudagraph capture, consider decreasing `gpu_memory_utilization`.\n"
        "RuntimeError: NCCL error: unhandled system error",
    ),
    (
        "it served, then a request was too much",
        "INFO GPU KV cache size: 929,120 tokens\nINFO:     Application startup complete.\n"
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.57 GiB of "
        "which 1.00 GiB is free.",
    ),
    (
        "ggml-org/llama.cpp#26297: it goes on without pipelining",
        "E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 51748.72 MiB on device 1: cudaMalloc failed: out of memory\n"
        "W sched_reserve: compute buffer allocation failed, retrying without pipeline parallelism\n"
        "error: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080",
    ),
    ("nothing at all", ""),
]


@pytest.mark.parametrize("log", [log for _what, log in OTHERS], ids=[what for what, _log in OTHERS])
def test_other_ends_are_left_alone(log):
    assert read(log.splitlines()) == {}


def test_of_several_ranks_the_cause_counts():
    full = {"kind": "load", "free_gib": 0.1}
    shorter, longer = ({"kind": "context", "kv_gib": size} for size in (1.0, 2.0))
    assert worst([longer, {}, shorter]) == shorter
    assert worst([shorter, full]) == full
    assert worst([{}, {}]) == {} == worst([])


def test_a_long_log_is_bounded():
    words = next(log for source, log, _said in ENDS if source.startswith("vllm-project/vllm#16118"))
    assert read([words, *["more"] * ended.LINES]) == {}
    assert read(["x" * ended.LONGEST + words]) == {}
    assert read([*["more"] * ended.LINES, words])["kind"] == "context"


@pytest.fixture
def unit_file(tmp_path, monkeypatch):
    path = tmp_path / "yitiji-vllm.service"
    path.write_text("")
    monkeypatch.setattr(ended.systemd, "unit_path", lambda unit: str(tmp_path / f"{unit}.service"))
    return path


class Journal:
    """Runs of a unit, the oldest first, and what each said."""

    def __init__(self, *runs):
        self.runs, self.asked = runs, []

    def ask(self, words):
        self.asked.append(words)
        number = next((word.partition("=")[2] for word in words if word.startswith("_SYSTEMD_INVOCATION_ID=")), None)
        if number is not None:
            return 0, self.runs[int(number)]
        rows = [json.dumps({"_SYSTEMD_INVOCATION_ID": str(n)}) for n, _log in enumerate(self.runs) for _twice in (1, 2)]
        return 0, "\n".join(["no json", *rows, json.dumps({"MESSAGE": "of systemd itself"})])


def test_the_newest_run_that_says_it_counts(unit_file):
    none = "ValueError: No available memory for the cache blocks."
    journal = Journal("CUDA out of memory. Tried to allocate 1.00 GiB.", none, "it has just begun")
    assert of_unit(journal.ask, "yitiji-vllm")["kind"] == "cache"
    since = int(Path(unit_file).stat().st_mtime)
    assert f"--since=@{since}" in journal.asked[0] and str(ended.LINES) in journal.asked[0]


def test_a_unit_whose_newest_runs_ended_otherwise(unit_file):
    old = "ValueError: No available memory for the cache blocks."
    journal = Journal(old, *["error: unrecognized arguments"] * ended.RUNS)
    assert of_unit(journal.ask, "yitiji-vllm") == {}
    assert of_unit(journal.ask, "yitiji-none") == {}


def test_patterns_do_not_run_away():
    """A line as long as is looked at, made to be matched again and again, takes no time."""
    hostile = ["max seq len (1" * 140, "Available memory on node " * 80, "GiB total capacity;" * 100]
    assert read(hostile) == {}
    assert all(isinstance(getattr(ended, name), re.Pattern) for name in ("LONG", "NONE", "FREE", "FULL"))
