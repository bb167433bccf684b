#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sets up the peer that stands beside the planner in `make sizing-accuracy`: aiconfigurator, in an environment of its own.
# usage: peer_setup.sh [DIR, default .venv-peer]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
uv=${UV:-$root/.venv/bin/uv}
folder=${1:-$root/.venv-peer}
[ -x "$folder/bin/python" ] || "$uv" venv -q --python "${PYTHON:-/usr/bin/python3}" "$folder"
"$uv" pip install -q --python "$folder/bin/python" aiconfigurator==0.12.0
echo "aiconfigurator 0.12.0 in $folder"
