# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a fixture of what a run brought home: what concerns the card, and nothing that tells whose machine it was.

usage: scrub.py PARTS FIXTURE.json      PARTS is the folder of results.tar.gz

Kept are only the paths and commands named here. In what is kept, each serial, UUID, chip id, MAC, address and the
host's name become a stand-in of the same form, the same one wherever it stands.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT_FILES = re.compile(
    r"/sys/bus/pci/devices/[\da-f:.]+/\w+$|/proc/(modules|meminfo|cpuinfo)$|/proc/driver/nvidia/|/etc/os-release$"
)
KEPT_FOLDERS = re.compile(
    r"/dev/nvidia|/sys/bus/pci/devices/|/usr/local/nvidia/lib64/libnvidia-ml|/usr/bin/nvidia-smi$"
)
KEPT_COMMANDS = (
    "nvidia-smi -q -x",
    "nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader",
    "nvidia-smi nvlink --status",
    "nvidia-smi topo -m",
    "nvidia-smi mig -lgip",
    "nvidia-smi --version",
    "dmesg",
)
TELLS = re.compile(r"NVRM|nvidia", re.IGNORECASE)
BUILDER = re.compile(r"\([\w.-]+@[\w.-]*\)")
HEX = "0123456789abcdef"


def counted(number: int, model: str) -> str:
    """A stand-in of the same length and form, that counts up in its last digits."""
    digits = [place for place, letter in enumerate(model) if letter.lower() in HEX]
    text = [("0" if place in digits else letter) for place, letter in enumerate(model)]
    for place, digit in zip(reversed(digits), reversed(f"{number:x}"), strict=False):
        text[place] = digit
    return "".join(text)


class Scrubber:
    """Stand-ins, one for each original."""

    def __init__(self, hostname: str) -> None:
        self.known: dict[str, str] = {}
        self.hostname = hostname
        self.rules: list[tuple[re.Pattern[str], Callable[[str], str]]] = [
            (re.compile(r"(?<=<serial>)[^<]+|(?<=<chassis_serial_number>)[^<]+"), self.id),
            (re.compile(r"(?<=Serial Number)(?:\s*: )\S+"), self.after_colon),
            (re.compile(r"(?<=<pdi>)0x[\da-fA-F]+(?=</pdi>)"), self.chip),
            (re.compile(r"(?<=<gpu_fabric_guid>)[^<]+"), self.id),
            (re.compile(r"[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}"), self.id),
            (re.compile(r"\b(?:[\da-fA-F]{2}:){5}[\da-fA-F]{2}\b"), self.id),
            (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"), self.address),
            (re.compile(r"\bf[cde][\da-fA-F]{2}:[\da-fA-F:]*:[\da-fA-F:]+"), self.id),
        ]

    def id(self, found: str) -> str:
        if found in ("N/A", "None") or found.startswith(("127.", "0.0.0.0")):
            return found
        return self.known.setdefault(found, counted(len(self.known) + 1, found))

    def chip(self, found: str) -> str:
        return "0x" + self.id(found[2:])

    def after_colon(self, found: str) -> str:
        head, value = found.rsplit(" ", 1)
        return f"{head} {self.id(value)}"

    def address(self, found: str) -> str:
        if found.startswith(("127.", "0.0.0.0")):
            return found
        return self.known.setdefault(found, f"192.0.2.{len(self.known) + 1}")

    def text(self, text: str) -> str:
        for pattern, stand_in in self.rules:
            text = pattern.sub(lambda match, make=stand_in: make(match.group()), text)
        text = BUILDER.sub("(builder@host)", text)
        return re.sub(rf"\b{re.escape(self.hostname)}\b", "gpu-node", text) if len(self.hostname) > 3 else text

    def all(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.all(item) for item in value]
        if isinstance(value, dict):
            return {self.text(str(key)): self.all(item) for key, item in value.items()}
        return value


def first_processor(text: str) -> str:
    """One of many alike, and how many there were."""
    parts = text.strip().split("\n\n")
    return parts[0] + "\n\n" + "\n\n".join(f"processor\t: {number}" for number in range(1, len(parts))) + "\n"


def fixture(capture: dict[str, Any], raw: dict[str, Any], hostname: str) -> dict[str, Any]:
    scrub = Scrubber(hostname)
    files = {path: text for path, text in capture["files"].items() if KEPT_FILES.match(path)}
    files.update(
        {path: text for path, text in raw["files"].items() if text and path.startswith("/proc/driver/nvidia/")}
    )
    if "/proc/cpuinfo" in files:
        files["/proc/cpuinfo"] = first_processor(files["/proc/cpuinfo"])
    commands: dict[str, Any] = {}
    for line in KEPT_COMMANDS:
        answer = capture["commands"].get(line) or raw["commands"].get(line)
        if answer:
            commands[line] = {key: answer[key] for key in ("rc", "out", "err")}
    if "dmesg" in commands:
        lines = [line for line in commands["dmesg"]["out"].splitlines() if TELLS.search(line)]
        commands["dmesg"]["out"] = "\n".join(line for line in lines if "ommand line" not in line) + "\n"
    kept = {
        "files": files,
        "links": {path: target for path, target in capture["links"].items() if path.startswith("/sys/bus/pci/")},
        "devices": {path: number for path, number in capture["devices"].items() if path.startswith("/dev/nvidia")},
        "synchronized": capture["synchronized"],
        "commands": commands,
        "directories": [path for path in capture["directories"] if KEPT_FOLDERS.match(path)],
        "spaces": {},
    }
    return dict(scrub.all(kept))


def main(parts: str, target: str) -> int:
    folder = Path(parts)
    capture = json.loads((folder / "capture-plan-run.json").read_text(encoding="utf-8"))
    raw = json.loads((folder / "raw.json").read_text(encoding="utf-8"))
    hostname = json.loads((folder / "node.json").read_text(encoding="utf-8"))["hostname"]
    text = json.dumps(fixture(capture, raw, hostname), indent=1, ensure_ascii=False, sort_keys=True)
    Path(target).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
