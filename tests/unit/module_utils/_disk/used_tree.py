# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a baked and used machine holds: what sealing takes away and what stays."""

from __future__ import annotations

LEFT = {  # what a baked and used machine holds, by the entry that takes it
    "machine-id": "etc/machine-id",
    "host-keys": "etc/ssh/ssh_host_ed25519_key",
    "journal": "var/log/journal/abc/system.journal",
    "logs": "var/log/nginx/access.log",
    "apt": "var/lib/apt/lists/mirror.example_dists_trixie_InRelease",
    "histories": "home/op/.bash_history",
    "controller": "root/.ansible/tmp/x",
    "docker-identity": "var/lib/docker/engine-id",
    "docker-network": "var/lib/docker/network/files/local-kv.db",
    "secrets": "etc/yitiji/secrets/engine-key",
    "appliance-state": "var/lib/yitiji/open-webui/webui.db",
    "appliance-units": "etc/systemd/system/yitiji-vllm.service",
    "timers": "var/lib/systemd/timers/stamp-apt.timer",
    "leases": "var/lib/dhcp/dhclient.leases",
    "random-seed": "var/lib/systemd/random-seed",
    "account-backups": "etc/passwd-",
    "grubenv": "boot/grub/grubenv",
    "build": "etc/yitiji/bake.json",
    "network": "etc/systemd/network/10-yitiji-bake.network",
    "people": "root/.docker/config.json",
    "weights-stamp": "srv/models/deepseek-ai/m/.yitiji-verified.json",
    "temporary": "var/tmp/x",
    "apt-sources-others": "etc/apt/sources.list.d/site.sources",
    "caches": "var/cache/ldconfig/aux-cache",
}


STAYS = [
    "etc/passwd",
    "var/lib/docker/overlay2/l/A",
    "usr/bin/tool",
    "etc/yitiji/first-boot.json",
    "srv/models/m/w.gguf",
]
