#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: chat_check
short_description: Asks a model one question and checks the answer
version_added: 1.0.0
description:
  - Asks an OpenAI-compatible engine, or Open WebUI as a signed-in user, as users and their programs do.
  - With I(refused=true) it asks without a key instead, and fails unless the request is refused (LLM803).
options:
  url:
    description: Base address.
    type: str
    required: true
  kind:
    description: What answers there.
    type: str
    choices: [openai, open_webui]
    default: openai
  model:
    description: The model to ask. Empty takes the first one that is listed.
    type: str
    default: ""
  question:
    description: The question.
    type: str
    default: 你好，请用一句话介绍你自己。
  expect:
    description: Text that the answer must contain. Empty takes any answer that is not empty.
    type: str
    default: ""
  max_tokens:
    description: Longest answer, in tokens.
    type: int
    default: 64
  temperature:
    description: Sampling temperature.
    type: float
    default: 0.6
  key_file:
    description: File with the key, on the host that asks.
    type: path
  key:
    description: The key itself, where it is not in a file on the host that asks.
    type: str
    default: ""
  email:
    description: Address to sign in with (Open WebUI).
    type: str
    default: ""
  password:
    description: Password for I(email).
    type: str
    default: ""
  ca:
    description: Certificate authority to trust, PEM text. Empty trusts the system's.
    type: str
    default: ""
  timeout:
    description: Seconds for each request.
    type: int
    default: 120
  refused:
    description: Check that a request without a key is refused.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
    details: Asks nothing, as the service may not be there yet.
"""

EXAMPLES = r"""
- name: Ask through the chat page's API
  yitiji.deepseek.chat_check:
    url: https://10.0.0.11
    kind: open_webui
    email: admin@appliance.local
    password: "{{ password }}"
  no_log: true
"""

RETURN = r"""
answer:
  description: The answer, without the thinking.
  returned: when asked
  type: str
  sample: 我是 DeepSeek-R1。
thinking:
  description: The visible thinking.
  returned: when asked
  type: str
  sample: ""
model:
  description: The model that was asked.
  returned: when asked
  type: str
  sample: deepseek-r1-7b
models:
  description: Models that are listed.
  returned: when asked
  type: list
  elements: str
  sample: [deepseek-r1-7b]
seconds:
  description: Seconds until the answer.
  returned: always
  type: float
  sample: 0.8
skipped_because:
  description: Why nothing was asked.
  returned: in check mode
  type: str
  sample: check mode
"""

import time
from pathlib import Path
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import chat as core


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": ["openai", "open_webui"], "default": "openai"},
            "model": {"type": "str", "default": ""},
            "question": {"type": "str", "default": "你好，请用一句话介绍你自己。"},
            "expect": {"type": "str", "default": ""},
            "max_tokens": {"type": "int", "default": 64, "no_log": False},
            "temperature": {"type": "float", "default": 0.6},
            "key_file": {"type": "path", "no_log": False},
            "key": {"type": "str", "default": "", "no_log": True},
            "email": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "ca": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 120},
            "refused": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False, seconds=0.0, skipped_because="check mode")
    began = time.monotonic()
    try:
        client = api.Client(params["url"], params["timeout"], params["ca"])
        if params["refused"]:
            result: Dict[str, Any] = core.refused(client)
        else:
            if params["key_file"]:
                client.key = secrets.read(Path(params["key_file"])) or ""
            if params["key"]:
                client.key = params["key"]
            if params["email"]:
                client.sign_in(params["email"], params["password"])
            result = core.ask(client, params)
    except Refusal as refusal:
        fail(module, refusal)
    except (api.Unanswered, OSError) as error:
        refusal = core.unanswered(params["url"], error)
        fail(module, refusal)
    module.exit_json(changed=False, seconds=round(time.monotonic() - began, 2), **result)


if __name__ == "__main__":
    main()
