#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_server
short_description: Serve an offline bundle to the nodes during a run
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Serves the files of a checked bundle, and its models by ModelScope's protocol, over HTTP to the given nodes and
    nobody else.
  - Ends by itself when the run of ansible-playbook that started it is over, however it ended.
  - Only what the bundle's manifest lists is served.
options:
  path:
    description: Folder of the bundle. Required with O(state=started).
    type: path
  addresses:
    description:
      - Addresses of this machine on which to listen, as the nodes see it. When one is not this machine's own, it
        listens on all, still for O(allow) alone.
    type: list
    elements: str
    default: []
  port:
    description: TCP port to listen on.
    type: int
    default: 8812
  allow:
    description: Addresses of the nodes. Required with O(state=started).
    type: list
    elements: str
    default: []
  state:
    description: Whether it should serve. A server that this run has already started is replaced.
    type: str
    choices: [started, stopped]
    default: started
  run:
    description: Process that the server outlives by no more than a second. Set by the action plugin.
    type: int
    default: 0
  word:
    description: Word by which the server can be told to stop. Set by the action plugin.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Serves in check mode too, as the checks ask for what would be fetched. That changes nothing.
  action:
    details: Tells the module which run the server belongs to.
"""

EXAMPLES = r"""
- name: Serve the bundle
  yitiji.deepseek.bundle_server:
    path: /media/usb/bundle
    addresses: [10.0.0.5]
    allow: [10.0.0.11, 10.0.0.12]
  delegate_to: localhost
"""

RETURN = r"""
bases:
  description: Where it listens.
  returned: with O(state=started)
  type: list
  elements: str
  sample: ["http://10.0.0.5:8812"]
"""

import http.client
import os
import socket
import time
from typing import Any, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import server as hub
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.check import load

WAIT = 5.0


def stop(addresses: List[str], port: int, word: str) -> None:
    """Ask the server of this run to end; one of another run does not know the word."""
    for address in [*addresses, "127.0.0.1"]:
        connection = http.client.HTTPConnection(address, port, timeout=3)
        try:
            connection.request("POST", "/stop/" + word, headers={"Content-Length": "0"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    until = time.monotonic() + WAIT
    while time.monotonic() < until and any(taken(address, port) for address in addresses):
        time.sleep(0.1)


def taken(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), 0.5):
            return True
    except OSError:
        return False


def start(params: Any) -> List[hub.Server]:
    shelf = hub.Shelf(load(os.path.abspath(params["path"])), os.path.abspath(params["path"]))
    try:
        servers, over = hub.listen(shelf, params["addresses"], params["port"], params["allow"], params["word"])
    except OSError as error:
        raise Refusal(
            "LLM928", port=params["port"], addresses=params["addresses"], said=error.strerror or error
        ) from error
    begun = hub.start_of(params["run"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.chdir("/")
        hub.serve(servers, over, params["run"], begun)
        os._exit(0)
    return servers


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "port": {"type": "int", "default": 8812},
            "allow": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "run": {"type": "int", "default": 0},
            "word": {"type": "str", "default": "", "no_log": False},
        },
        supports_check_mode=True,
        required_if=[("state", "started", ["path", "addresses", "allow", "run"])],
    )
    params = module.params
    if params["word"]:
        stop(params["addresses"], params["port"], params["word"])
    bases = []
    try:
        if params["state"] == "started":
            bases = [f"http://{row.server_name}:{row.server_port}" for row in start(params)]
    except Refusal as refusal:
        fail(module, refusal)
    module.exit_json(changed=False, bases=bases)


if __name__ == "__main__":
    main()
