#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ollama_load
short_description: Loads a model in Ollama and checks where it is placed
version_added: 1.0.0
description:
  - Ollama loads a model with the first question, and silently falls back to the CPU if it finds no card.
  - Loads the model, fails with LLM718 when the plan puts layers on cards and none is there, and on request asks a
    question nearly as long as the context, failing with LLM508 when Ollama cut it.
options:
  url:
    description: Address of Ollama.
    type: str
    default: http://127.0.0.1:11434
  name:
    description: The model.
    type: str
    required: true
  gpu_layers:
    description: Layers that the plan puts on cards.
    type: int
    default: 0
  context:
    description: The context that a question must fit; 0 does not try.
    type: int
    default: 0
  timeout:
    description: Seconds that loading may take.
    type: int
    default: 1800
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Loads nothing, as the service may not be there yet.
  diff_mode:
    support: none
    details: Nothing on the disk is changed.
"""

EXAMPLES = r"""
- name: Load the model
  yitiji.deepseek.ollama_load:
    name: deepseek-r1-7b
    gpu_layers: 29
"""

RETURN = r"""
size:
  description: Bytes of the loaded model.
  returned: when loaded
  type: int
  sample: 6134272
size_vram:
  description: Bytes of it on cards.
  returned: when loaded
  type: int
  sample: 0
tokens:
  description: Tokens of the long question that were read.
  returned: when I(context) is given
  type: int
  sample: 1843
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ollama as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "default": "http://127.0.0.1:11434"},
            "name": {"type": "str", "required": True},
            "gpu_layers": {"type": "int", "default": 0},
            "context": {"type": "int", "default": 0},
            "timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False)
    client = Client(params["url"], params["timeout"])
    try:
        found = core.load(client, params["name"])
        core.placed(found, params["gpu_layers"])
        if params["context"]:
            found["tokens"] = core.whole_context(client, params["name"], params["context"])
    except Refusal as refusal:
        fail(module, refusal)
    except Unanswered as error:
        fail(module, core.failed(params["name"], error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
