#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_check
short_description: Check that an offline bundle is complete and signed by its signer
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Checks the signature of the manifest, that no file is missing or unexpected, and the SHA-256 of every file.
  - Runs on the controller, before anything is changed. Any fault is refused with its rule (LLM913, LLM914,
    LLM915, LLM961, LLM962).
  - Weights, images and packages that an earlier run has read and whose size and time have not changed are not read
    again, because the nodes check them by digest once more; everything else is read every time.
options:
  path:
    description: Folder of the bundle.
    type: path
    required: true
  signer:
    description:
      - The only public key that counts, as in an ssh key file.
      - When empty, the keys in O(signers) count. A signature by any other key is refused (LLM961, LLM962).
    type: str
    default: ""
  signers:
    description: File with the keys whose bundles this controller accepts, as ssh-keygen reads allowed signers.
    type: path
    default: ~/.config/yitiji/bundle-signers
  trust:
    description:
      - V(known) accepts only keys in O(signers). V(first_use) also accepts the first signer of all, and remembers it
        there; a later bundle by another key is refused.
    type: str
    choices: [known, first_use]
    default: known
  stamps:
    description: Folder that records which files were read and found intact.
    type: path
    default: ~/.cache/yitiji/bundles
  timeout:
    description: Time limit in seconds.
    type: int
    default: 14400
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Changes nothing but its own records, so it does the same.
"""

EXAMPLES = r"""
- name: Check the bundle
  yitiji.deepseek.bundle_check:
    path: /media/usb/bundle
  delegate_to: localhost
"""

RETURN = r"""
bundle:
  description: What the bundle is for and what it holds.
  returned: success
  type: dict
  sample:
    targets: [{distribution: debian, release: bookworm, version: "12", architecture: amd64}]
    holds: {images: [], models: [], downloads: []}
    weights: {o/m: {config.json: 9a4ad2…}}
    made: "2026-01-01T00:00:00Z"
    files: 120
    bytes: 3300000000
signer:
  description: The key that signed it.
  returned: success
  type: str
  sample: ssh-ed25519 AAAA…
fingerprint:
  description: Fingerprint of that key, as C(ssh-keygen -l) shows it.
  returned: success
  type: str
  sample: SHA256:…
trust:
  description: Why that key counts, V(set) by O(signer), V(known) in O(signers), or V(first_use).
  returned: success
  type: str
  sample: known
hashed:
  description: Bytes that were read in this run.
  returned: success
  type: int
  sample: 3300000000
rule:
  description: Id of the rule that failed.
  returned: failure
  type: str
  sample: LLM915
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.check import Trust, check
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import weights_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.signers import TRUST
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signature import fingerprint


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "signer": {"type": "str", "default": ""},
            "signers": {"type": "path", "default": "~/.config/yitiji/bundle-signers"},
            "trust": {"type": "str", "choices": list(TRUST), "default": "known"},
            "stamps": {"type": "path", "default": "~/.cache/yitiji/bundles"},
            "timeout": {"type": "int", "default": 14400},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    trust = Trust(params["signer"], params["signers"], params["trust"], not module.check_mode)
    report = Reporter(params["progress"], "checking the bundle")
    try:
        found = check(os.path.abspath(params["path"]), trust, params["stamps"], report.bytes)
    except Refusal as refusal:
        fail(module, refusal)
    except OSError as error:
        fail(module, Refusal("LLM940", path=error.filename or params["path"], why=error.strerror or error))
    bundle = found.bundle
    module.exit_json(
        changed=False,
        bundle={
            "targets": list(bundle.targets),
            "holds": bundle.holds,
            "weights": weights_of(bundle),
            "made": bundle.made,
            "files": len(bundle.files),
            "bytes": bundle.size,
        },
        signer=found.signer,
        fingerprint=fingerprint(found.signer),
        trust=found.trust,
        hashed=found.hashed,
    )


if __name__ == "__main__":
    main()
