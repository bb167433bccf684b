# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small bundle: its manifest, what it holds, the node it is for, licences."""

from __future__ import annotations

import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core

CONTENTS = {
    "apt/x/nginx_1.2+b~c_amd64.deb": b"package",
    "models/a/b/config.json": b"{}",
    "models/a/b/sub/weights.dat": b"w" + os.urandom(299999),
    "models/a/b2/config.json": b"[]",
}


BOOKWORM = {"distribution": "debian", "release": "bookworm", "version": "12", "architecture": "amd64"}


OWN = {"name": "os", "url": "http://m/9/BaseOS/$basearch/os/", "key_url": "http://m/KEY", "fingerprints": ["A" * 40]}
VENDOR = {"name": "vendor", "url": "http://v/rhel/9/", "key_url": "http://v/KEY", "fingerprints": ["B" * 40]}
ROCKY = {"distribution": "rocky", "release": "rocky-9", "version": "9", "architecture": "amd64", "manager": "dnf",
         "platform": "platform:el9", "repositories": [OWN]}  # fmt: skip


FILES = (
    core.File("apt/bookworm-amd64/nginx_1.22_amd64.deb", 5, "a" * 64, "package", "nginx", "1.22", "BSD-2-Clause", "http://m/x"),
    core.File("models/a/b/配置 1.json", 7, "b" * 64, "weights", "a/b", "master"),
)  # fmt: skip


HOLDS = {"images": [{"key": "vllm-cpu", "ref": "x/vllm:1", "id": "sha256:1", "path": "images/a.tar"}],
         "models": [{"model": "a/b", "revision": "master"}], "downloads": []}  # fmt: skip


BUNDLE = core.Bundle("2026-01-01T00:00:00Z", "1.0.0-rc.1", (BOOKWORM,), HOLDS, FILES)


NODE = {"distribution": "Debian", "release": "bookworm", "version": "12", "architecture": "x86_64"}


LICENCES = {
    "nv": {"title": {"en": "NV", "zh": "NV"}, "url": "u", "consent": True, "packages": ["nvidia-[!c]*"]},
    "mit": {"title": {"en": "MIT", "zh": "MIT"}, "url": "u", "models": ["a/*"], "spdx": "MIT"},
}  # fmt: skip
