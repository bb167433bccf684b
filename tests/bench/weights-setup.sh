#!/usr/bin/env bash
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What `weights.py` compares with: the ModelScope SDK in a venv of its own, aria2c, rsync and nginx, outside the checkout.
set -euo pipefail
where=${YITIJI_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/yitiji/bench}
sdk='modelscope==1.40.2 modelscope-hub==0.5.1'
mkdir -p "$where/debs" "$where/tools"

if [ ! -e "$where/sdk/.ready" ]; then
    echo "bench: the SDK ($sdk) into $where/sdk"
    python3 -m venv --clear "$where/sdk"
    # shellcheck disable=SC2086
    "$where/sdk/bin/pip" install -q --disable-pip-version-check $sdk
    touch "$where/sdk/.ready"
fi

# unpacked beside the system: no service is started, nothing is installed
if [ ! -e "$where/tools/.ready" ]; then
    echo "bench: aria2c, rsync and nginx into $where/tools"
    cd "$where/debs"
    apt-get -q -o Dpkg::Use-Pty=0 download aria2 libaria2-0 libc-ares2 libssh2-1 rsync libpopt0 libxxhash0 libzstd1 liblz4-1 \
        nginx libpcre2-8-0 >/dev/null
    for package in *.deb; do dpkg -x "$package" "$where/tools"; done
    touch "$where/tools/.ready"
fi
echo "bench: ready in $where"
