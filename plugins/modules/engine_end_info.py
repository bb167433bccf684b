#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_end_info
short_description: Reads whether engines on a node ended for lack of memory
version_added: 1.0.0
description:
  - Looks into the journal of each unit, at no more than its newest 4,000 lines since the unit's file was written, for
    the words with which vLLM, SGLang, LMDeploy and llama.cpp end where memory is short, and the numbers beside them.
  - Other ends (damaged weights, a wrong argument, a signal) are not told, nor is an engine that served before it ended.
options:
  units:
    description: Names of the units without C(.service).
    type: list
    elements: str
    required: true
author: The yitiji.deepseek engineers (@yitiji)
seealso:
  - module: yitiji.deepseek.serving_plan
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Read how the engines ended
  yitiji.deepseek.engine_end_info:
    units: [yitiji-vllm]
  register: ends
"""

RETURN = r"""
ended:
  description:
    - What was said, by unit; a unit that did not lack memory is left out. Sizes are GiB on one card.
    - C(kind) is V(load) (the weights do not fit), V(profile) (the first forward pass), V(graphs) (after the cache),
      V(free) (others hold the card), V(cache) (nothing is left for one) or V(context) (one request does not fit).
  returned: always
  type: dict
  sample: {yitiji-vllm: {kind: context, max_len: 32768, need_gib: 4.0, kv_gib: 3.1, longest: 25392, line: To serve}}
"""

from typing import List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.ended import of_unit
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run


def ask(words: List[str]) -> Tuple[int, str]:
    done = run(words, 60)
    return done.returncode, done.stdout


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={"units": {"type": "list", "elements": "str", "required": True}}, supports_check_mode=True
    )
    found = {unit: of_unit(ask, unit) for unit in module.params["units"]}
    module.exit_json(changed=False, ended={unit: said for unit, said in found.items() if said})


if __name__ == "__main__":
    main()
