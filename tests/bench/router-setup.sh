#!/usr/bin/env bash
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What `router.py` compares: vllm-router and SGLang's router in venvs of their own, nginx with njs, and the lab's build of vLLM.
set -euo pipefail
where=${YITIJI_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/yitiji/bench}
lab=${YITIJI_LAB_DIR:-/var/cache/yitiji-lab}
mkdir -p "$where/router-debs" "$where/engine"

for router in vllm-router==0.1.17 sglang-router==0.3.2; do
    venv="$where/${router%%=*}"
    [ -e "$venv/.ready" ] && continue
    echo "bench: $router into $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check "$router"
    touch "$venv/.ready"
done

# unpacked beside the system: no service is started, nothing is installed
if [ ! -e "$where/router-tools/.ready" ]; then
    cd "$where/router-debs"
    apt-get -q -o Dpkg::Use-Pty=0 download nginx libnginx-mod-http-js >/dev/null
    for package in *.deb; do dpkg -x "$package" "$where/router-tools"; done
    touch "$where/router-tools/.ready"
fi

if [ ! -e "$where/engine/.ready" ]; then
    layer=$(find "$lab/images/layers" -name 'vllm-[0-9a-f]*.tar' | head -n 1)
    [ -n "$layer" ] || { echo "bench: the lab's vLLM is not there; run lab/lab serve once" >&2; exit 1; }
    tar -xf "$layer" -C "$where/engine"
    touch "$where/engine/.ready"
fi
echo "bench: ready in $where"
