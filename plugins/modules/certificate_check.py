#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_check
short_description: Refuse a certificate on the node that could not be served
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Fails with LLM811 when a file is missing, is not PEM, does not belong to its key, has a key with a password, or is
    no longer valid. It needs nothing but Python on the node, so it works before anything is installed.
options:
  certificate:
    description: A certificate with its chain. Empty checks none.
    type: str
    default: ""
  key:
    description: The key that belongs to it.
    type: str
    default: ""
  authority:
    description: Certificates of an authority. Empty checks none.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Look whether the site's certificate can serve
  yitiji.deepseek.certificate_check:
    certificate: /etc/ssl/site/chain.pem
    key: /etc/ssl/site/key.pem
"""

RETURN = r"""
rule:
  description: The id of the rule that refuses it.
  type: str
  returned: failure
  sample: LLM811
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import certificate as core


@framed
def main() -> None:
    text = {"type": "str", "default": ""}
    module = AnsibleModule(
        argument_spec={"certificate": text, "key": {**text, "no_log": False}, "authority": text},
        supports_check_mode=True,
    )
    found = core.problems(module.params["certificate"], module.params["key"], module.params["authority"], time.time())
    if found:
        fail(module, found[0], msg="\n".join(refusal.message() for refusal in found))
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
