#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance_measure
short_description: Measure what a model's address does and how fast
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Asks an OpenAI-compatible address what users ask for, then puts more and more requests at once on it by AIPerf.
  - A soak is measured slice by slice, with O(slice), so that the nodes can be looked at meanwhile.
  - Runs on the host that asks. A run that was killed goes on where it was, as long as the same is asked of the same
    plan and engines; what is measured is kept in O(folder).
options:
  url:
    description: Base address.
    type: str
    required: true
  lengths:
    description: Pairs of lengths in tokens. Empty takes 1024 and 1024, 4096 and 1024, and the longest prompt with 256,
      as far as they fit.
    type: list
    elements: dict
    default: []
    suboptions:
      prompt:
        description: Tokens of each prompt. V(0) takes what the answer leaves.
        type: int
        required: true
      answer:
        description: Tokens of each answer.
        type: int
        required: true
  at_once:
    description: Numbers of requests at once. Empty takes 1, 2, 4 and so on up to the planned number, and half as many
      more.
    type: list
    elements: int
    default: []
  rounds:
    description: Requests of each of those at once, one after another.
    type: int
    default: 3
  least:
    description: Least number of requests of a step.
    type: int
    default: 10
  whole_answers:
    description: Ask for answers that do not end before their length, where the engine knows how.
    type: bool
    default: false
  tokenizer:
    description: Folder with the model's tokenizer.
    type: path
    required: true
  tokenizer_files:
    description: Files that are put there first, as M(yitiji.deepseek.acceptance_node) packed them.
    type: dict
    default: {}
  page_email:
    description: Account of the chat page that asks there, too. Empty leaves the page out.
    type: str
    default: ""
  page_password:
    description: Its password.
    type: str
    default: ""
  refused:
    description: Routes that must be closed. Empty takes those of the catalogue for the plan's engine.
    type: list
    elements: str
    default: []
  opened:
    description: Routes of these that the site has opened.
    type: list
    elements: str
    default: []
  thinks:
    description: Whether the model thinks before it answers. The catalogue tells it by default.
    type: bool
    default: false
  function_tokens:
    description: Most tokens of an answer that shows what the model can do. V(0) takes what the model needs.
    type: int
    default: 0
  program:
    description: AIPerf's program.
    type: path
    required: true
  folder:
    description: Folder for what is measured, on the host that asks.
    type: path
    required: true
  plan:
    description:
      - The plan. A run that was killed starts anew where it has changed.
    type: dict
    required: true
  engines:
    description: What runs the model, such as digests of images. A run that was killed starts anew here too.
    type: dict
    default: {}
  soak_minutes:
    description: How long the soak takes. V(0) measures none.
    type: int
    default: 0
  questions:
    description: To see that weights and chat template are whole. None takes those of the catalogue.
    type: list
    elements: dict
    default: []
  question_tokens:
    description: Tokens for the answer to a question; chosen by the model where questions come from the catalogue.
    type: int
    default: 4096
  catalog_dirs:
    description: Folders of your own catalogue, on the controller.
    type: list
    elements: path
    default: []
  slice:
    description: Asks for this slice of the soak alone.
    type: int
  seen:
    description: What M(yitiji.deepseek.acceptance_node) saw while O(slice) was asked, by host; is kept, and nothing is
      asked.
    type: dict
  restarted:
    description: How a restart under load went; is kept, and nothing is asked.
    type: dict
  key:
    description: Key of the API.
    type: str
    default: ""
  ca:
    description: Certificate authority to trust, PEM text. Empty trusts the system's.
    type: str
    default: ""
  seed:
    description: Seed of the prompts.
    type: int
    default: 1
  request_timeout:
    description: Seconds for one request.
    type: int
    default: 600
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
    details: Asks nothing, and says how many steps it would measure.
"""

EXAMPLES = r"""
- name: Measure
  yitiji.deepseek.acceptance_measure:
    url: https://10.0.0.11
    tokenizer: /tmp/tokenizer
    program: /opt/aiperf/bin/aiperf
    folder: /var/tmp/acceptance
    plan: "{{ appliance_plan }}"
    key: "{{ key }}"
  delegate_to: localhost
"""

RETURN = r"""
function:
  description: What was asked for and came.
  returned: when asked
  type: list
  elements: dict
  sample:
    - {id: json, name: {zh: 按 JSON 模式作答, en: answers by a JSON schema}, verdict: pass, evidence: '{"sky": "blue"}'}
quality:
  description: The answer to each question.
  returned: when asked
  type: list
  elements: dict
  sample: [{id: maths-1, answer: "75", finish: stop, said: "75"}]
speed:
  description: Each step. Times in ms, rates in seconds.
  returned: when asked
  type: list
  elements: dict
  sample: [{prompt: 1024, answer: 1024, concurrency: 1, requests: 10, failed: 0, tokens_per_second: 61.2}]
steps:
  description: How many steps there are.
  returned: success
  type: int
  sample: 12
soak:
  description: The soak as far as it is measured, with its slices.
  returned: when asked
  type: dict
  sample: {minutes: 10, slice_seconds: 60, concurrency: 4, slices: [], restart: null}
todo:
  description: Slices that are not measured yet.
  returned: when asked
  type: list
  elements: int
  sample: [0, 1, 2]
resumed:
  description: How many of them an earlier run had measured.
  returned: when asked
  type: int
  sample: 0
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import load, tokenizer
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.around import Page
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import Asked
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.generator import Target, check_tokenizer
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.measure import Session
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "lengths": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"prompt": {"type": "int", "required": True}, "answer": {"type": "int", "required": True}},
            },
            "at_once": {"type": "list", "elements": "int", "default": []},
            "rounds": {"type": "int", "default": 3},
            "least": {"type": "int", "default": 10},
            "whole_answers": {"type": "bool", "default": False},
            "tokenizer": {"type": "path", "required": True},
            "tokenizer_files": {"type": "dict", "default": {}, "no_log": False},
            "page_email": {"type": "str", "default": ""},
            "page_password": {"type": "str", "default": "", "no_log": True},
            "refused": {"type": "list", "elements": "str", "default": []},
            "opened": {"type": "list", "elements": "str", "default": []},
            "thinks": {"type": "bool", "default": False},
            "function_tokens": {"type": "int", "default": 0, "no_log": False},
            "program": {"type": "path", "required": True},
            "folder": {"type": "path", "required": True},
            "plan": {"type": "dict", "required": True},
            "engines": {"type": "dict", "default": {}},
            "soak_minutes": {"type": "int", "default": 0},
            "questions": {"type": "list", "elements": "dict", "default": []},
            "question_tokens": {"type": "int", "default": 4096, "no_log": False},
            "catalog_dirs": {"type": "list", "elements": "path", "default": []},
            "slice": {"type": "int"},
            "seen": {"type": "dict"},
            "restarted": {"type": "dict"},
            "key": {"type": "str", "default": "", "no_log": True},
            "ca": {"type": "str", "default": ""},
            "seed": {"type": "int", "default": 1},
            "request_timeout": {"type": "int", "default": 600},
            "timeout": {"type": "int", "default": 14400},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    given = module.params
    report = Reporter(given["progress"], "acceptance")
    plan = given["plan"]
    page = None
    if given["page_email"] and given["page_password"]:
        client = Client(given["url"], given["request_timeout"], given["ca"])
        page = Page(client, given["page_email"], given["page_password"])
    closed = [route for route in given["refused"] if route not in given["opened"]]
    asked = Asked(plan, given["function_tokens"], page, closed, given["thinks"])
    planned = plan["totals"][asked.model]["concurrency"]
    numbers = given["at_once"] or load.at_once(planned)
    try:
        pairs = load.lengths(asked.longest, given["lengths"])
        steps = load.steps(pairs, numbers, given["rounds"], given["least"])
        if module.check_mode:
            module.exit_json(changed=False, steps=len(steps))
        os.makedirs(given["folder"], 0o700, exist_ok=True)
        authority = os.path.join(given["folder"], "ca.crt") if given["ca"] else ""
        if authority:
            write_atomic(authority, given["ca"], 0o644)
        target = Target(
            given["url"], asked.model, given["tokenizer"], given["program"], given["seed"], given["request_timeout"],
            authority, given["key"], given["whole_answers"],
        )  # fmt: skip
        soaking = (given["soak_minutes"], min(planned, max(numbers)))
        depends = {"plan": plan, "engines": given["engines"]}
        session = Session(target, steps, soaking, given["folder"], report.text, depends)
        if given["restarted"] is not None:
            session.kept.add("restart", given["restarted"])
            module.exit_json(changed=False, steps=len(steps))
        if given["seen"] is not None:
            session.keep(given["slice"], given["seen"])
            module.exit_json(changed=False, steps=len(steps))
        if given["progress"]:
            session.watch()
        if given["slice"] is not None:
            module.exit_json(changed=False, steps=len(steps), **session.slice(given["slice"]))
        tokenizer.write(given["tokenizer"], given["tokenizer_files"])
        check_tokenizer(given["tokenizer"])
        client = Client(given["url"], given["request_timeout"], given["ca"], given["key"])
        found = session.measure(client, asked, given["timeout"], given["questions"], given["question_tokens"])
    except Refusal as refusal:
        fail(module, refusal)
    module.exit_json(changed=False, steps=len(steps), **found)


if __name__ == "__main__":
    main()
