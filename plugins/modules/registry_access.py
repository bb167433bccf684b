#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_access
short_description: Configures a node's private registries
version_added: 1.0.0
description:
  - Writes the logins into a C(config.json) of the appliance's own (0600, in a folder with 0700) and the certificate
    authorities into C(certs.d), where Docker reads them without a restart. Root's own C(config.json) and other
    authorities are left alone.
  - What is no longer listed is removed. M(yitiji.deepseek.container_image) uses both.
options:
  registries:
    description: All private registries of the node.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Its name as in an image's name, V(host) or V(host:port).
        type: str
        required: true
      username:
        description: Who we are there. Empty for a registry without logins.
        type: str
        default: ""
      password:
        description: The password, from a vault.
        type: str
        default: ""
      password_file:
        description: Or a file on the node that holds it, readable by root alone.
        type: path
      ca:
        description: Certificate authorities of the registry, in PEM form. Empty when the system knows them.
        type: str
        default: ""
  directory:
    description: Folder of the logins.
    type: path
    default: /etc/yitiji/docker
  certificates:
    description: Docker's folder of certificate authorities.
    type: path
    default: /etc/docker/certs.d
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would change.
  diff_mode:
    support: full
    details: Shows the registries, never a login.
"""

EXAMPLES = r"""
- name: The company's registry
  yitiji.deepseek.registry_access:
    registries:
      - host: registry.example:5000
        username: appliance
        password: "{{ vault_registry_password }}"
        ca: "{{ lookup('ansible.builtin.file', 'company-ca.crt') }}"
"""

RETURN = r"""
registries:
  description: Registries with a login or an authority of ours.
  returned: always
  type: list
  elements: str
  sample: ["registry.example:5000"]
"""

import os
from pathlib import Path
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import logins as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.secrets import private_folder, problems


def wanted(params: Dict[str, Any]) -> List[core.Registry]:
    found = []
    for entry in params["registries"]:
        host, password = entry["host"], entry["password"] or ""
        core.check_host(host)
        if entry["password_file"] and not password:
            password = core.read_password(host, entry["password_file"])
        core.check_login(host, entry["username"] or "", password)
        if entry["ca"]:
            core.check_authority(host, entry["ca"])
        authority = entry["ca"].strip() + "\n" if entry["ca"] else ""
        found.append(core.Registry(host, entry["username"] or "", password, authority))
    return found


def keep(path: str, text: str, mode: int) -> bool:
    """Whether the file has to be written or removed."""
    if not text:
        return os.path.exists(path)
    return read_text(path) != text or bool(problems(Path(path), mode, 0, 0))


def names(hosts: List[str]) -> str:
    return "".join(f"{host}\n" for host in sorted(set(hosts)))


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "registries": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "host": {"type": "str", "required": True},
                    "username": {"type": "str", "default": ""},
                    "password": {"type": "str", "default": "", "no_log": True},
                    "password_file": {"type": "path"},
                    "ca": {"type": "str", "default": ""},
                },
            },
            "directory": {"type": "path", "default": core.OURS},
            "certificates": {"type": "path", "default": core.CERTS},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        registries = wanted(params)
    except Refusal as refusal:
        fail(module, refusal)
    login = os.path.join(params["directory"], "config.json")
    files = {os.path.join(params["certificates"], r.host, core.CERTIFICATE): r.authority for r in registries}
    old = [str(path) for path in Path(params["certificates"]).glob("*/" + core.CERTIFICATE)]
    todo = {path: text for path, text in {**dict.fromkeys(old, ""), **files}.items() if keep(path, text, 0o644)}
    text = core.config(registries)
    changed = keep(login, text, 0o600)
    before = sorted(core.known(params["directory"])) + [Path(path).parent.name for path in old]
    if not module.check_mode:
        if text and changed:
            private_folder(params["directory"])
            write_atomic(login, text, 0o600, 0, 0)
        elif changed:
            core.remove(login)
        for path, content in todo.items():
            if content:
                write_atomic(path, content, 0o644, 0, 0)
            else:
                core.remove(path)
    after = [r.host for r in registries if r.username or r.authority]
    module.exit_json(
        changed=changed or bool(todo),
        registries=sorted(after),
        diff={"before": names(before), "after": names(after)},
    )


if __name__ == "__main__":
    main()
