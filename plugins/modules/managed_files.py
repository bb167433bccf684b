#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: managed_files
short_description: Keeps a role's files, folders and links, all in one call
version_added: 1.0.0
description:
  - Takes the whole list with its texts, so that a node is asked once, however many files a role has.
  - The list is judged as a whole before the first change. Each text is written beside its place and renamed, so that
    readers see the old file or the new one.
  - When a file below C(/etc/systemd/system) changed, systemd reads its units again in the same call, so that a run that
    dies afterwards leaves nothing to catch up on.
  - For texts that anyone who reads the task's output may see. Secrets have M(yitiji.deepseek.secret_file).
options:
  files:
    description: What shall be there, in the order in which it is made.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      state:
        description:
          - What it is. V(absent) removes a folder with all that is in it.
          - A folder is not replaced by anything else, nor anything else by a folder.
        type: str
        choices: [file, directory, link, absent]
        default: file
      content:
        description:
          - Text of a file, as it is; a template comes through the lookup P(ansible.builtin.template#lookup).
          - Before ansible-core 2.19 a text like a list or a dict arrives as one and is refused; a filter such
            as P(ansible.builtin.to_nice_json#filter) keeps it a text.
        type: raw
      copy_of:
        description: Path of a text on the node, in place of O(files[].content). Nothing is done while it is not there.
        type: path
      target:
        description: What a link points at; it need not be there.
        type: str
      mode:
        description: Octal, as text. V(0644) for files and V(0755) for folders where it is not given.
        type: str
      owner:
        description: Name or number of a user.
        type: str
        default: root
      group:
        description: Name or number of a group.
        type: str
        default: root
      validate:
        description: Command that judges a new text before it takes the old one's place; V(%s) stands for its file.
        type: str
  absent:
    description: Absolute paths of what shall not be there, a folder with all that is in it. They come after O(files).
    type: list
    elements: path
    default: []
  timeout:
    description: Seconds for each command of O(files[].validate), and for systemd to read its units.
    type: int
    default: 60
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be made. A text is not validated, as what its command needs may not be installed yet.
  diff_mode:
    support: full
    details: Shows each file before and after.
"""

EXAMPLES = r"""
- name: Write the settings of nginx's unit
  yitiji.deepseek.managed_files:
    files:
      - path: /etc/systemd/system/nginx.service.d
        state: directory
      - path: /etc/systemd/system/nginx.service.d/come-back.conf
        content: "{{ lookup('ansible.builtin.template', 'come-back.conf.j2') }}"
"""

RETURN = r"""
paths:
  description: What was changed, or would be, with what differed.
  returned: always
  type: dict
  sample: {/etc/example.conf: [content, mode]}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import managed_files as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run


def reload(timeout: int) -> None:
    if not Path("/run/systemd/system").is_dir():
        return  # a disk that is being made ready: systemd reads all when it starts
    done = run(["systemctl", "daemon-reload"], timeout)
    if done.returncode != 0:
        raise Refusal("LLM142", unit="systemd", verb="daemon-reload", said=done.stderr.strip() or done.returncode)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "mutually_exclusive": [["content", "copy_of"]],
                "options": {
                    "path": {"type": "path", "required": True},
                    "state": {"type": "str", "choices": ["file", "directory", "link", "absent"], "default": "file"},
                    "content": {"type": "raw"},
                    "copy_of": {"type": "path"},
                    "target": {"type": "str"},
                    "mode": {"type": "str"},
                    "owner": {"type": "str", "default": "root"},
                    "group": {"type": "str", "default": "root"},
                    "validate": {"type": "str"},
                },
            },
            "absent": {"type": "list", "elements": "path", "default": []},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    gone = [{"path": path, "state": "absent"} for path in module.params["absent"]]
    rows = core.wanted([*module.params["files"], *gone])
    seen = [(row, core.look(row.path, row.state == "file")) for row in rows]
    todo = [(row, now, differs) for row, now in seen for differs in [core.differences(row, now)] if differs]
    if not module.check_mode:
        # All is judged before the first change, but for a program that reads its neighbours: it judges in its turn.
        for row, now, differs in todo:
            core.refuse(row, now, differs)
        for row, now, differs in todo:
            core.validate(row, differs, lambda words: run(words, module.params["timeout"]))
            core.apply(row, now, differs)
        if core.units(row.path for row, _now, _differs in todo):
            reload(module.params["timeout"])
    module.exit_json(
        changed=bool(todo),
        paths={row.path: differs for row, _now, differs in todo},
        diff=[core.diff(row, now, differs) for row, now, differs in todo],
    )


if __name__ == "__main__":
    main()
