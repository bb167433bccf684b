#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_repository
short_description: A package repository of somebody else, with its pinned signing key
version_added: 1.0.0
description:
  - Writes a repository's key and the file by which apt or dnf knows it. The key is taken only when it is one of the
    pinned ones (LLM316); one that is there already is not fetched again. Needs no gpg on the node.
  - With dnf, the keys that it imports on behalf of this repository are removed together with it.
options:
  name:
    description: Name of the repository, and of its files.
    type: str
    required: true
  repository:
    description: What filter P(yitiji.deepseek.distribution_repository#filter) says of it.
    type: dict
    required: true
    suboptions:
      manager:
        description: Whose repository it is.
        type: str
        choices: [apt, dnf]
        required: true
      url:
        description: Its address; C($basearch) and C($(ARCH)) are the package manager's own.
        type: str
        default: ""
      suite:
        description: For apt, the suite.
        type: str
        default: ""
      components:
        description: For apt, the components.
        type: list
        elements: str
        default: []
      key_url:
        description: Address of the armored key (http, https or file).
        type: str
        default: ""
      fingerprints:
        description: Fingerprints of the keys that the file may hold.
        type: list
        elements: str
        default: []
      signs:
        description: For dnf, whether the key signs the packages or the repository's metadata.
        type: str
        choices: [packages, metadata]
        default: packages
  key_sha256:
    description: With it, the key's file must have exactly this checksum, too.
    type: str
    default: ""
  trusted:
    description: Whether it is used without a signature, as a mirror of your own may be.
    type: bool
    default: false
  state:
    description: V(readable) only asks for key and index, and refuses what can't be had (LLM165, LLM316, LLM327).
    type: str
    choices: [present, absent, readable]
    default: present
  root:
    description: The folder that stands for C(/).
    type: path
    default: /
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says whether the files would be written; the key is not fetched.
  diff_mode:
    support: full
    details: Shows the package manager's file before and after.
"""

EXAMPLES = r"""
- name: Docker's repository
  yitiji.deepseek.package_repository:
    name: yitiji-docker
    repository: "{{ appliance_distribution | yitiji.deepseek.distribution_repository('docker') }}"

- name: Remove it
  yitiji.deepseek.package_repository:
    name: yitiji-docker
    repository: "{{ appliance_distribution | yitiji.deepseek.distribution_repository('docker') }}"
    state: absent
"""

RETURN = r"""
source:
  description: The package manager's file.
  returned: success
  type: str
  sample: /etc/yum.repos.d/yitiji-docker.repo
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import commands
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.repository import Files, Repository

OPTIONS = {
    "manager": {"type": "str", "choices": ["apt", "dnf"], "required": True},
    "url": {"type": "str", "default": ""},
    "suite": {"type": "str", "default": ""},
    "components": {"type": "list", "elements": "str", "default": []},
    "key_url": {"type": "str", "default": "", "no_log": False},
    "fingerprints": {"type": "list", "elements": "str", "default": []},
    "signs": {"type": "str", "choices": ["packages", "metadata"], "default": "packages"},
}


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "repository": {"type": "dict", "required": True, "options": OPTIONS},
            "key_sha256": {"type": "str", "default": "", "no_log": False},
            "trusted": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent", "readable"], "default": "present"},
            "root": {"type": "path", "default": "/"},
        },
        supports_check_mode=True,
    )
    given = module.params
    told = {name: given[name] for name in ("name", "key_sha256", "trusted")}
    repository = Repository(**told, **given["repository"])
    files = Files(repository, lambda argv, seconds: commands.stream(argv, seconds, lambda _line: None), given["root"])
    before, after = read_text(files.places.source), ""
    try:
        if given["state"] == "readable":
            files.ask()
            changed, after = False, before
        elif given["state"] == "absent":
            changed = files.remove(module.check_mode)
        else:
            after = files.wanted()
            changed = files.put(module.check_mode)
    except Refusal as refusal:
        fail(module, refusal)
    module.exit_json(changed=changed, source=files.places.source, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
