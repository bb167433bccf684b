#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Passes every argument set that the planner emits through the real parsers.
# usage: run.sh [DIR of setup.sh]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
folder=${1:-$root/.venv-parsers}
"$here/setup.sh" "$folder"
cd "$root"
sets=$(mktemp)
trap 'rm -f "$sets"' EXIT
"$root/.venv/bin/python" -m tests.sizing.parsers.emit > "$sets"
check() { # engine version
    VLLM_TARGET_DEVICE=cpu PYTHONPATH="$folder/$1-$2" "$folder/venv/bin/python" "$here/check.py" "$1" "$2" "$sets"
}
check vllm 0.32.0
check vllm 0.33.0
check sglang 0.5.23
check lmdeploy 0.18.0
