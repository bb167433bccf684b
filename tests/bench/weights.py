#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our download beside the ModelScope SDK, aria2c and curl with a hash: same hub, same machine, by turns, medians.

    weights.py [--rounds 5] [--only four,throttled,small,again] [--dir /dev/shm] [--scale 1.0]

A run disturbed by other load (more than a tenth of the cores) is repeated. Needs weights-setup.sh to have run.
Wall and CPU of ours and of the SDK are those of the call, imports not counted.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CACHE = Path(
    os.environ.get("YITIJI_BENCH_DIR")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yitiji" / "bench"
)
MODEL = "bench/model"
CDN_RATE = 50_000_000
DISTURBED = 0.1  # share of the cores that others may use during a run that counts
TOOLS = ("ours", "sdk", "sdk, 4 workers", "aria2c", "curl | sha256")


class Bench:
    def __init__(self, options):
        self.options = options
        self.base = Path(tempfile.mkdtemp(prefix="yitiji-bench-", dir=options.dir))
        self.repo = self.base / "root" / MODEL
        self.dest = self.base / "dest"
        self.rows = []
        self.thrown = 0
        self.verdicts = []
        tools = CACHE / "tools"
        lib = f"{tools}/usr/lib/x86_64-linux-gnu:{tools}/lib/x86_64-linux-gnu"
        self.aria_env = dict(os.environ, LD_LIBRARY_PATH=lib)

    def files(self, count, size):
        shutil.rmtree(self.repo, ignore_errors=True)
        self.repo.mkdir(parents=True)
        noise = os.urandom(min(size, 4 << 20))
        for number in range(count):
            with open(self.repo / f"part-{number:05d}.bin", "wb") as target:
                target.write(b"%08d" % number)
                left = size - 8
                while left > 0:
                    target.write(noise[:left])
                    left -= len(noise)

    def hub(self, *more):
        command = [
            sys.executable,
            REPO / "lab/hub/hub.py",
            "--root",
            self.base / "root",
            "--port",
            "0",
            "--warm",
            *more,
        ]
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        self.endpoint = process.stdout.readline().split()[-1]
        return process

    def url(self, name):
        return f"{self.endpoint}/api/v1/models/{MODEL}/repo?Revision=master&FilePath={name}"

    def call(self, python, tool, workers, verify="stamp"):
        env = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        env["PYTHONPATH"] = str(REPO / ".collections")
        env["HOME"] = env["MODELSCOPE_CACHE"] = str(self.base / "home")
        command = [python, REPO / "tests/bench/weights_call.py", tool, self.endpoint, MODEL, self.dest, workers, verify]
        done = subprocess.run([str(word) for word in command], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{tool} failed: {done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def spawn(self, command, **more):
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise SystemExit(f"{command[0]} failed: {status}")
        return {
            "wall": time.perf_counter() - begin,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024,
        }

    def aria2c(self):
        rows = []
        for path in sorted(self.repo.iterdir()):
            rows += [self.url(path.name), f"  out={path.name}", f"  checksum=sha-256={self.hashes[path.name]}"]
        listing = self.base / "aria2.txt"
        listing.write_text("\n".join(rows) + "\n")
        self.dest.mkdir()
        return self.spawn(
            [
                str(CACHE / "tools/usr/bin/aria2c"),
                "-q",
                "-x8",
                "-s8",
                "-j4",
                "-k1M",
                "--file-allocation=none",
                "--no-conf",
                "-d",
                str(self.dest),
                "-i",
                str(listing),
            ],
            env=self.aria_env,
        )

    def curl(self):
        self.dest.mkdir()
        lines = ["set -e"]
        names = [path.name for path in sorted(self.repo.iterdir())]
        for name in names:
            lines.append(
                f"curl -sf '{self.url(name)}' | tee {self.dest}/{name} | openssl dgst -sha256 >{self.dest}/{name}.sum &"
            )
            if len(names) > 8:
                raise SystemExit("curl is the floor of a few files only")
        return self.spawn(["bash", "-c", "\n".join([*lines, "wait"])])

    def undisturbed(self, call):
        """A run during which other load took more than DISTURBED of the cores is discarded and repeated."""
        for _number in range(self.options.tries):
            quiet(self.options.patience)
            before = (time.perf_counter(), busy_seconds(), own_seconds())
            row = call()
            after = (time.perf_counter(), busy_seconds(), own_seconds())
            wall, busy, own = (two - pair for pair, two in zip(before, after, strict=True))
            row["others"] = max(0.0, busy - own) / (wall * os.cpu_count())
            if row["others"] <= DISTURBED:
                return row
            self.thrown += 1
        return row

    def floor_again(self):
        names = " ".join(str(path) for path in sorted(self.dest.iterdir()) if path.suffix == ".bin")
        return self.spawn(["sh", "-c", f"ls {names} | xargs -P {os.cpu_count()} -n 1 openssl dgst -sha256"])

    def once(self, tool):
        return self.undisturbed(lambda: self.fetch(tool))

    def fetch(self, tool):
        shutil.rmtree(self.dest, ignore_errors=True)
        shutil.rmtree(self.base / "home", ignore_errors=True)
        if tool == "ours":
            return self.call(sys.executable, "ours", 0)
        if tool.startswith("sdk"):
            return self.call(CACHE / "sdk/bin/python", "sdk", 4 if "4" in tool else 0)
        return self.aria2c() if tool == "aria2c" else self.curl()

    def check(self):
        """What arrived is what was sent."""
        for path in self.repo.iterdir():
            with open(self.dest / path.name, "rb") as source:
                if hashlib.file_digest(source, "sha256").hexdigest() != self.hashes[path.name]:
                    raise SystemExit(f"{path.name} arrived with another hash")

    def case(self, name, tools):
        self.hashes = {}
        for path in self.repo.iterdir():
            with open(path, "rb") as source:
                self.hashes[path.name] = hashlib.file_digest(source, "sha256").hexdigest()
        runs = {tool: [] for tool in tools}
        for number in range(self.options.rounds):
            for tool in tools:
                runs[tool].append(self.once(tool))
                if number == 0:
                    self.check()
        return self.medians(name, runs)

    def medians(self, name, runs):
        result = {}
        for tool, found in runs.items():
            row = {key: statistics.median(row[key] for row in found) for key in ("wall", "cpu", "peak_mb")}
            row["walls"] = [round(row["wall"], 2) for row in found]
            row["others"] = max(row["others"] for row in found)
            result[tool] = row
            self.rows.append((name, tool, row))
            print(
                f"{name:34} {tool:16} wall {row['wall']:7.2f} s  cpu {row['cpu']:6.2f} s  peak {row['peak_mb']:6.0f} MB"
                f"  {row['walls']}{'  DISTURBED' if row['others'] > DISTURBED else ''}",
                flush=True,
            )
        return result

    def target(self, text, value, limit, at_least=False):
        good = value >= limit if at_least else value <= limit
        self.verdicts.append(good)
        print(
            f"  {'met   ' if good else 'MISSED'} {text}: {value:.2f} ({'>=' if at_least else '<='} {limit})", flush=True
        )

    # the cases

    def four(self):
        self.files(4, int((512 << 20) * self.options.scale))
        hub = self.hub()
        try:
            got = self.case("four files of 512 MiB", TOOLS)
            ours, best = got["ours"], min(got["sdk"]["wall"], got["sdk, 4 workers"]["wall"])
            self.target("wall / the SDK's best", ours["wall"] / best, 0.9)
            self.target("wall / curl | sha256", ours["wall"] / got["curl | sha256"]["wall"], 1.15)
            self.target("CPU / the SDK's", ours["cpu"] / min(got["sdk"]["cpu"], got["sdk, 4 workers"]["cpu"]), 1.0)
            self.target("peak MB", ours["peak_mb"], 80)
        finally:
            stop(hub)

    def throttled(self):
        self.files(1, int((2048 << 20) * self.options.scale))
        hub = self.hub("--rate", CDN_RATE)
        try:
            got = self.case("one file of 2 GiB, 50 MB/s each", ("ours", "sdk", "aria2c"))
            self.target("the SDK's wall / ours", got["sdk"]["wall"] / got["ours"]["wall"], 3, at_least=True)
            self.target("wall / aria2c's", got["ours"]["wall"] / got["aria2c"]["wall"], 1.0)
        finally:
            stop(hub)

    def small(self):
        self.files(max(20, int(2000 * self.options.scale)), 20_000)
        hub = self.hub()
        try:
            got = self.case("2,000 files of 20 kB", ("ours", "sdk", "sdk, 4 workers"))
            best = min(got["sdk"]["wall"], got["sdk, 4 workers"]["wall"])
            self.target("wall / the SDK's", got["ours"]["wall"] / best, 1.0)
        finally:
            stop(hub)

    def again(self):
        self.files(4, int((512 << 20) * self.options.scale))
        hub = self.hub()
        runs = {"ours, stamp": [], "ours, full": [], "sdk": [], "openssl": []}
        try:
            for _number in range(self.options.rounds):
                self.fetch("ours")
                runs["ours, stamp"].append(self.undisturbed(lambda: self.call(sys.executable, "ours", 0)))
                runs["ours, full"].append(self.undisturbed(lambda: self.call(sys.executable, "ours", 0, "full")))
                runs["openssl"].append(self.undisturbed(self.floor_again))
                self.fetch("sdk")
                runs["sdk"].append(self.undisturbed(lambda: self.call(CACHE / "sdk/bin/python", "sdk", 0)))
            got = self.medians("second run, 2 GiB", runs)
            self.target("seconds with the stamp", got["ours, stamp"]["wall"], 0.3)
            self.target("ours / openssl on all cores", got["ours, full"]["wall"] / got["openssl"]["wall"], 1.15)
            self.target("the SDK's hashing / ours", got["sdk"]["wall"] / got["ours, full"]["wall"], 1.6, at_least=True)
        finally:
            stop(hub)


def busy_seconds():
    """CPU seconds of all processes since the start of the machine."""
    with open("/proc/stat", encoding="utf-8") as source:
        user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) for word in source.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """CPU seconds of this run: itself, what it waited for, and the hub it started."""
    total = sum(os.times()[:4])
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def quiet(patience):
    """Waits, at most `patience` seconds, for a second with hardly any other load."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        busy, own = busy_seconds(), own_seconds()
        time.sleep(0.5)
        if busy_seconds() - busy - (own_seconds() - own) <= DISTURBED * 0.5 * os.cpu_count():
            return


def stop(process):
    process.terminate()
    process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="four,throttled,small,again")
    parser.add_argument("--dir", default="/dev/shm")
    parser.add_argument("--tries", type=int, default=8, help="of a run that others disturb")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for a quiet machine")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the sizes, for a quick look")
    options = parser.parse_args()
    if not (CACHE / "sdk/.ready").exists():
        raise SystemExit("run tests/bench/weights-setup.sh first")
    bench = Bench(options)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.rounds} rounds, in {options.dir}", flush=True
    )
    try:
        for name in options.only.split(","):
            getattr(bench, name)()
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    print(f"{bench.thrown} runs thrown away, for others used more than {DISTURBED:.0%} of the cores meanwhile")
    return 0 if all(bench.verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
