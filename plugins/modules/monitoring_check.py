#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_check
short_description: Waits until Prometheus reaches every target
version_added: 1.0.0
description:
  - Asks Prometheus for its targets until all are up, for a limited time.
  - Names those that are not, with Prometheus' own reason.
options:
  url:
    description: Address of Prometheus.
    type: str
    default: http://127.0.0.1:9090
  jobs:
    description: Jobs that must have at least one target.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds to wait at most.
    type: int
    default: 90
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
"""

EXAMPLES = r"""
- name: Wait until everything is monitored
  yitiji.deepseek.monitoring_check:
    jobs: [node, vllm]
"""

RETURN = r"""
waited:
  description: Seconds until all were up.
  returned: success
  type: float
  sample: 15.2
"""

import json
import time
import urllib.request

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring.config import unready


def look(url, jobs):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "/api/v1/targets?state=active", timeout=10) as answer:
            return unready(json.loads(answer.read().decode("utf-8")), jobs)
    except (OSError, ValueError, KeyError) as error:
        return [f"prometheus {url}: {error}"]


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "default": "http://127.0.0.1:9090"},
            "jobs": {"type": "list", "elements": "str", "required": True},
            "timeout": {"type": "int", "default": 90},
        },
        supports_check_mode=True,
    )
    url, jobs, timeout = (module.params[key] for key in ("url", "jobs", "timeout"))
    begin = time.monotonic()
    while True:
        missing = look(url, jobs)
        waited = time.monotonic() - begin
        if not missing:
            module.exit_json(changed=False, waited=round(waited, 1))
        if waited >= timeout:
            fail(module, Refusal("LLM901", seconds=timeout, missing=missing))
        time.sleep(1)


if __name__ == "__main__":
    main()
