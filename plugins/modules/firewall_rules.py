#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_rules
short_description: Lets only what is named reach a node, and takes a wrong rule back by itself
version_added: 0.1.0
description:
  - Keeps one nftables table (C(inet yitiji)) and touches no other. It judges packets before Docker redirects them, so
    ports that Docker publishes are closed like any other.
  - New rules are on probation. A timer on the node puts the old ones back, unless the controller reaches the node over
    a B(new) connection and says that it did.
  - Rules that would shut out the SSH connection they arrive by are refused before anything is changed (LLM807).
options:
  admin_networks:
    description: From where SSH is open.
    type: list
    elements: str
    default: []
  ssh_ports:
    description: Ports of SSH.
    type: list
    elements: str
    default: ["22"]
  client_networks:
    description: From where the gateway is open.
    type: list
    elements: str
    default: []
  client_ports:
    description: Ports of the gateway.
    type: list
    elements: str
    default: ["80", "443"]
  peers:
    description: Addresses of nodes that compute together with this one.
    type: list
    elements: str
    default: []
  cluster_ports:
    description: Ports that are open to those, TCP and UDP.
    type: list
    elements: str
    default: []
  container_ports:
    description: TCP ports of the node that its own containers may reach.
    type: list
    elements: str
    default: []
  open:
    description: What else is open, each with C(ports), C(networks) and C(protocol).
    type: list
    elements: dict
    default: []
  probation:
    description: Seconds after which the old rules come back.
    type: int
    default: 60
  force:
    description: Try rules that would shut out this connection all the same. They are taken back by themselves.
    type: bool
    default: false
  step:
    description: Set by the action; V(confirm) ends the probation.
    type: str
    choices: [try, confirm]
    default: try
  state:
    description: V(absent) removes the table, its unit and its file.
    type: str
    choices: [present, absent]
    default: present
  path:
    description: Where the rules are kept for the next boot.
    type: path
    default: /etc/yitiji/firewall.nft
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Says what would change, and refuses what it would refuse.
  diff_mode:
    support: full
    details: Shows the rules before and after.
  action:
    details: Keeps new rules only after a new connection has got through them.
"""

EXAMPLES = r"""
- name: The gateway for the office, SSH for the operators
  yitiji.deepseek.firewall_rules:
    client_networks: [10.0.0.0/8]
    admin_networks: [10.1.2.0/24]
"""

RETURN = r"""
pending:
  description: Whether the rules are on probation.
  returned: always
  type: bool
  sample: false
rules:
  description: The script that was loaded.
  returned: with I(state=present)
  type: str
  sample: "table inet yitiji"
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, render
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

UNIT = "yitiji-firewall"
TIMER = "yitiji-firewall-rollback"
UNIT_PATH = f"/etc/systemd/system/{UNIT}.service"
RUN = "/run/yitiji-firewall"
SERVICE = """\
# Kept by yitiji.deepseek.firewall_rules.
[Unit]
Description=What may reach this node
Before=network-pre.target
Wants=network-pre.target
# Whoever starts the distribution's service empties all tables; ours comes back behind it.
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {path}
ExecReload=/usr/sbin/nft -f {path}
ExecStop=/usr/sbin/nft delete table inet yitiji

[Install]
WantedBy=multi-user.target
"""


def sessions() -> List[Tuple[str, int]]:
    """The SSH session that this module runs in; sudo hides it from our own environment, not from our parents'."""
    process = os.getpid()
    while process > 1:
        try:
            found = core.session_of(Path(f"/proc/{process}/environ").read_text(errors="replace"))
            if found:
                return found
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return []
    return []


def listing() -> str:
    """A digest of our table as the kernel has it, without counters; empty when it is not there."""
    if not shutil.which("nft"):  # the role's removal takes the package, too: a second one meets a node without it
        return ""
    done = run(["nft", "--stateless", "list", "table", *core.TABLE.split()], 30)
    return hashlib.sha256(done.stdout.encode()).hexdigest() if done.returncode == 0 else ""


def must(module: AnsibleModule, words: List[str]) -> None:
    done = run(words, 60)
    if done.returncode != 0:
        module.fail_json(msg="{}: {}".format(" ".join(words), done.stderr.strip() or done.returncode))


def end_timer() -> bool:
    """Stop the way back; whether it was still to come."""
    waiting = run(["systemctl", "is-active", "--quiet", f"{TIMER}.timer"], 30).returncode == 0
    run(["systemctl", "stop", f"{TIMER}.timer"], 30)
    run(["systemctl", "reset-failed", f"{TIMER}.timer", f"{TIMER}.service"], 30)
    return waiting


def begin(module: AnsibleModule, text: str, before: str) -> None:
    """Load rules that go by themselves."""
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    for name, content in (("new.nft", text), ("old.nft", core.undo(before))):
        write_atomic(f"{RUN}/{name}", content, 0o600)
    end_timer()
    seconds = module.params["probation"]
    must(
        module,
        ["systemd-run", "--quiet", f"--unit={TIMER}", f"--on-active={seconds}s", "--timer-property=AccuracySec=1s",
         "/usr/sbin/nft", "-f", f"{RUN}/old.nft"],
    )  # fmt: skip
    must(module, ["nft", "-f", f"{RUN}/new.nft"])
    write_atomic(f"{RUN}/trial", listing(), 0o600)


def confirm(module: AnsibleModule, text: str) -> None:
    """The controller is back over a new connection: keep the rules."""
    in_time = end_timer()
    if not in_time or listing() != read_text(f"{RUN}/trial"):
        module.fail_json(
            msg=render(
                Refusal(
                    "LLM808",
                    Text("the new rules were taken back before they were confirmed.", "新规则在确认之前已被撤回。"),
                    Text(
                        "run again; raise firewall_probation on a slow node.",
                        "请重新运行；节点较慢时增大 firewall_probation。",
                    ),
                )
            ),
            rule="LLM808",
        )
    write_atomic(module.params["path"], text, 0o600)
    write_atomic(UNIT_PATH, SERVICE.format(path=module.params["path"]), 0o644)
    must(module, ["systemctl", "daemon-reload"])
    must(module, ["systemctl", "--quiet", "enable", UNIT])
    must(module, ["systemctl", "restart", UNIT])
    write_atomic(f"{RUN}/kept", listing(), 0o600)


def kept(text: str, before: str, path: str) -> bool:
    """Whether the kernel, the file and the unit are as wanted. After a boot the kernel's table is new and unnoted."""
    if text != before or read_text(UNIT_PATH) != SERVICE.format(path=path):
        return False
    if run(["systemctl", "is-active", "--quiet", UNIT], 30).returncode != 0:
        return False
    if run(["systemctl", "is-enabled", "--quiet", UNIT], 30).returncode != 0:
        return False
    noted, now = read_text(f"{RUN}/kept"), listing()
    return bool(now) and (not noted or noted == now)


def remove(module: AnsibleModule) -> bool:
    path = module.params["path"]
    there = [name for name in (path, UNIT_PATH) if os.path.exists(name)]
    loaded = bool(listing())
    if not module.check_mode and (there or loaded):
        end_timer()
        run(["systemctl", "--quiet", "disable", "--now", UNIT], 60)
        if loaded:
            run(["nft", "delete", "table", *core.TABLE.split()], 30)
        for name in there:
            os.unlink(name)
        must(module, ["systemctl", "daemon-reload"])
    return loaded or bool(there)


def main() -> None:
    texts = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "admin_networks": texts,
            "ssh_ports": {**texts, "default": ["22"]},
            "client_networks": texts,
            "client_ports": {**texts, "default": ["80", "443"]},
            "peers": texts,
            "cluster_ports": texts,
            "container_ports": texts,
            "open": {"type": "list", "elements": "dict", "default": []},
            "probation": {"type": "int", "default": 60},
            "force": {"type": "bool", "default": False},
            "step": {"type": "str", "choices": ["try", "confirm"], "default": "try"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "path": {"type": "path", "default": "/etc/yitiji/firewall.nft"},
        },
        supports_check_mode=True,
    )
    params: Dict[str, Any] = module.params
    if params["state"] == "absent":
        module.exit_json(changed=remove(module), pending=False)
    before = read_text(params["path"])
    try:
        text = core.render(params)
        if params["step"] == "confirm":
            confirm(module, text)
            module.exit_json(changed=True, pending=False, rules=text)
        if not params["force"]:
            core.check_session(core.doors(params), sessions(), params["ssh_ports"])
    except Refusal as refusal:
        module.fail_json(msg=render(refusal), rule=refusal.rule)
    changed = not kept(text, before, params["path"])
    if changed and not module.check_mode:
        begin(module, text, before)
    module.exit_json(
        changed=changed,
        pending=changed and not module.check_mode,
        rules=text,
        diff={"before": before, "after": text, "before_header": params["path"], "after_header": params["path"]},
    )


if __name__ == "__main__":
    main()
