#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: unpacked_release
short_description: Unpacks a pinned tarball, completely or not at all
version_added: 1.0.0
description:
  - Fetches a tarball (gzip, zstd or plain), checks its sha256, unpacks it next to the target and renames the folder.
  - A folder that was unpacked from that sha256 is left alone. Refuses other content with LLM709.
options:
  source:
    description: Address (http, https), or a path on the node.
    type: str
    required: true
  sha256:
    description: Digest of the tarball.
    type: str
    required: true
  dest:
    description: Folder that the tarball becomes.
    type: path
    required: true
  programs:
    description: Programs that must be in it.
    type: list
    elements: str
    default: []
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says whether it would be unpacked; nothing is fetched.
  diff_mode:
    support: full
    details: Shows the digest before and after.
"""

EXAMPLES = r"""
- name: Unpack Ollama
  yitiji.deepseek.unpacked_release:
    source: https://files.example/ollama-linux-amd64.tar.zst
    sha256: ed1e39fe8fea90bd7f4c723bd949a2cea3153e111220ec0a183ea5b8dc8b2cae
    dest: /opt/yitiji/ollama/0.32.7
    programs: [bin/ollama]
"""

RETURN = r"""
dest:
  description: The folder.
  returned: always
  type: str
  sample: /opt/yitiji/ollama/0.32.7
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import release as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "str", "required": True},
            "sha256": {"type": "str", "required": True},
            "dest": {"type": "path", "required": True},
            "programs": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    dest, sha256 = params["dest"], params["sha256"].lower()
    changed = not core.is_there(dest, sha256)
    diff = {
        "before": read_text(os.path.join(dest, core.MARK)) if changed else "",
        "after": sha256 + "\n" if changed else "",
    }
    if changed and not module.check_mode:
        try:
            core.unpack(params["source"], sha256, dest, params["programs"])
        except Refusal as refusal:
            fail(module, refusal)
    module.exit_json(changed=changed, dest=dest, diff=diff)


if __name__ == "__main__":
    main()
