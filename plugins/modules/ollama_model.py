#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ollama_model
short_description: Creates a model in Ollama from a GGUF, or pulls one
version_added: 1.0.0
description:
  - Puts a GGUF into Ollama's store and makes a model of it, as C(ollama create) does with a Modelfile.
  - One file is linked into the store when both lie on one file system, so it uses its disk space only once. The parts
    of a split file are merged straight into the store, byte for byte as C(llama-gguf-split --merge) does.
  - Or pulls a model from a registry and serves it under another name.
  - Does nothing if Ollama already has the model, created from the same inputs.
options:
  url:
    description: Address of Ollama.
    type: str
    default: http://127.0.0.1:11434
  name:
    description: Name under which the model is served.
    type: str
    required: true
  path:
    description: The GGUF; of a split one any part. Required unless I(pull) or I(state=absent).
    type: path
  pull:
    description: Name of the model in a registry, for example C(registry.ollama.ai/library/deepseek-r1:7b).
    type: str
  store:
    description: Ollama's folder of models (C(OLLAMA_MODELS)).
    type: path
    default: /srv/models/ollama
  owner:
    description: User that Ollama runs as.
    type: str
    default: ollama
  template:
    description: Prompt template in Ollama's form. Empty takes what Ollama makes of the file's own.
    type: str
    default: ""
  parameters:
    description: Parameters of the Modelfile, for example C(num_ctx).
    type: dict
    default: {}
  record:
    description: File that says what the model was made of.
    type: path
    default: /var/lib/yitiji/ollama-model.json
  state:
    description: V(absent) removes the model.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds that making or pulling may take.
    type: int
    default: 7200
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says whether the model would be made. Where Ollama does not answer, it would be.
  diff_mode:
    support: full
    details: Shows the parameters, and what the model is made of.
"""

EXAMPLES = r"""
- name: A model of a split GGUF
  yitiji.deepseek.ollama_model:
    name: deepseek-r1-671b
    path: /srv/models/unsloth/DeepSeek-R1-GGUF/DeepSeek-R1-UD-IQ1_S/DeepSeek-R1-UD-IQ1_S-00001-of-00003.gguf
    parameters: {num_ctx: 8192, temperature: 0.6}

- name: A model of a registry
  yitiji.deepseek.ollama_model:
    name: deepseek-r1-7b
    pull: registry.ollama.ai/library/deepseek-r1:7b
"""

RETURN = r"""
digest:
  description: Ollama's digest of the model.
  returned: when it is there
  type: str
  sample: 0be0cefbf3a538a30f55a5fc42a12a283d1c2555a46304498e6579a9dc0a0ce3
"""

import json
import os
import pwd
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ollama as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ollama_store as blob
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import NotGguf
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


class Model:
    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params = module.params
        self.name = self.params["name"]
        self.client = Client(self.params["url"], self.params["timeout"])
        self.record = core.Record(read_text(self.params["record"]))

    def present(self) -> None:
        params, check = self.params, self.module.check_mode
        if not params["pull"] and not os.path.exists(params["path"]) and check:
            self.module.exit_json(changed=True)  # the weights would come first
        wanted = {"template": params["template"], "parameters": params["parameters"], "pull": params["pull"] or ""}
        wanted["file"] = [] if params["pull"] else blob.sources(params["path"])
        made_of = core.fingerprint(wanted)
        if check and core.reachable(self.client) is None:
            self.module.exit_json(changed=True)
        there = core.digest_of(self.client, self.name)
        if self.record.holds(self.name, made_of, there):
            self.module.exit_json(changed=False, digest=there)
        diff = {"before": there, "after": json.dumps(wanted, indent=1, ensure_ascii=False)}
        if check:
            self.module.exit_json(changed=True, diff=diff)
        there = self.make()
        write_atomic(params["record"], self.record.with_model(self.name, made_of, there), 0o644)
        self.module.exit_json(changed=True, digest=there, diff=diff)

    def make(self) -> str:
        params = self.params
        if params["pull"]:
            core.pull(self.client, params["pull"], self.name)
        else:
            user = pwd.getpwnam(params["owner"])
            digest = blob.put(params["path"], params["store"], user.pw_uid, user.pw_gid)
            core.create(self.client, self.name, digest, params["template"], params["parameters"])
        # one model is served: what an earlier plan made would only take space
        for other in self.record.others(self.name):
            core.delete(self.client, other)
        there = core.digest_of(self.client, self.name)
        if not there:
            raise Unanswered(f"{self.client.base}: {self.name} was made and is not listed")
        return there

    def absent(self) -> None:
        there = core.digest_of(self.client, self.name) if core.reachable(self.client) else ""
        if there and not self.module.check_mode:
            core.delete(self.client, self.name)
        self.module.exit_json(changed=bool(there), diff={"before": there, "after": ""})


@framed
def main() -> None:
    arguments: Dict[str, Any] = {
        "url": {"type": "str", "default": "http://127.0.0.1:11434"},
        "name": {"type": "str", "required": True},
        "path": {"type": "path"},
        "pull": {"type": "str"},
        "store": {"type": "path", "default": "/srv/models/ollama"},
        "owner": {"type": "str", "default": "ollama"},
        "template": {"type": "str", "default": ""},
        "parameters": {"type": "dict", "default": {}},
        "record": {"type": "path", "default": "/var/lib/yitiji/ollama-model.json"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "timeout": {"type": "int", "default": 7200},
    }
    module = AnsibleModule(
        argument_spec=arguments,
        supports_check_mode=True,
        required_if=[("state", "present", ["path", "pull"], True)],
    )
    try:
        model = Model(module)
        model.present() if module.params["state"] == "present" else model.absent()
    except (Unanswered, NotGguf, OSError, KeyError) as error:
        fail(module, core.failed(module.params["name"], error))


if __name__ == "__main__":
    main()
