#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_check
short_description: Checks from outside that a gateway's API is closed
version_added: 1.0.0
description:
  - Asks the API without a key and with a wrong one, and each route that must not be published; fails if one of them
    is not refused in OpenAI's format (LLM810). With a key, the model must be listed (LLM701).
options:
  url:
    description: Address of the gateway, without a path.
    type: str
    required: true
  ca:
    description: Certificate authority to trust, PEM text. Empty trusts the system's.
    type: str
    default: ""
  key:
    description: A team's key. Without one, the checks that need a key are skipped.
    type: str
    default: ""
  routes:
    description: Routes that must be refused, C(METHOD /path).
    type: list
    elements: str
    default: []
  model:
    description: The model that must be listed.
    type: str
    default: ""
  timeout:
    description: Seconds for each request.
    type: int
    default: 30
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Asks nothing, as the gateway may not be there yet.
"""

EXAMPLES = r"""
- name: Look whether the engine's own doors are shut
  yitiji.deepseek.gateway_check:
    url: https://10.0.0.11
    routes: [POST /pause, GET /metrics]
  delegate_to: localhost
"""

RETURN = r"""
refused:
  description: Number of requests that were refused, as they should be.
  returned: when asked
  type: int
  sample: 80
models:
  description: Models that the key opens.
  returned: when asked
  type: list
  elements: str
  sample: [deepseek-r1-7b]
skipped_because:
  description: Why nothing was asked.
  returned: in check mode
  type: str
  sample: check mode
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import gateway as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify.chat import unanswered


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "ca": {"type": "str", "default": ""},
            "key": {"type": "str", "default": "", "no_log": True},
            "routes": {"type": "list", "elements": "str", "default": []},
            "model": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False, skipped_because="check mode")
    try:
        client = api.Client(params["url"], params["timeout"], params["ca"])
        found = core.check(client, params["key"], params["routes"], params["model"])
    except Refusal as refusal:
        fail(module, refusal)
    except (api.Unanswered, OSError) as error:
        refusal = unanswered(params["url"], error)
        fail(module, refusal)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
