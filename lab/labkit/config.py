# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, paths and constants of a lab. Two labs differ by name (YITIJI_LAB) and share the cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("YITIJI_LAB_DIR", "/var/cache/yitiji-lab"))

# Inside the namespace, so every lab may use the same addresses: nothing of it is visible on the host.
SUBNET = "10.77.0"
GATEWAY = f"{SUBNET}.1"
HUB_PORT = 8801
RPM_PORT = 8802
DNS = "10.0.2.3"  # slirp4netns' own forwarder: works also where the host's resolver is on loopback
MTU = 1400  # fits below every uplink seen; containers inherit it

SUITES = ("bookworm", "trixie")  # Debian 12 and 13
STORE_SIZE = "60G"  # sparse
NEEDED_FREE_GIB = 20  # measured: store 8, images 7, build trees 4


@dataclass(frozen=True)
class Lab:
    """One lab: its namespace, its run directory and the shared cache."""

    name: str = os.environ.get("YITIJI_LAB", "lab")
    cache: Path = CACHE

    @property
    def netns(self) -> str:
        return f"yitiji-{self.name}"

    @property
    def netns_path(self) -> Path:
        return Path("/run/netns") / self.netns

    @property
    def run(self) -> Path:
        return self.cache / "run" / self.name

    @property
    def store_image(self) -> Path:
        return self.cache / "store.btrfs"

    @property
    def store(self) -> Path:
        return self.cache / "store"

    @property
    def key(self) -> Path:
        return self.cache / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.run / "known_hosts"

    @property
    def images(self) -> Path:
        return self.cache / "images"

    @property
    def models(self) -> Path:
        return self.cache / "models"

    @property
    def vms(self) -> Path:
        return self.cache / "vms"

    def of_node(self, name: str, kind: str) -> Path:
        return self.run / "nodes" / f"{name}.{kind}"
