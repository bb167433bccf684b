# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card's own figures by plain PyTorch. usage: card.py OUT.json

Copy bandwidth, matrix products on random data, the way to main memory, what a context and a collective library take,
power and clocks under load, error counters before and after. Reads the card as it is: no setting is changed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

GIB = 1024**3
WATCHED = "clocks.sm,clocks.mem,power.draw,temperature.gpu,utilization.gpu,clocks_event_reasons.active"
COUNTERS = (
    "ecc.errors.corrected.volatile.total,ecc.errors.uncorrected.volatile.total,ecc.errors.corrected.aggregate.total,"
    "ecc.errors.uncorrected.aggregate.total,retired_pages.pending,pcie.link.gen.current,pcie.link.width.current"
)


def query(fields: str) -> list[str]:
    done = subprocess.run(
        ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return [word.strip() for word in done.stdout.strip().split("\n")[0].split(",")] if done.returncode == 0 else []


def counters() -> dict[str, Any]:
    log = subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace", check=False).stdout
    found: dict[str, Any] = dict(zip(COUNTERS.split(","), query(COUNTERS), strict=False))
    found["xid_lines"] = [line for line in log.splitlines() if "Xid" in line]
    return found


class Watch(threading.Thread):
    """Clocks and power while something runs, as often as nvidia-smi answers."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.rows: list[list[str]] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            self.rows.append(query(WATCHED))
            self.done.wait(0.1)

    def result(self) -> dict[str, Any]:
        self.done.set()
        self.join(10)
        found: dict[str, Any] = {"samples": len(self.rows)}
        for index, name in enumerate(WATCHED.split(",")):
            values = [row[index] for row in self.rows if len(row) > index]
            if name.startswith("clocks_event"):
                found[name] = sorted(set(values))
                continue
            numbers = [float(value) for value in values if value.replace(".", "", 1).isdigit()]
            if numbers:
                found[name] = {"min": min(numbers), "median": statistics.median(numbers), "max": max(numbers)}
        return found


def timed(torch: Any, work: Any, times: int = 12, warm: int = 3) -> float:
    """Median seconds of one call, by the card's own events."""
    for _ in range(warm):
        work()
    marks = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(times)]
    for start, end in marks:
        start.record()
        work()
        end.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(end) for start, end in marks) / 1000


def bandwidth(torch: Any) -> dict[str, float]:
    size = 8 * GIB
    source = torch.empty(size, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    found = {"device_copy_tb_s": round(2 * size / timed(torch, lambda: target.copy_(source)) / 1e12, 3)}
    wide = source.view(torch.int64)
    found["device_read_tb_s"] = round(size / timed(torch, wide.max) / 1e12, 3)
    part = 2 * GIB
    host = torch.empty(part, dtype=torch.uint8, pin_memory=True)
    card = source[:part]
    up = timed(torch, lambda: card.copy_(host, non_blocking=True), 5, 1)
    down = timed(torch, lambda: host.copy_(card, non_blocking=True), 5, 1)
    found.update(to_card_gb_s=round(part / up / 1e9, 1), from_card_gb_s=round(part / down / 1e9, 1))
    return found


def products(torch: Any) -> dict[str, Any]:
    n, found = 8192, {}
    for name, dtype in (("bf16", torch.bfloat16), ("fp16", torch.float16), ("fp32", torch.float32)):
        a, b = (torch.randn(n, n, device="cuda").to(dtype) for _ in range(2))
        found[name + "_tflop_s"] = round(2 * n**3 / timed(torch, lambda a=a, b=b: a @ b) / 1e12, 1)
        if name == "bf16":
            exact = (a[:64].double() @ b.double()).flatten()
            wrong = ((a @ b)[:64].double().flatten() - exact).norm() / exact.norm()
            found["bf16_error"] = float(wrong)
    torch.backends.cuda.matmul.allow_tf32 = True
    a, b = (torch.randn(n, n, device="cuda") for _ in range(2))
    found["tf32_tflop_s"] = round(2 * n**3 / timed(torch, lambda: a @ b) / 1e12, 1)
    try:
        x = torch.randn(n, n, device="cuda").to(torch.float8_e4m3fn)
        y = torch.randn(n, n, device="cuda").to(torch.float8_e4m3fn).t()
        scale = torch.ones((), device="cuda")
        seconds = timed(torch, lambda: torch._scaled_mm(x, y, scale_a=scale, scale_b=scale, out_dtype=torch.bfloat16))
        found["fp8_tflop_s"] = round(2 * n**3 / seconds / 1e12, 1)
    except Exception as error:  # PyTorch calls it private: it may change
        found["fp8_error"] = repr(error)[:300]
    return found


def under_load(torch: Any, seconds: float = 8.0) -> dict[str, Any]:
    """Products without a pause: the rate that lasts, and what the card draws for it."""
    n = 8192
    a, b = (torch.randn(n, n, device="cuda").to(torch.bfloat16) for _ in range(2))
    watch = Watch()
    watch.start()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for _ in range(50):
            a @ b
        torch.cuda.synchronize()
        count += 50
    took = time.perf_counter() - began
    return {"seconds": round(took, 1), "bf16_tflop_s": round(count * 2 * n**3 / took / 1e12, 1), **watch.result()}


def overheads(torch: Any) -> dict[str, float]:
    """GiB that go to what is no tensor: the context, and NCCL with one rank."""
    free, total = torch.cuda.mem_get_info()
    found = {"total_gib": total / GIB, "context_gib": (total - free) / GIB}
    torch.zeros(1024, 1024, device="cuda") @ torch.zeros(1024, 1024, device="cuda")
    torch.cuda.synchronize()
    after, _total = torch.cuda.mem_get_info()
    found["first_product_gib"] = (free - after - torch.cuda.memory_reserved()) / GIB
    import torch.distributed as dist

    dist.init_process_group("nccl", init_method="tcp://127.0.0.1:29511", rank=0, world_size=1)
    dist.all_reduce(torch.ones(1 << 20, device="cuda"))
    torch.cuda.synchronize()
    last, _total = torch.cuda.mem_get_info()
    found["nccl_one_rank_gib"] = (after - last) / GIB
    dist.destroy_process_group()
    return {key: round(value, 4) for key, value in found.items()}


def main(target: str) -> int:
    import torch

    if not torch.cuda.is_available():
        print("card: PyTorch sees no card")
        return 77
    props = torch.cuda.get_device_properties(0)
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "name": props.name,
        "multiprocessors": props.multi_processor_count,
        "l2_mib": round(getattr(props, "L2_cache_size", 0) / 2**20, 1),
        "total_bytes": props.total_memory,
        "nccl": ".".join(map(str, torch.cuda.nccl.version())),
        "idle": dict(zip(WATCHED.split(","), query(WATCHED), strict=False)),
        "limits": dict(
            zip(
                ("power.limit", "clocks.max.sm", "clocks.max.mem"),
                query("power.limit,clocks.max.sm,clocks.max.mem"),
                strict=False,
            )
        ),
    }
    before = counters()
    parts = {"overheads": overheads, "bandwidth": bandwidth, "products": products, "load": under_load}
    for name, part in parts.items():
        try:
            found[name] = part(torch)
        except Exception as error:  # the other parts still tell theirs
            found[name] = {"error": repr(error)[:500]}
        Path(target).write_text(json.dumps(found, indent=1), encoding="utf-8")
    found["counters"] = {"before": before, "after": counters()}
    Path(target).write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(f"card: {found['name']}, {found['bandwidth']}, {found['products']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
