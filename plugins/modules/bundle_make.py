#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_make
short_description: Make an offline bundle of everything that a deployment needs
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Resolves and fetches distribution packages with their dependencies for each target (debs with apt, RPMs with dnf),
    container images, releases of engines; includes the models and the controller's files that are already in the
    folder; makes signed package repositories, a bill of materials (SPDX), sums, and a signed manifest.
  - Nothing is downloaded before every licence that needs consent is accepted (LLM910).
  - What is there and unchanged is neither downloaded nor read again; an interrupted run is continued.
  - What an earlier run added and is no longer needed is removed.
options:
  path:
    description: Folder of the bundle.
    type: path
    required: true
  targets:
    description:
      - Releases and architectures, each C(release) (of the catalogue) and C(architecture).
      - For apt C(sources), lines as in sources.list, and C(mirrors) with C(main) and C(security) replace the mirrors of
        this machine.
      - For dnf C(mirror) replaces the beginning of the catalogue's addresses, and C(repositories) the repositories,
        each C(name), C(url), C(key_url), C(fingerprints), or C(trusted) for one that signs nothing (LLM929, LLM930).
    type: list
    elements: dict
    required: true
  state:
    description:
      - V(resolved) only has every package resolved, and refuses what can't be had (LLM912) or would not do on the nodes
        (LLM231), before gigabytes come; nothing but package lists is fetched.
    type: str
    choices: [made, resolved]
    default: made
  packages:
    description:
      - What the roles install, each C(target) (like V(bookworm-amd64)), C(role) and C(names).
      - C(driver) has what the versions of role nvidia_driver must be, as M(yitiji.deepseek.driver_packages) takes it.
    type: list
    elements: dict
    default: []
  repositories:
    description:
      - Repositories of vendors from which packages come, each C(target), C(role), C(name), C(url), C(key_url),
        C(fingerprints) (or C(key), the key itself) and C(packages), what comes from it.
      - For dnf C(signs). For apt C(suite), C(components) and C(preferences), text as apt_preferences(5) has it.
    type: list
    elements: dict
    default: []
  images:
    description: Container images, each C(ref), C(id), C(digest) and C(archives).
    type: list
    elements: dict
    default: []
  downloads:
    description: Files, each C(name), C(version), C(url) and C(sha256).
    type: list
    elements: dict
    default: []
  models:
    description: Models that lie below C(models/) and were verified there, each C(model).
    type: list
    elements: dict
    default: []
  licences:
    description: Ids of the licences that were accepted.
    type: list
    elements: str
    default: []
  check_script:
    description: Text of the script that checks the bundle.
    type: str
    required: true
  key:
    description: Private ssh key, without passphrase, that signs the bundle. Made (0600) when it is not there.
    type: path
    required: true
  signers:
    description: File in which this controller keeps the keys whose bundles it accepts; the maker's own key is added.
    type: path
    default: ~/.config/yitiji/bundle-signers
  split:
    description:
      - Size of volumes, like V(4G), as which the bundle is written once more into a folder beside it (C(.volumes)).
      - Empty for none.
    type: str
    default: ""
  join_script:
    description: Text of the script that joins the volumes.
    type: str
    default: ""
  version:
    description: Version of the collection.
    type: str
    default: ""
  catalog:
    description: Licences and targets. Set by the action plugin.
    type: dict
    default: {}
  ca_path:
    description: File with the certificates of your own authority.
    type: path
  timeout:
    description: Time limit in seconds.
    type: int
    default: 172800
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
  - yitiji.deepseek.catalog
attributes:
  check_mode:
    support: full
    details: Says whether every licence is accepted and every repository has a pinned key; nothing is fetched.
  action:
    details: Adds the catalogue, runs the module in the background and shows how far it is.
"""

EXAMPLES = r"""
- name: Make the bundle
  yitiji.deepseek.bundle_make:
    path: /srv/bundle
    targets: [{release: bookworm, architecture: amd64}]
    packages: [{target: bookworm-amd64, role: gateway, names: [nginx]}]
    check_script: "{{ lookup('ansible.builtin.file', 'check.sh') }}"
    key: ~/.config/yitiji/bundle-key
"""

RETURN = r"""
kinds:
  description: How many files and bytes of each kind.
  returned: success
  type: dict
  sample: {package: {files: 114, bytes: 105769000}}
bytes:
  description: Size of the bundle.
  returned: success
  type: int
  sample: 3300000000
fetched:
  description: Bytes downloaded in this run, without models.
  returned: success
  type: int
  sample: 0
seconds:
  description: Seconds spent.
  returned: success
  type: float
  sample: 61.5
volumes:
  description: Names of the volumes, with O(split).
  returned: success
  type: list
  elements: str
  sample: [yitiji-bundle.tar.000]
signer:
  description: The public key that signed it.
  returned: success
  type: str
  sample: ssh-ed25519 AAAA…
rule:
  description: Id of the rule that failed.
  returned: failure
  type: str
  sample: LLM910
"""

import time
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.produce import produce

ARGUMENTS: Dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "targets": {"type": "list", "elements": "dict", "required": True},
    "state": {"type": "str", "choices": ["made", "resolved"], "default": "made"},
    "packages": {"type": "list", "elements": "dict", "default": []},
    "repositories": {"type": "list", "elements": "dict", "default": []},
    "images": {"type": "list", "elements": "dict", "default": []},
    "downloads": {"type": "list", "elements": "dict", "default": []},
    "models": {"type": "list", "elements": "dict", "default": []},
    "licences": {"type": "list", "elements": "str", "default": []},
    "check_script": {"type": "str", "required": True},
    "key": {"type": "path", "required": True, "no_log": False},
    "signers": {"type": "path", "default": "~/.config/yitiji/bundle-signers"},
    "split": {"type": "str", "default": ""},
    "join_script": {"type": "str", "default": ""},
    "version": {"type": "str", "default": ""},
    "catalog_dirs": {"type": "list", "elements": "path", "default": []},
    "catalog": {"type": "dict", "default": {}},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 172800},
    "progress": {"type": "path"},
}


@framed
def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    began = time.monotonic()
    try:
        result = produce(module.params, module.check_mode)
    except Refusal as refusal:
        fail(module, refusal)
    except OSError as error:
        fail(module, Refusal("LLM921", path=error.filename or module.params["path"], why=error.strerror or error))
    module.exit_json(seconds=round(time.monotonic() - began, 1), **result)


if __name__ == "__main__":
    main()
