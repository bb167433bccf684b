#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon
short_description: Merges options into Docker's daemon.json
version_added: 1.0.0
description:
  - Puts options into C(daemon.json) and leaves everything else in it as it is.
  - Remembers what it set and what stood there before, so that an option which is no longer wanted gets its earlier
    value back. O(state=absent) restores the file to the letter, unless somebody else changed it meanwhile.
  - Refuses a file that is not valid JSON, options that docker.service already gives on its command line and, by an
    installed Docker's own judgement, unknown ones (LLM306), and a move of the data root away from data (LLM307).
options:
  options:
    description: The options wanted. Nested objects are merged, lists are replaced.
    type: dict
    default: {}
  path:
    description: The file.
    type: path
    default: /etc/docker/daemon.json
  record:
    description: Where to remember what was set.
    type: path
    default: /var/lib/yitiji/docker-daemon.json
  state:
    description: V(absent) removes every option that this module set.
    type: str
    choices: [present, absent]
    default: present
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would change, and refuses what it would refuse.
  diff_mode:
    support: full
    details: Shows the file before and after.
"""

EXAMPLES = r"""
- name: Use a mirror and rotate logs
  yitiji.deepseek.docker_daemon:
    options:
      registry-mirrors: ["https://mirror.example"]
      log-opts: {max-size: 50m, max-file: "3"}

- name: Take it out again
  yitiji.deepseek.docker_daemon:
    state: absent
"""

RETURN = r"""
options:
  description: The whole file after the merge.
  returned: always
  type: dict
  sample: {registry-mirrors: ["https://mirror.example"]}
"""

import os
from pathlib import Path
from typing import List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import daemon_json as config
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import docker_flags
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


def names_in(folder: str) -> List[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "options": {"type": "dict", "default": {}},
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "record": {"type": "path", "default": "/var/lib/yitiji/docker-daemon.json"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    path, record_path = module.params["path"], module.params["record"]
    wanted = module.params["options"] if module.params["state"] == "present" else {}
    before = read_text(path)
    try:
        live = config.parse(before, path)
        result, record = config.merge(live, wanted, config.Record.load(read_text(record_path)))
        if module.params["state"] == "present":
            config.check_data_root(live, result)
            if path == docker_flags.DAEMON_JSON:  # the file that docker.service reads
                start = docker_flags.started(run(docker_flags.QUESTION, 20).stdout, read_text, names_in)
                config.check_start(result, path, start)
                config.validate(result, path, start)
    except Refusal as refusal:
        fail(module, refusal)
    changed = result != live
    original = record_path + ".original"
    kept = read_text(original)
    # What somebody wrote by hand comes back as he wrote it, to the letter.
    as_it_was = not wanted and kept and config.parse_or_none(kept) == result
    after = kept if as_it_was else config.render(result) if result else ""
    record_text = record.dump() if wanted else ""
    kept_text = (kept or ("" if read_text(record_path) else before)) if wanted else ""
    if not module.check_mode:
        # The records go first: a run that dies in between still knows what it may take out.
        files = ((original, kept, kept_text), (record_path, read_text(record_path), record_text), (path, before, after))
        for name, text, new in files:
            if name == path and not changed:
                continue
            if new and new != text:
                write_atomic(name, new, 0o644)
            elif not new and Path(name).exists():
                os.unlink(name)
    module.exit_json(
        changed=changed,
        options=result,
        diff={
            "before": before if changed else "",
            "after": after if changed else "",
            "before_header": path,
            "after_header": path,
        },
    )


if __name__ == "__main__":
    main()
