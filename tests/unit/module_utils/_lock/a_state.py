# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the planner makes it, and the state that is locked of it."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import state as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish

from tests.sizing.common import declared, load_catalog

VERSION = "1.2.3"
A, B, C = ("sha256:" + letter * 64 for letter in "abc")
FILES = [
    {"path": "config.json", "size": 700, "sha256": "1" * 64},
    {"path": "model.safetensors", "size": 9000, "sha256": "2" * 64},
]
NODES = {"n1": {"system": "debian 12 x86_64", "packages": {"docker.io": "20.10.24", "nginx": "1.22.1-9"}}}


def plan(files=FILES, **wish):
    """As site.yml makes it; without files as plan.yml and bundle.yml do."""
    info = {"files": files, "bytes_total": sum(row["size"] for row in files)} if files else {}
    asked = {"deployment": "demo", "profile": "basic", "nodes": declared("rtx-4090-24g", 2), "model_info": info, **wish}
    return make_plan(read_wish(asked, load_catalog()), load_catalog())


def images(made, digest=A, identity=B):
    return {image["ref"]: {"ref": image["ref"], "digest": digest, "id": identity} for image in made["images"]}


def locked(made=None):
    """What is locked of a deployment whose images were found in a registry."""
    made = made or plan()
    return core.complete(core.pin(made, images(made)), VERSION, NODES, {"ansible-core": "2.19.14"})
