# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses each argument set with the engine's own parser; any refusal is printed and counts. Runs in setup.sh's venv.

usage: check.py ENGINE VERSION SETS.json
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VLLM_HOMES = (
    "vllm.entrypoints.common.cli_args",
    "vllm.entrypoints.launchers.cli_args",
    "vllm.entrypoints.openai.cli_args",
)


def vllm_parser() -> Callable[[list[str]], Any]:
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    for home in VLLM_HOMES:
        try:
            module = importlib.import_module(home)
            break
        except ImportError:
            continue
    parser = module.make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))

    def parse(arguments: list[str]) -> Any:
        parsed = parser.parse_args(arguments)
        module.validate_parsed_serve_args(parsed)
        return parsed

    return parse


def sglang_parser() -> Callable[[list[str]], Any]:
    from sglang.srt.server_args import ServerArgs

    parser = argparse.ArgumentParser()
    ServerArgs.add_cli_args(parser)
    return parser.parse_args


def lmdeploy_parser() -> Callable[[list[str]], Any]:
    from lmdeploy.cli.cli import CLI
    from lmdeploy.cli.serve import SubCliServe

    SubCliServe.add_parsers()
    return lambda arguments: CLI.parser.parse_args(["serve", "api_server", *arguments])


PARSERS = {"vllm": vllm_parser, "sglang": sglang_parser, "lmdeploy": lmdeploy_parser}


def main(engine: str, version: str, path: str) -> int:
    sets = json.loads(Path(path).read_text(encoding="utf-8"))[engine][version]
    parse = PARSERS[engine]()
    bad = 0
    for arguments in sets:
        try:
            parse(arguments)
        except (SystemExit, Exception) as error:
            bad += 1
            print(f"REFUSED by {engine} {version}: {error!r}\n  {' '.join(arguments)}")
    print(f"{engine} {version}: {len(sets)} argument sets, {bad} refused")
    return 1 if bad or not sets else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
