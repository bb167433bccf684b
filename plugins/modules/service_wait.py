#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_wait
short_description: Waits until a service of the appliance answers
version_added: 1.0.0
description:
  - Waits for a limited time until the service answers over HTTP on the node and lists the model it should serve.
  - Fails at once when waiting is useless, that is, the unit failed, its condition is not met (LLM330), or it keeps
    exiting (LLM312); and with LLM505 when time is up. The newest log lines are part of the message.
options:
  unit:
    description: Name of the unit without C(.service).
    type: str
    required: true
  url:
    description: Base address of the service on the node.
    type: str
    required: true
  health:
    description: Path that answers 200 when the service is alive.
    type: str
    default: /health
  models:
    description: Path that lists models. Empty where the health check is enough.
    type: str
    default: ""
  model:
    description: The model that must be listed.
    type: str
    default: ""
  key_file:
    description: File on the node with the key to send.
    type: path
  email:
    description: Address to sign in with (Open WebUI) before the models are read.
    type: str
    default: ""
  password_file:
    description: File on the node with the password for I(email).
    type: path
  stamp:
    description: File that the unit needs, for the message when it is missing.
    type: str
    default: ""
  timeout:
    description: Seconds to wait at most.
    type: int
    default: 600
  variable:
    description: Name of the variable that sets I(timeout), for the message.
    type: str
    default: timeout
  ended:
    description:
      - What comes of a service that failed or keeps exiting.
      - With V(tell), the status is V(ended) and the refusal is part of the result, and a playbook can look into it.
    type: str
    choices: [fail, tell]
    default: fail
  look:
    description: Only look once, and return C(waiting) where the service is not ready. Used by the action plugin.
    type: bool
    default: false
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Does not wait, as nothing was started.
  action:
    details: Runs the module in the background and shows what is missing and the newest line of the log.
"""

EXAMPLES = r"""
- name: Wait for the engine
  yitiji.deepseek.service_wait:
    unit: yitiji-vllm
    url: http://127.0.0.1:8000
    models: /v1/models
    model: deepseek-r1-7b
    key_file: /etc/yitiji/secrets/engine-key
    timeout: "{{ appliance_plan.start.timeout_seconds }}"
"""

RETURN = r"""
status:
  description: C(ready), C(waiting) after a single look, C(ended) with I(ended=tell), or C(skipped) in check mode.
  returned: always
  type: str
  sample: ready
seconds:
  description: Seconds waited.
  returned: always
  type: float
  sample: 36.1
line:
  description: The newest log line.
  returned: always
  type: str
  sample: "INFO: Application startup complete."
missing:
  description: What was still missing.
  returned: always
  type: str
  sample: ""
refusal:
  description: Why it is not waited for any longer.
  returned: with the status C(ended)
  type: dict
  sample: {rule: LLM312, host: gpu01}
evidence:
  description: The newest lines of its log.
  returned: with the status C(ended)
  type: list
  elements: str
  sample: []
restarts:
  description: How often systemd restarted the unit so far.
  returned: always
  type: int
  sample: 0
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import wait as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify.service import Service, Wanted


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "unit": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "health": {"type": "str", "default": "/health"},
            "models": {"type": "str", "default": ""},
            "model": {"type": "str", "default": ""},
            "key_file": {"type": "path", "no_log": False},
            "email": {"type": "str", "default": ""},
            "password_file": {"type": "path", "no_log": False},
            "stamp": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 600},
            "variable": {"type": "str", "default": "timeout"},
            "ended": {"type": "str", "choices": ["fail", "tell"], "default": "fail"},
            "look": {"type": "bool", "default": False},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False, status="skipped", seconds=0.0, line="", missing="", restarts=0)
    unit, began = params["unit"], time.monotonic()

    service = Service(Wanted(**{name: params[name] for name in Wanted._fields}))
    seconds = 0 if params["look"] else params["timeout"]
    report = Reporter(params["progress"], unit)
    answer = core.watch(
        service.look, unit, seconds, service.restarts, params["stamp"], lambda seen: report.text(core.told(seen))
    )
    if answer.status == "waiting" and not params["look"]:
        answer = answer._replace(refusal=core.too_late(unit, answer.seen, params["timeout"], params["variable"]))
    result = {
        "changed": False,
        "status": answer.status,
        "seconds": round(time.monotonic() - began, 1),
        "line": answer.seen.log[-1] if answer.seen.log else "",
        "missing": answer.seen.missing or "",
        "restarts": answer.seen.state.restarts,
    }
    if answer.refusal is not None:
        answer.refusal.evidence = core.evidence(answer)
        if params["ended"] == "tell" and core.ended(answer, service.restarts):
            told = {"refusal": answer.refusal.as_dict(), "evidence": answer.refusal.evidence}
            module.exit_json(**{**result, **told, "status": "ended"})
        fail(module, answer.refusal, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
