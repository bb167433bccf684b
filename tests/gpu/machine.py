# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection reads, judges and plans on the machine itself. usage: machine.py OUT [CAPTURE.json]

Standard library and PyYAML alone; changes nothing. With a capture the machine recorded in it is read instead.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".collections"))

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import resolved
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver.plan import make_plan as driver_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import Settings, command
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import host as facts_host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import Run, margin_gib, predict
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import GIB
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.zipapp import pack
from settings import SETTINGS, whole_config

CATALOG = ROOT / "plugins" / "catalog"
VLLM = next(
    line.split("==")[1].strip()
    for line in (Path(__file__).parent / "wheels.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith("vllm==")
)
RAW = [
    "nvidia-smi",
    "nvidia-smi -q",
    "nvidia-smi -q -x",
    "nvidia-smi -L",
    "nvidia-smi topo -m",
    "nvidia-smi topo -p2p r",
    "nvidia-smi nvlink --status",
    "nvidia-smi nvlink --capabilities",
    "nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader",
    "nvidia-smi --help-query-gpu",
    "nvidia-smi mig -lgip",
    "nvidia-smi -q -d ROW_REMAPPER,ECC,PAGE_RETIREMENT",
    "lspci -nn",
    "lspci -vvnn",
    "dmesg",
    "journalctl -k -b --no-pager -n 3000",
    "modinfo nvidia",
    "lsmod",
    "uname -a",
    "lscpu",
    "systemctl is-system-running",
    "systemctl list-units --no-pager --all",
    "numactl -H",
    "dkms status",
    "dpkg -l",
    "ls -l /dev",
    "ls -lR /dev/char",
    "nvcc --version",
    "ldconfig -p",
    "df -h",
    "mount",
    "free -b",
    "nvidia-smi --version",
    "ls -lR /lib/modules",
    "ls -l /usr/local/nvidia/lib64 /usr/local/nvidia/bin",
]
FILES = [
    "/proc/driver/nvidia/version",
    "/proc/driver/nvidia/params",
    "/proc/driver/nvidia/registry",
    "/proc/cmdline",
    "/proc/meminfo",
    "/proc/version",
    "/proc/modules",
    "/proc/devices",
    "/etc/os-release",
    "/sys/module/nvidia/version",
    "/proc/sys/kernel/osrelease",
]


def save(out: Path, name: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False, default=str)
    (out / name).write_text(text + "\n", encoding="utf-8", errors="surrogateescape")


def ask(words: list[str], seconds: float, **more: Any) -> dict[str, Any]:
    """A command's answer; None for what is not there or takes too long."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=seconds, check=False, **more
        )
    except (OSError, subprocess.SubprocessError) as error:
        return {"rc": None, "out": "", "err": f"{type(error).__name__}: {error}"[:300]}
    return {"rc": done.returncode, "out": done.stdout, "err": done.stderr, "s": round(time.monotonic() - began, 2)}


def raw_answers() -> dict[str, Any]:
    env = {**os.environ, "LC_ALL": "C"}
    found: dict[str, Any] = {
        "commands": {line: ask(line.split(), 30, env=env) if shutil.which(line.split()[0]) else None for line in RAW}
    }
    paths = [*FILES, *(str(path) for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/*")))]
    found["files"] = {path: Host().read(path) for path in paths}
    found["nvml"] = nvml()
    return found


def nvml() -> Any:
    """Every figure that NVML gives without an argument but the card."""
    try:
        import pynvml
    except ImportError as error:
        return repr(error)
    found: dict[str, Any] = {}
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    except pynvml.NVMLError as error:
        return repr(error)
    for name in sorted(dir(pynvml)):
        if not name.startswith("nvmlDeviceGet") or "Handle" in name:
            continue
        try:
            value = getattr(pynvml, name)(handle)
        except Exception as error:  # most want more arguments, or another card
            value = f"{type(error).__name__}: {error}"
        found[name] = value if isinstance(value, (int, float, str, list, dict)) else plain(value)
    return found


def memory_by_nvml() -> int:
    """Where the facts hold no memory, so that the engine can be measured all the same."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).total)
    except Exception:  # no library, no driver, no card
        return 0


def plain(value: Any) -> Any:
    """A structure of NVML as names and values."""
    names = [row[0] for row in getattr(value, "_fields_", [])]
    if not names:
        return str(value)
    return {name: str(getattr(value, name)) for name in names}


def load_rules() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((CATALOG / "rules").glob("*.yml")):
        rows += (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("rules") or []
    return sorted(rows, key=lambda rule: str(rule["id"]))


def doctor(out: Path, plan: Any, replay: str | None) -> dict[str, Any]:
    """The packed command as it lies on a node, by every phase; once asked with a plan, once without."""
    program = out / "yitiji-doctor"
    program.write_bytes(pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules()))
    config = out / "doctor-config.json"
    settings = {"deployment": "gpu", "host": "gpu", "source": "modelscope", "weights_dir": "/srv/models",
                "ports": {"engine": 8000, "chat": 8080, "https": 443, "http": 80}}  # fmt: skip
    save(out, config.name, {"host": "gpu", "language": "en", "plan": plan, "settings": settings})
    runs = {
        "bare-run": ["--phase", "run", "--fast", "--config", "/nonexistent"],
        "plan-pre": ["--phase", "pre", "--fast", "--config", str(config)],
        "plan-run": ["--phase", "run", "--fast", "--config", str(config)],
    }
    if replay:
        runs = {"replay": ["--phase", "run", "--replay", replay, "--config", str(config)]}
    found = {}
    for name, words in runs.items():
        extra = [] if replay else ["--capture", str(out / f"capture-{name}.json")]
        line = [sys.executable, str(program), "--all", "--json", str(out / f"doctor-{name}.json"), *words, *extra]
        answer = ask(line, 60)
        save(out, f"doctor-{name}.txt", answer["out"] + answer["err"])
        found[name] = {"rc": answer["rc"], "s": answer.get("s")}
    return found


def driver_plans(node: dict[str, Any]) -> list[dict[str, Any]]:
    """What the driver role would decide here, left alone and told to manage the driver."""
    kinds = read_catalog([str(CATALOG)], yaml.safe_load, ("drivers", "distributions"))
    catalog = {**kinds["drivers"], "systems": resolved(kinds["distributions"])}
    rows = []
    for wishes in ({}, {"installs": False}, {"managed": True}, {"managed": True, "repository": True}):
        given = {**wishes, "today": time.strftime("%Y-%m-%d")}
        rows.append({"wishes": wishes, **guarded(lambda given=given: driver_plan(node, catalog, given))})
    without = {**node, "nvidia": None, "packages": [], "gpus": [dict(gpu, memory_bytes=None) for gpu in node["gpus"]]}
    rows.append(
        {
            "wishes": {"as if": "no driver were there"},
            **guarded(lambda: driver_plan(without, catalog, {"repository": True, "today": time.strftime("%Y-%m-%d")})),
        }
    )
    return rows


def guarded(make: Any) -> dict[str, Any]:
    try:
        return {"plan": make()}
    except Exception as error:  # a refusal is an answer, and so is a bug
        rule = getattr(error, "rule", getattr(error, "id", None))
        return {"refusal": rule, "type": type(error).__name__, "message": str(error)}


def serving(out: Path, node: dict[str, Any]) -> dict[str, Any]:
    """What each setting should take by the planner's own core, and the arguments that it writes."""
    catalog = read_catalog([str(CATALOG)], yaml.safe_load)
    shapes = json.loads((ROOT / "tests" / "sizing" / "data" / "models.json").read_text(encoding="utf-8"))
    total = next((gpu["memory_bytes"] for gpu in node["gpus"] if gpu.get("memory_bytes")), memory_by_nvml()) / GIB
    plans: dict[str, Any] = {}
    for setting in SETTINGS:
        config = whole_config(shapes[setting["model"]])
        row = guarded(functools.partial(prepared, setting, config, node, catalog, total))
        if "plan" in row:
            save(out, f"setting-{setting['name']}.json", {"name": setting["name"], "config": config, **row["plan"]})
            row = row["plan"]
        plans[setting["name"]] = row
    return plans


def prepared(
    setting: dict[str, Any], config: dict[str, Any], node: dict[str, Any], catalog: Any, total: float
) -> dict[str, Any]:
    shape = read_shape(config, setting["model"])
    if setting.get("plan"):
        wanted = {"deployment": "gpu", "profile": setting["plan"], "images": {"vllm-cuda": {"version": VLLM}},
                  "nodes": {"gpu": {"facts": node, "address": "127.0.0.1"}}}  # fmt: skip
        plan = make_plan(read_wish(wanted, catalog), catalog)
        args = args_of(plan)
        return {"args": args, "whole_plan": plan, **sized(shape, run_from(args, total))}
    settings = Settings(
        model_path="MODEL",
        served_name=setting["name"],
        port=8000,
        device="cuda",
        dtype="bfloat16",
        **{key: setting[key] for key in ("max_len", "max_seqs", "max_batched", "utilization")},
        kv_dtype=setting.get("kv_dtype", "auto"),
        quantization=setting.get("quantization"),
        eager=setting.get("eager", False),
    )
    args = command(catalog["engines"]["vllm"], VLLM, settings)[1:]
    if setting.get("quantization"):
        quantised = {"quant_method": "fp8", "activation_scheme": "dynamic"}
        shape = read_shape({**config, "quantization_config": quantised}, setting["model"])
    return {"args": args, **sized(shape, run_from(args, total))}


def args_of(plan: dict[str, Any]) -> list[str]:
    """The engine's arguments on the first node, less the model."""
    row = next(iter(plan["nodes"].values()))
    args = (row.get("units") or [row])[0].get("args") or plan["args"]
    return list(args[1:] if not args[0].startswith("-") else args)


def run_from(args: list[str], total: float) -> Run:
    def of(flag: str, default: Any) -> Any:
        return args[args.index(flag) + 1] if flag in args else default

    return Run(
        version=tuple(int(part) for part in VLLM.split(".")),
        tensor=1,
        pipeline=1,
        total_gib=total,
        utilization=float(of("--gpu-memory-utilization", 0.92)),
        max_len=int(of("--max-model-len", 0)),
        max_seqs=int(of("--max-num-seqs", 256)),
        max_batched=int(of("--max-num-batched-tokens", 8192)),
        kv_dtype=str(of("--kv-cache-dtype", "auto")),
        eager="--enforce-eager" in args,
    )


def sized(shape: Any, run: Run) -> dict[str, Any]:
    memory = predict(shape, run)
    return {
        "run": dataclasses.asdict(run),
        "predicted": dataclasses.asdict(memory),
        "tokens": memory.tokens(),
        "tokens_promised": memory.tokens(margin=margin_gib(run.total_gib)),
    }


def main(target: str, replay: str | None = None) -> int:
    out = Path(target)
    out.mkdir(parents=True, exist_ok=True)
    record = json.loads(Path(replay).read_text(encoding="utf-8")) if replay else None
    began = time.monotonic()
    node = read_node(Capture(record), epoch=0.0) if record else read_node()
    took = {"facts_s": round(time.monotonic() - began, 2), "problems": node.get("problems")}
    save(out, "node.json", node)
    tool = shutil.which("nvidia-smi")
    if not record and tool and not any(gpu.get("memory_bytes") for gpu in node["gpus"]):
        took["facts_without_a_card"] = f"{tool} is there, the facts hold no card with memory; its folder added"
        facts_host.SAFE_PATH += ":" + os.path.dirname(os.path.realpath(tool)) + ":" + os.path.dirname(tool)
        node = read_node()
        save(out, "node-2.json", node)
    plans = serving(out, node)
    save(out, "serving.json", plans)
    save(out, "driver.json", driver_plans(node))
    if not replay:
        save(out, "raw.json", raw_answers())
    whole = next((row["whole_plan"] for row in plans.values() if "whole_plan" in row), None)
    took["doctor"] = doctor(out, whole, replay)
    took["s"] = round(time.monotonic() - began, 1)
    cards = [gpu for gpu in node["gpus"] if gpu["vendor"] == "nvidia"]
    refused = [f"{name} {row['refusal']}" for name, row in plans.items() if "refusal" in row]
    save(out, "machine.json", took)
    print(f"machine: {len(cards)} NVIDIA card(s), driver {(node['nvidia'] or {}).get('driver_version')}, {took}")
    if refused:
        print("machine: could not be planned: " + ", ".join(refused))
    return 0 if cards else 77


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
