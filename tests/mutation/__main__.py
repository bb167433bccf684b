# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation tests: python -m tests.mutation [FILE or room ...], by default the files changed against origin/main.

Small faults are put into each file, one at a time, and its unit tests must notice. A fault that none notices
fails the run, unless reasons.yml says why nobody could. docs/testing.md has the figures.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ROOMS = "plugins/module_utils/"
TOOL = "cosmic-ray==8.7.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yitiji-checkers" / "cosmic-ray-8.7.0"


def git(*arguments: str) -> list[str]:
    said = subprocess.run(["git", *arguments, "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in said.stdout.split("\0") if name]


def mutable(names: list[str]) -> list[str]:
    kept = [name for name in names if name.startswith(f"{ROOMS}_") and name.endswith(".py") and (ROOT / name).is_file()]
    return sorted(name for name in set(kept) if (ROOT / name).stat().st_size)


def asked(given: list[str]) -> list[str]:
    if not given:
        base = subprocess.run(
            ["git", "merge-base", "origin/main", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        return mutable([*git("diff", "--name-only", base), *git("ls-files", "-o", "--exclude-standard", ROOMS)])
    found = []
    for name in given:
        path = name if name.startswith(ROOMS) else f"{ROOMS}{name}"
        files = mutable(git("ls-files", "-co", "--exclude-standard", path))
        if not files:
            raise SystemExit(f"{name} is no file of {ROOMS} and no room there")
        found += files
    return found


def tool() -> Path:
    """The Python of cosmic-ray, in an environment of its own: it brings a dozen packages that nothing else needs."""
    python = CACHE / "bin/python"
    if not (CACHE / ".done").exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "-q", "--clear", "-p", sys.executable, str(CACHE)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "-p", str(python), TOOL], check=True)
        (CACHE / ".done").touch()
    return python


def in_turn(mutants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Room by room, and in each the files in turn: whenever the time is over, every file has had its share."""
    rooms: dict[str, dict[str, list[dict[str, Any]]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for mutant in mutants:
        rooms[mutant["file"].removeprefix(ROOMS).partition("/")[0]][mutant["file"]].append(mutant)
    found = []
    for files in rooms.values():
        longest = max(map(len, files.values()))
        found += [queue[turn] for turn in range(longest) for queue in files.values() if turn < len(queue)]
    return found


def reasons() -> dict[tuple[str, str, str], str]:
    read = yaml.safe_load((HERE / "reasons.yml").read_text(encoding="utf-8")) or []
    return {(one["file"], squeezed(one["line"]), squeezed(one["mutant"])): one["why"] for one in read}


def squeezed(text: str) -> str:
    return " ".join(text.split())


def key(mutant: dict[str, Any]) -> tuple[str, str, str]:
    return mutant["file"].removeprefix(ROOMS), squeezed(mutant["before"]), squeezed(mutant["after"])


def run(mutants: list[dict[str, Any]], seconds: int) -> list[dict[str, Any]]:
    known = reasons()
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        wanted = {
            "root": str(ROOT), "scratch": scratch, "seconds": seconds, "mutants": mutants,
            "files": git("ls-files", "-co", "--exclude-standard"),
        }  # fmt: skip
        cage = "unshare --user --map-root-user --mount --pid --net --ipc --fork --kill-child --mount-proc".split()
        judge = [*cage, sys.executable, str(HERE / "judge.py")]
        done = []
        with subprocess.Popen(judge, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin and process.stdout
            json.dump(wanted, process.stdin)
            process.stdin.close()
            for line in process.stdout:
                said = json.loads(line)
                if "told" in said:
                    print(said["told"], flush=True)
                    continue
                mutant = mutants[said["number"]]
                if said["how"] == "survived" and key(mutant) in known:
                    said["how"] = "equivalent"
                done.append({**mutant, **said})
                print(shown(done[-1]), flush=True)
        if process.returncode:
            raise SystemExit(f"the mutants' runner ended with status {process.returncode}")
    return done


def shown(one: dict[str, Any]) -> str:
    by = f" ({one['by']})" if one["by"] else ""
    place, before, after = key(one)
    return f"{one['how']}{by}: {place}:{one['line']}: {before}  ->  {after}"


def summary(done: list[dict[str, Any]]) -> int:
    rooms: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for one in done:
        rooms[one["file"].removeprefix(ROOMS).partition("/")[0]][one["how"].split()[0]] += 1
    survived = [one for one in done if one["how"] == "survived"]
    print(f"\n{len(survived)} survived" + (":" if survived else ""))
    for one in sorted(survived, key=lambda one: (one["file"], one["line"])):
        print(f"  {shown(one)}")
    print()
    for room, ends in rooms.items():
        share = 100 * ends["killed"] / max(1, ends.total() - ends["equivalent"])
        print(
            f"{room}: {ends.total()} mutants, {ends['killed']} killed ({share:.1f} % of those that can be), "
            f"{ends['survived']} survived, {ends['equivalent']} equivalent"
        )
    return 1 if survived else 0


def made(files: list[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    sample = [str(ROOT), options.seed, str(options.small), str(options.big)]
    command = [str(tool()), "-W", "ignore", str(HERE / "mutants.py"), *sample, *files]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def made_again(one: dict[str, Any]) -> dict[str, Any] | None:
    """A mutant of an earlier run, where its line is still the same."""
    source = (ROOT / one["file"]).read_text(encoding="utf-8")
    at = sum(map(len, source.splitlines(keepends=True)[: one["line"] - 1]))
    if not source[at:].lstrip().startswith(one["before"]):
        print(f"no longer there: {shown(one)}")
        return None
    return {**one, "code": source[:at] + source[at:].replace(one["before"], one["after"], 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("given", nargs="*", metavar="FILE", help="a file or a room of plugins/module_utils")
    parser.add_argument("--seconds", type=int, default=900, help="when no further mutant is begun")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--small", type=int, default=0, help="at most so many mutants of a file, 0: all")
    parser.add_argument("--big", type=int, default=0, help="the same for a file of 200 lines or more")
    parser.add_argument("--json", type=Path, help="every mutant and its end, as JSON lines")
    parser.add_argument("--again", type=Path, help="such a file: only its survivors are tried")
    options = parser.parse_args()
    done: list[dict[str, Any]] = []
    if options.again:
        before = [json.loads(line) for line in options.again.read_text(encoding="utf-8").splitlines()]
        done = [one for one in before if one["how"].startswith("killed")]
        mutants = [rebuilt for one in before if one not in done for rebuilt in [made_again(one)] if rebuilt]
    else:
        files = asked(options.given)
        if not files:
            print(f"no file of {ROOMS} has changed")
            return 0
        mutants = made(files, options)
    done += run(in_turn(mutants), options.seconds)
    if options.again:  # what there was no time for is still what it was
        seen = {key(one) for one in done}
        done += [one for one in before if key(one) not in seen]
    if options.json:
        lines = [json.dumps({name: value for name, value in one.items() if name != "code"}) for one in done]
        options.json.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return summary(done)


if __name__ == "__main__":
    sys.exit(main())
