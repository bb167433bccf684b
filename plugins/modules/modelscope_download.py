#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: modelscope_download
short_description: Ensures that a model's files are in a directory, complete and verified
version_added: 1.0.0
description:
  - Reads the listing of a ModelScope repository, downloads what is missing by ranges over a few connections, hashes
    the bytes as they arrive, and continues at the byte after any interruption.
  - A file gets its final name only when its size, SHA-256 and format are right.
  - At the end it writes I(dest)C(/.yitiji-verified.json), the stamp, bound to the manifest next to it. A later run
    that finds the stamp in place and the files untouched reads none of the data and asks no hub.
  - Needs nothing on the node but Python 3.8.
  - Only one run works on a directory at a time; another one waits.
options:
  dest:
    description: Directory for the files. Absolute.
    type: path
    required: true
  include:
    description:
      - Patterns of the files wanted; none means all.
      - A pattern is compared with the path and with its last part; one that ends with C(/) means all below.
    type: list
    elements: str
    default: []
  exclude:
    description: Patterns of files not wanted.
    type: list
    elements: str
    default: []
  token:
    description: Access token for private models. Sent to the hub only, never to where it redirects.
    type: str
    default: ""
  source:
    description:
      - Where the files come from.
      - V(modelscope) is the hub, V(directory) is I(source_dir) on the node.
      - V(mirror) are other nodes that serve their copy, see I(mirrors).
      - V(bundle) is an offline bundle that M(yitiji.deepseek.bundle_server) serves at I(endpoint) as a hub does.
    type: str
    choices: [modelscope, directory, mirror, bundle]
    default: modelscope
  source_dir:
    description:
      - Directory with the files (or with C(owner/name) below it), for I(source=directory).
      - A manifest that lies beside the files is used to verify them.
    type: path
  mirrors:
    description:
      - Addresses below which other nodes serve their directory of this model, for I(source=mirror).
      - The first one is the node that fetches from the hub; a file is taken from any that has it.
      - Needs I(identity) and I(peers), or a hash for each file (I(files), I(manifest_sha256)); else refused (LLM641).
    type: list
    elements: str
    default: []
  identity:
    description: File with this node's key and certificate, by which the nodes of I(mirrors) know it.
    type: path
  peers:
    description: File with the certificates of the nodes of I(mirrors); no other is spoken to.
    type: path
  files:
    description:
      - The files as they were when the serving was planned (C(plan.model.manifest.files)).
      - What the source lists must be these, or nothing is fetched and LLM620 names each file that differs, and sizes.
      - Where the stamp stands for other files, they stay, and the same is said as a warning; see I(update).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path in the repository.
        type: str
        required: true
      size:
        description: Bytes.
        type: int
        required: true
      sha256:
        description: Hash, empty where the hub says none.
        type: str
        default: ""
  manifest_sha256:
    description:
      - Digest of the list of files (C(manifest.sha256) of an earlier result), from whoever vouches for the model.
        Another list, or one with a file without a hash, is refused before anything is fetched (LLM640).
      - Needed where nothing else says what is right, such as a stick that is all there is.
    type: str
    default: ""
  allow_pickle:
    description: The site's reason for Python pickles (C(.bin), C(.pt)); without one, LLM650 or left out.
    type: str
    default: ""
  allow_remote_code:
    description: The site's reason for Python code of the repository; without one, LLM651 or left out.
    type: str
    default: ""
  workers:
    description: Most connections at a time. More than four are used only while each of them is slow.
    type: int
    default: 8
  verify:
    description:
      - V(stamp) trusts the stamp as long as no file changed in size or time.
      - V(full) hashes every file again, on all cores, and fetches only the bad ranges.
    type: str
    choices: [stamp, full]
    default: stamp
  update:
    description: Ask the hub whether I(revision) has moved, even if the stamp stands.
    type: bool
    default: false
  prune:
    description: Remove files that an earlier manifest of this directory lists and the new one does not.
    type: bool
    default: true
  timeout:
    description: Seconds of silence, or of less than 1 KiB a second, after which a connection is given up.
    type: int
    default: 60
  retries:
    description: Failures in a row without progress after which a file is given up.
    type: int
    default: 6
  limit:
    description: Seconds that the whole download may take when it runs through the action plugin.
    type: int
    default: 172800
  lock_timeout:
    description: Seconds to wait for another run on the same directory.
    type: int
    default: 90
  validate_certs:
    description: Check the certificates of hub and file servers.
    type: bool
    default: true
  state:
    description:
      - V(absent) removes the files that the manifest lists, refused while a process has one open.
      - V(verified) fails unless the stamp stands and no file changed since. It asks no hub and changes nothing;
        in check mode it only tells.
    type: str
    choices: [present, absent, verified]
    default: present
  lease:
    description: Seconds after which the run stops when the action plugin has not been seen. Set by the action plugin.
    type: int
    default: 0
  dry_run:
    description: Behave as in check mode. Used by the action plugin.
    type: bool
    default: false
notes:
  - The progress is also kept in I(dest)C(/.yitiji-download/progress.json) while a run works, for machines.
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
  - yitiji.deepseek.hub
attributes:
  check_mode:
    support: full
    details: Says which files and how many bytes would be downloaded. The hub's listing is read, nothing is written.
  diff_mode:
    support: full
    details: Shows the files before and after.
  action:
    details: Runs it in the background and shows the progress.
"""

EXAMPLES = r"""
- name: Weights of the seven billion distillation
  yitiji.deepseek.modelscope_download:
    model: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    dest: /srv/models/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B

- name: Hash everything again and repair it
  yitiji.deepseek.modelscope_download:
    model: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    dest: /srv/models/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    verify: full

- name: From a disk, without a network
  yitiji.deepseek.modelscope_download:
    model: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    dest: /srv/models/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    source: directory
    source_dir: /media/usb/models
"""

RETURN = r"""
path:
  description: The directory.
  returned: success
  type: str
  sample: /srv/models/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
revision:
  description: The revision the files are of.
  returned: success
  type: str
  sample: master
files:
  description: Number of files in the manifest.
  returned: success
  type: int
  sample: 10
bytes_total:
  description: Bytes of all files.
  returned: success
  type: int
  sample: 15231233024
bytes_fetched:
  description: Bytes downloaded in this run.
  returned: success
  type: int
  sample: 0
bytes_to_fetch:
  description: Bytes that were missing at the beginning of this run (or would be fetched, in check mode).
  returned: success
  type: int
  sample: 0
verified:
  description: Whether the stamp stands.
  returned: success
  type: bool
  sample: true
repaired:
  description: Files that were there with wrong bytes.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: Files that were removed.
  returned: success
  type: list
  elements: str
  sample: []
moved:
  description: How the files that stay differ from the plan, a phrase for each.
  returned: success
  type: list
  elements: str
  sample: [README.md (1203 B -> 1310 B)]
left_out:
  description: Files that are programs, which were not fetched.
  returned: success
  type: list
  elements: str
  sample: [modeling_deepseek.py]
manifest:
  description: Path of the manifest and its digest, to which the stamp is bound.
  returned: success
  type: dict
  sample:
    path: /srv/models/x/y/.yitiji-manifest.json
    sha256: 6201b472a5572fa205ec1941d125ba519ea989bd8ae6c63eece9472065c5f8b9
stamp:
  description: Path of the stamp.
  returned: success
  type: str
  sample: /srv/models/x/y/.yitiji-verified.json
rule:
  description: Id of the rule that failed.
  returned: failure
  type: str
  sample: LLM101
"""

import os
import signal
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    MANIFEST,
    Manifest,
    check_stamp,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.download import Weights
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.remove import remove_all
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import (
    Outcome,
    Request,
    as_lines,
    request_of,
)

ARGUMENTS: Dict[str, Any] = {
    "model": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "revision": {"type": "str", "default": "master"},
    "include": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "endpoint": {"type": "str", "default": "https://www.modelscope.cn"},
    "token": {"type": "str", "default": "", "no_log": True},
    "source": {"type": "str", "choices": ["modelscope", "directory", "mirror", "bundle"], "default": "modelscope"},
    "source_dir": {"type": "path"},
    "mirrors": {"type": "list", "elements": "str", "default": []},
    "identity": {"type": "path"},
    "peers": {"type": "path"},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "str", "required": True},
            "size": {"type": "int", "required": True},
            "sha256": {"type": "str", "default": ""},
        },
    },
    "manifest_sha256": {"type": "str", "default": ""},
    "allow_pickle": {"type": "str", "default": ""},
    "allow_remote_code": {"type": "str", "default": ""},
    "workers": {"type": "int", "default": 8},
    "verify": {"type": "str", "choices": ["stamp", "full"], "default": "stamp"},
    "update": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 60},
    "retries": {"type": "int", "default": 6},
    "limit": {"type": "int", "default": 172800},
    "lock_timeout": {"type": "int", "default": 90},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent", "verified"], "default": "present"},
    "lease": {"type": "int", "default": 0},
    "dry_run": {"type": "bool", "default": False},
}


def verified(request: Request, check: bool) -> Dict[str, Any]:
    standing = check_stamp(request.dest, request.model, request.revision, request.include, request.exclude)
    if not standing.valid and not check:
        raise Refusal("LLM616", path=request.dest, detail=standing.reason)
    outcome = Outcome(request)
    outcome.manifest, outcome.verified = standing.manifest, standing.valid
    return outcome.result()


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        required_if=[("source", "directory", ["source_dir"]), ("source", "mirror", ["mirrors"])],
        required_together=[("identity", "peers")],
    )
    params = module.params
    check = module.check_mode or params["dry_run"]
    if not os.path.isabs(params["dest"]) or os.path.normpath(params["dest"]) == "/":
        fail(module, Refusal("LLM132", name="dest", path=params["dest"]))
    received: List[str] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda caught, _frame: received.append(f"signal {caught}"))
    try:
        request = request_of({**params, "dest": os.path.normpath(params["dest"]), "check": check})
        if params["state"] == "absent":
            manifest = Manifest.load(os.path.join(request.dest, MANIFEST))
            gone = remove_all(request.dest, request.model, check)
            module.exit_json(
                changed=bool(gone),
                path=request.dest,
                revision=manifest.revision if manifest else request.revision,
                files=0,
                bytes_total=0,
                bytes_fetched=0,
                bytes_to_fetch=0,
                verified=False,
                repaired=[],
                removed=gone,
                moved=[],
                left_out=[],
                diff={**Outcome(request).diff(), "before": as_lines(gone)},
            )
        if params["state"] == "verified":
            module.exit_json(**verified(request, check))
        outcome = Weights(request, lambda: received[0] if received else "").run()
    except Refusal as error:
        fail(module, error)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(diff=outcome.diff(), **outcome.result())


if __name__ == "__main__":
    main()
