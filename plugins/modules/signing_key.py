#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: signing_key
short_description: Downloads the signing key of a package repository, pinned by its fingerprint
version_added: 1.0.0
description:
  - Fetches an armored OpenPGP key and writes it only when it is the one with the fingerprint (LLM316). A key that is
    there with that fingerprint is not fetched again. Needs no gpg on the node.
options:
  url:
    description: Address of the key (http, https or file).
    type: str
    required: true
  fingerprint:
    description: Fingerprint of its primary key, 40 hexadecimal digits.
    type: str
    required: true
  path:
    description: Where it is written.
    type: path
    required: true
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says whether the key would be fetched.
  diff_mode:
    support: full
    details: Shows the fingerprint before and after.
"""

EXAMPLES = r"""
- name: NVIDIA's key
  yitiji.deepseek.signing_key:
    url: https://nvidia.github.io/libnvidia-container/gpgkey
    fingerprint: C95B321B61E88C1809C4F759DDCAE044F796ECB0
    path: /etc/apt/keyrings/yitiji-nvidia-container-toolkit.asc
"""

RETURN = r"""
fingerprint:
  description: The fingerprint of the key that is there.
  returned: always
  type: str
  sample: C95B321B61E88C1809C4F759DDCAE044F796ECB0
"""

from http.client import HTTPException

from ansible.module_utils import urls
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signing_key as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


def fetch(url: str) -> str:
    try:
        with urls.open_url(url, timeout=30, http_agent="yitiji-deepseek") as answer:
            return str(answer.read(1 << 20).decode("utf-8", "replace"))
    except (OSError, ValueError, HTTPException, urls.ConnectionError) as error:
        raise Refusal("LLM327", url=url, error=error) from error


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "fingerprint": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    url, wish, path = (module.params[name] for name in ("url", "fingerprint", "path"))
    there = core.fingerprints(read_text(path))
    changed = there != [wish.upper().replace(" ", "")]
    if changed and not module.check_mode:
        try:
            text = fetch(url)
            core.check_key(text, wish, url)
        except Refusal as refusal:
            fail(module, refusal)
        write_atomic(path, text, 0o644, 0, 0)
    before = "".join(f"{name}\n" for name in there)
    module.exit_json(changed=changed, fingerprint=wish, diff={"before": before, "after": f"{wish}\n"})


if __name__ == "__main__":
    main()
