#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sets up the peers that stand beside the planner in `make sizing-accuracy`, in an environment of their own.
# usage: peer_setup.sh [DIR, default .venv-peer]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
uv=${UV:-$root/.venv/bin/uv}
folder=${1:-$root/.venv-peer}
[ -x "$folder/bin/python" ] || "$uv" venv -q --python "${PYTHON:-/usr/bin/python3}" "$folder"
"$uv" pip install -q --python "$folder/bin/python" aiconfigurator==0.12.0 vllm-wizard==0.2.0 huggingface-hub
# its planner alone is asked, which needs neither vLLM nor torch
"$uv" pip install -q --python "$folder/bin/python" --no-deps vllm-speculative-autoconfig==0.2.20
echo "aiconfigurator 0.12.0, vllm-wizard 0.2.0 and vllm-speculative-autoconfig 0.2.20 in $folder"
