#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_check
short_description: Searches a disk image for what must not be in it
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Reads every byte of the disk image without booting or mounting it, and looks for values (the identity of the machine
    that was baked, secrets, names and addresses of the build site) and for private keys.
  - Also writes the list of what the tree holds, by which two bakes are compared.
options:
  images:
    description: The disk images.
    type: list
    elements: path
    required: true
  values:
    description: Values that must not be found, each under a name that may be printed.
    type: dict
    default: {}
  values_file:
    description: A file with further ones, as M(yitiji.deepseek.disk_seal) keeps it.
    type: path
    default: ""
  published:
    description: SHA-256 of private keys that programs publish with their sources. The action plugin sets it.
    type: list
    elements: str
    default: []
  tree:
    description: The tree, for the list of what it holds.
    type: path
    default: ""
  manifest:
    description: Where the list is written.
    type: path
    default: ""
  timeout:
    description: Time limit in seconds.
    type: int
    default: 21600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
  - yitiji.deepseek.catalog
attributes:
  check_mode:
    support: full
    details: Says that it would search.
"""

EXAMPLES = r"""
- name: Look for the build site in the disk image
  yitiji.deepseek.disk_check:
    images: [/var/lib/bake/appliance.raw]
    values: {build host: builder.example}
"""

RETURN = r"""
looked_for:
  description: The names of what was looked for.
  type: list
  elements: str
  returned: success
  sample: [build host, etc/machine-id, private key]
bytes:
  description: Bytes of the disk images.
  type: int
  returned: success
  sample: 3221225472
found:
  description: What was found, and at which byte of which disk image; never the value.
  type: list
  elements: str
  returned: failure
  sample: ["appliance.raw: build host at byte 104857600"]
"""

import json
import os
from typing import Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import sbom as manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.scan import scan
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter

SHOWN = 20


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "path", "required": True},
            "values": {"type": "dict", "default": {}, "no_log": True},
            "values_file": {"type": "path", "default": ""},
            "published": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "catalog_dirs": {"type": "list", "elements": "path", "default": []},
            "tree": {"type": "path", "default": ""},
            "manifest": {"type": "path", "default": ""},
            "timeout": {"type": "int", "default": 21600},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    p = module.params
    if module.check_mode:
        module.exit_json(changed=True, looked_for=[], bytes=0)
    wanted: Dict[str, str] = {str(k): str(v) for k, v in p["values"].items() if len(str(v)) >= 6}
    wanted.update(json.loads(read_text(p["values_file"]) or "{}") if p["values_file"] else {})
    found: List[str] = []
    for image in p["images"]:
        report = Reporter(p["progress"], os.path.basename(image))
        try:
            hits = scan(image, wanted, report.bytes, p["published"])
        except OSError as error:
            fail(module, Refusal("LLM942", path=image, why=error.strerror or error))
        found += [f"{os.path.basename(image)}: {hit.what} at byte {hit.offset} {hit.digest}".rstrip() for hit in hits]
    if found:
        rest = [say("and more", number=len(found) - SHOWN)] if len(found) > SHOWN else []
        fail(module, Refusal("LLM955", found=[*found[:SHOWN], *rest]), found=found)
    if p["manifest"]:
        write_atomic(p["manifest"], manifest.text(manifest.describe(p["tree"])), 0o644)
    sizes = sum(os.path.getsize(image) for image in p["images"])
    module.exit_json(changed=bool(p["manifest"]), looked_for=[*sorted(wanted), "private key"], bytes=sizes)


if __name__ == "__main__":
    main()
