#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_image
short_description: Ensures that a container image is on the node
version_added: 1.0.0
description:
  - An image is identified by its I(id), which pins its configuration and layers, or by its I(digest) in a registry.
    Docker's own image store and containerd's know it by different digests; both are worked out from the archive, and
    either is accepted.
  - Looks into the archives first and streams the one that holds the image into C(docker load). An archive with
    another image of that name is refused before (LLM360); what turns out to be another one is removed again (LLM311).
  - Otherwise asks the registry (through Docker's mirrors and proxy, with the login and the authorities of
    M(yitiji.deepseek.registry_access)) whether it has the image, then pulls it. Nothing is pulled if the image is not
    there (LLM302), does not fit on the disk (LLM321), or needs a newer driver (LLM209).
  - In a deployment of several nodes one brings it from outside and gives its archive to the others (O(save),
    O(neighbour)).
  - Needs nothing on the node but Docker's own command line.
options:
  ref:
    description: The image's name with its tag.
    type: str
    required: true
  id:
    description: The digest of the image's configuration, or of its manifest (C(sha256:…)); C(docker images) shows one.
    type: str
    default: ""
  digest:
    description: The digest of the image's manifest in the registry (C(sha256:…)).
    type: str
    default: ""
  archives:
    description: Archives made with C(docker save). Each is a dictionary with C(url), or C(path) on the node.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: Address, http or https.
        type: str
      path:
        description: Path on the node.
        type: path
  timeout:
    description: Seconds that loading or pulling may take.
    type: int
    default: 3600
  mirrors:
    description: Mirrors of Docker Hub to ask where no Docker is there yet to say them.
    type: list
    elements: str
    default: []
  locked:
    description: >-
      Whether O(digest) is locked (docs/lock.md). A registry whose tag has another digest by now is refused (LLM595).
    type: bool
    default: false
  renew:
    description: >-
      In check mode, whether a name without O(id) and O(digest) is resolved anew, though such an image is on the node.
    type: bool
    default: false
  config:
    description: Folder with the C(config.json) that holds the logins; root's own is looked at after it.
    type: path
    default: /etc/yitiji/docker
  neighbour:
    description:
      - Another node of the deployment that has this image and serves its archive, asked before O(archives) and
        registry. Where the image can't be taken from it, a warning says so (LLM334), and those are asked as on a node
        alone. In check mode it is not asked, as it serves only during the run.
    type: dict
    suboptions:
      url:
        description: Address of the archive, https.
        type: str
        required: true
      id:
        description: The id that the image has on that node. Another one is refused, and removed again (LLM311).
        type: str
        required: true
      identity:
        description: File with this node's key and certificate, by which the other one knows it.
        type: path
        required: true
      peers:
        description: File with the certificates of the nodes that are believed.
        type: path
        required: true
  save:
    description:
      - Path of an archive that is written for other nodes, once the image is on this one. Where there is no room for
        it, a warning says so (LLM333).
    type: path
  dry_run:
    description: Do as in check mode. The action plugin uses it to know whether there is work worth watching.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Says what would be loaded from where. Registries and archives are asked, nothing is fetched.
  diff_mode:
    support: full
    details: Shows the image before and after.
"""

EXAMPLES = r"""
- name: Load an image by id from an archive
  yitiji.deepseek.container_image:
    ref: registry.example/vllm:0.32.0
    id: sha256:4e1c…
    archives:
      - url: http://files.example/images.tar

- name: Pull by digest
  yitiji.deepseek.container_image:
    ref: vllm/vllm-openai:v0.32.0
    digest: sha256:9f0b…
"""

RETURN = r"""
id:
  description: The image's id on this node; empty in check mode when it is not there yet.
  returned: always
  type: str
  sample: sha256:4e1c…
digest:
  description: The manifest's digest in the registry, as far as it is known.
  returned: always
  type: str
  sample: sha256:9f0b…
command:
  description: Entrypoint and command of the image.
  returned: always
  type: list
  elements: str
  sample: [vllm, serve]
source:
  description: Where it came from, or would; C(node) when it was there already.
  returned: always
  type: str
  sample: http://files.example/images.tar
bytes:
  description: Bytes read from the archive.
  returned: always
  type: int
  sample: 3200000000
seconds:
  description: Seconds spent.
  returned: always
  type: float
  sample: 51.2
download_bytes:
  description: Size of the image in the registry, compressed; 0 when it does not come from one, or the size is unknown.
  returned: always
  type: int
  sample: 9871234567
saved:
  description: Whether O(save) was written; in check mode, whether it was asked for.
  returned: always
  type: bool
  sample: false
pinned:
  description: Whether an id or digest was given.
  returned: always
  type: bool
  sample: true
"""

import time
from typing import List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import engine as engine_
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.bring import (
    Brought,
    Neighbour,
    Settings,
    bring,
    digest_here,
    known,
    meant,
    take_or_bring,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.handover import save
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.nvidia import read_smi
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import brought
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter

NO_DOCKER = Refusal("LLM329")


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "ref": {"type": "str", "required": True},
            "id": {"type": "str", "default": ""},
            "digest": {"type": "str", "default": ""},
            "archives": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"url": {"type": "str"}, "path": {"type": "path"}},
            },
            "timeout": {"type": "int", "default": 3600},
            "mirrors": {"type": "list", "elements": "str", "default": []},
            "locked": {"type": "bool", "default": False},
            "renew": {"type": "bool", "default": False},
            "config": {"type": "path", "default": "/etc/yitiji/docker"},
            "neighbour": {
                "type": "dict",
                "options": {
                    "url": {"type": "str", "required": True},
                    "id": {"type": "str", "required": True},
                    "identity": {"type": "path", "required": True},
                    "peers": {"type": "path", "required": True},
                },
            },
            "save": {"type": "path"},
            "dry_run": {"type": "bool", "default": False},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params, began = module.params, time.monotonic()
    archives: List[str] = [str(a.get("url") or a.get("path")) for a in params["archives"]]
    image = core.Image(params["ref"], params["id"] or "", params["digest"] or "")
    pinned = bool(image.id or image.digest)
    image = core.resolve(image, archives)
    engine = engine_.read()
    looking = module.check_mode or params["dry_run"]
    there = Brought("node")
    try:
        if not engine["running"]:
            engine["registry_mirrors"] = params["mirrors"]
        if looking and params["renew"] and not (image.id or image.digest):
            image = meant(image, engine, params["config"])
        if engine["running"]:
            there = there._replace(found=known(image, engine))
        elif not module.check_mode:
            raise NO_DOCKER
        settings = Settings(archives, params["timeout"], params["config"], looking, locked=params["locked"])
        report = Reporter(params["progress"], image.ref)
        if there.found is None and params["neighbour"]:
            offered = Neighbour(**params["neighbour"])
            there = (
                Brought(offered.url)
                if looking
                else take_or_bring(image, engine, settings, report, offered, lambda: read_smi(Host()), module.warn)
            )
        elif there.found is None and engine["running"]:
            there = bring(image, engine, settings, report, lambda: read_smi(Host()))
            if looking and not pinned and there.source == image.ref:
                image = meant(image, engine, params["config"])
        elif there.found is None:
            # A bare host has no engine that says how to ask: a registry that does not answer is no refusal yet.
            chosen = core.choose(image, archives)
            if not chosen and (params["locked"] or not pinned):
                image = meant(image, engine, params["config"], params["locked"])
            there = Brought(chosen.source if chosen else "unknown until Docker is there")
    except Refusal as refusal:
        fail(module, refusal)
    if not (image.id or image.digest):
        module.warn(Refusal("LLM313", image=image.ref).message())
    found, changed = there.found or {}, there.source != "node" or bool(params["save"])
    if there.new:
        brought.note({*brought.ids(), *there.new})
    saved = bool(params["save"])
    if saved and not looking:
        try:
            left = max(60.0, params["timeout"] - (time.monotonic() - began))
            archive = Reporter(params["progress"], f"archive of {image.ref}")
            save(engine, found, image.ref, params["save"], left, archive.bytes)
        except Refusal as refusal:  # the others bring it by themselves then
            saved = False
            module.warn(refusal.message())
    module.exit_json(
        changed=changed,
        id=str(found.get("Id") or image.id),
        digest=digest_here(image, found),
        command=core.command(found),
        source=there.source,
        bytes=there.bytes,
        download_bytes=there.download,
        seconds=round(time.monotonic() - began, 1),
        pinned=pinned,
        saved=saved,
        diff={"before": "" if there.source != "node" else image.pinned_name + "\n", "after": image.pinned_name + "\n"},
    )


if __name__ == "__main__":
    main()
