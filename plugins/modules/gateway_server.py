#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_server
short_description: Takes one copy of an engine out of the gateway, and puts it back
version_added: 1.0.0
description:
  - Marks the copy as down in nginx's site, so that new requests go to the others, and waits until those that it works
    on have ended. What a run that died left marked is put back with the next one, by this module or the role gateway.
  - Does nothing where nginx is not there or does not know the copy.
options:
  url:
    description: Base address of the copy on the node.
    type: str
    required: true
  state:
    description: Whether all copies get requests (V(in)), or all but this one (V(out)).
    type: str
    choices: [in, out]
    default: in
  timeout:
    description: Seconds to wait at most with I(state=out) for requests to end. The rest is cut off when the copy stops.
    type: int
    default: 300
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Let the second copy finish what it works on
  yitiji.deepseek.gateway_server:
    url: http://127.0.0.1:8001
    state: out
"""

RETURN = r"""
left:
  description: Connections that had not ended in time.
  returned: always
  type: int
  sample: 0
seconds:
  description: Seconds waited.
  returned: always
  type: float
  sample: 12.4
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import roll as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run, stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


def load(site: str, before: str, wanted: str) -> None:
    """Puts the text in force; one that nginx does not take is put back."""
    mode = Path(site).stat().st_mode & 0o777
    write_atomic(site, wanted, mode)
    test = run(["nginx", "-t"], 90)
    if test.returncode != 0:
        write_atomic(site, before, mode)
        raise Refusal("LLM143", name="nginx", command="nginx -t", said=test.stderr.strip() or test.returncode)
    done = run(["systemctl", "--quiet", "reload", "nginx"], 90)
    if done.returncode != 0:
        raise Refusal("LLM142", unit="nginx", verb="reload", said=done.stderr.strip() or done.returncode)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["in", "out"], "default": "in"},
            "timeout": {"type": "int", "default": 300},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    server, out = params["url"].split("//", 1)[-1].rstrip("/"), params["state"] == "out"
    site = core.site_of(stream(["nginx", "-T"], 90, lambda line: None)[1], server)
    before = read_text(site) if site else ""
    if not site:
        module.exit_json(changed=False, left=0, seconds=0.0)
    wanted = core.without(before, server) if out else core.back(before)
    if module.check_mode:
        module.exit_json(changed=out or wanted != before, left=0, seconds=0.0)
    if wanted != before:
        load(site, before, wanted)
    left, waited = 0, 0.0
    if out:
        report = Reporter(params["progress"], server)
        left, waited = core.let_end(
            lambda: core.connections(read_text("/proc/net/tcp") + read_text("/proc/net/tcp6"), server),
            params["timeout"],
            lambda count: report.text(f"{count} requests still run"),
            lambda: time.sleep(1),
            time.monotonic,
        )
    module.exit_json(changed=wanted != before, left=left, seconds=round(waited, 1))


if __name__ == "__main__":
    main()
