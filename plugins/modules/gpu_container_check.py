#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gpu_container_check
short_description: Checks that a container sees the NVIDIA cards and does not lose them
version_added: 1.0.0
description:
  - Runs nvidia-smi in a short-lived container, reloads systemd while it runs, and asks again.
  - Fails when it does not see every card (LLM308), or loses them at the reload (LLM303).
  - C(nvidia-smi) comes from the host's driver, so any image with a shell does.
options:
  image:
    description: An image that is on the node.
    type: str
    required: true
  mode:
    description: How the container gets the cards.
    type: str
    choices: [cdi, runtime]
    required: true
  cards:
    description: Number of cards that the container must see.
    type: int
    default: 1
  timeout:
    description: Seconds for the container.
    type: int
    default: 60
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: none
    details: Nothing is run.
"""

EXAMPLES = r"""
- name: A container sees both cards
  yitiji.deepseek.gpu_container_check:
    image: registry.example/vllm:0.32.0
    mode: cdi
    cards: 2
"""

RETURN = r"""
cards:
  description: Cards that the container saw before and after the reload.
  returned: success
  type: dict
  sample: {before: 2, after: 2}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import gpus as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.engine import find_docker
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

NAME = "yitiji-gpu-check"


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "image": {"type": "str", "required": True},
            "mode": {"type": "str", "choices": ["cdi", "runtime"], "required": True},
            "cards": {"type": "int", "default": 1},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=False,
    )
    params = module.params
    docker = find_docker() or "docker"
    run([docker, "rm", "--force", NAME], 30)
    try:
        words = core.check_command(docker, params["image"], params["mode"], NAME)
        output, errors = core.watch(words, params["timeout"])
        found = core.seen(output)
        core.judge(found, params["cards"], errors or output, params["mode"])
    except Refusal as refusal:
        fail(module, refusal)
    except OSError as error:
        refusal = Refusal("LLM308", seen=0, cards=params["cards"], chosen=params["mode"], last=error)
        fail(module, refusal)
    finally:
        run([docker, "rm", "--force", NAME], 30)
    module.exit_json(changed=False, cards=found._asdict())


if __name__ == "__main__":
    main()
