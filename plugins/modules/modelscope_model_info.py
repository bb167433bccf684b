#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: modelscope_model_info
short_description: Reads what a model on ModelScope consists of
version_added: 1.0.0
description:
  - Reads the listing with sizes and hashes, C(config.json) and the index of the shards, none of the weights.
  - Says what is wrong when the model or the revision is not there, or the hub cannot be reached.
options:
  token:
    description: Access token for private models.
    type: str
    default: ""
  source:
    description: The hub, or a directory with the files.
    type: str
    choices: [modelscope, directory, bundle]
    default: modelscope
  source_dir:
    description: Directory with the files (or with C(owner/name) below it), for I(source=directory).
    type: path
  gguf:
    description:
      - Patterns of GGUF files whose headers are read for the sizes of their tensors. Of each file the first megabytes
        are fetched, of the later parts of a split one some kilobytes.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds of silence after which the hub counts as unreachable. It is asked five times.
    type: int
    default: 20
  validate_certs:
    description: Check the hub's certificate.
    type: bool
    default: true
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.hub
"""

EXAMPLES = r"""
- name: What does the model consist of
  yitiji.deepseek.modelscope_model_info:
    model: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
  delegate_to: localhost
  register: model_info
"""

RETURN = r"""
model:
  description: Id of the model.
  returned: success
  type: str
  sample: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
revision:
  description: The revision that was read.
  returned: success
  type: str
  sample: master
files:
  description: The files with size and hash (empty where it is unknown).
  returned: success
  type: list
  elements: dict
  sample: [{path: config.json, size: 680, sha256: ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356}]
bytes_total:
  description: Bytes of all files.
  returned: success
  type: int
  sample: 15231233024
config:
  description: Content of C(config.json), null without one.
  returned: success
  type: dict
  sample: {model_type: qwen2, num_hidden_layers: 28}
index:
  description: Metadata and shards of the first C(*.safetensors.index.json), null without one.
  returned: success
  type: dict
  sample:
    path: model.safetensors.index.json
    metadata: {total_size: 15231233024}
    shards: [model-00001-of-000002.safetensors]
gguf_tensors:
  description: Bytes of each tensor, by GGUF file.
  returned: success
  type: dict
  sample: {DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf: {blk.0.attn_q.weight: 7225344}}
warnings_found:
  description: Doubts about the model, each with C(id), C(en) and C(zh).
  returned: success
  type: list
  elements: dict
  sample: []
rule:
  description: Id of the rule that failed.
  returned: failure
  type: str
  sample: LLM606
"""

import os
from typing import Any, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import (
    SMALL,
    Hub,
    describe,
    directory_listing,
    directory_of,
    doubt,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub_gguf import Read, tensors

ARGUMENTS: Dict[str, Any] = {
    "model": {"type": "str", "required": True},
    "revision": {"type": "str", "default": "master"},
    "endpoint": {"type": "str", "default": "https://www.modelscope.cn"},
    "token": {"type": "str", "default": "", "no_log": True},
    "source": {"type": "str", "choices": ["modelscope", "directory", "bundle"], "default": "modelscope"},
    "source_dir": {"type": "path"},
    "gguf": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 20},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}


def from_hub(params: Dict[str, Any]) -> Dict[str, Any]:
    client = Client(
        params["endpoint"], params["token"], params["timeout"], params["ca_path"] or "", params["validate_certs"]
    )
    hub = Hub(client, params["model"], params["revision"])
    try:
        listing = hub.listing()
        return result(params, listing, describe(listing, hub.small_file), hub.part)
    finally:
        hub.close()


def from_directory(params: Dict[str, Any]) -> Dict[str, Any]:
    path = directory_of(params["source_dir"], params["model"])
    listing = directory_listing(path, params["model"])

    def read(name: str) -> Optional[bytes]:
        with os.fdopen(inside.open_file(path, name), "rb") as source:
            return source.read(SMALL)

    def part(name: str, first: int, last: int) -> bytes:
        with os.fdopen(inside.open_file(path, name), "rb") as source:
            source.seek(first)
            return source.read(last - first)

    return result(params, listing, describe(listing, read), part)


def result(params: Dict[str, Any], listing: List[Entry], described: Dict[str, Any], part: Read) -> Dict[str, Any]:
    doubts: List[Refusal] = []
    found = tensors(listing, params["gguf"], part, doubts)
    return {
        "model": params["model"],
        "revision": params["revision"],
        "files": [entry._asdict() for entry in listing],
        "bytes_total": sum(entry.size for entry in listing),
        "config": described["config"],
        "index": described["index"],
        "gguf_tensors": found,
        "warnings_found": described["warnings"] + [doubt(trouble) for trouble in doubts],
    }


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, supports_check_mode=True, required_if=[("source", "directory", ["source_dir"])]
    )
    try:
        found = from_directory(module.params) if module.params["source"] == "directory" else from_hub(module.params)
    except Refusal as error:
        fail(module, error)
    except OSError as error:
        fail(
            module,
            Refusal("LLM615", path=error.filename or module.params["source_dir"], detail=error.strerror or error),
        )
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
