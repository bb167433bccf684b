# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the nodes of these tests have beyond a bare Debian: Docker, a container image of one file, a clock that can lie.
set -e
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
    docker.io iptables nftables openssl busybox-static >/dev/null 2>&1
apt-get clean
systemctl start docker
tar -C / -c bin/busybox | docker import - lab/tiny >/dev/null
