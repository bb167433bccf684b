#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_settings
short_description: Sets kernel settings now and at every boot, and restores them
version_added: 1.0.0
description:
  - Sysctls by name, and files below C(/sys) by path. They are written now, and by sysctl.d and tmpfiles.d at boot.
  - Earlier values are recorded. A setting that is no longer listed gets its earlier value back.
  - A value that the kernel is certain to refuse is refused before anything is written (LLM131).
  - Settings that this kernel does not have, or that are read-only here (as in a container), are skipped with the
    reason and do not fail.
options:
  settings:
    description: All settings that are wanted, by name. None restores everything.
    type: dict
    default: {}
  sysctl_file:
    description: Where sysctls are kept for the next boot.
    type: path
    default: /etc/sysctl.d/60-yitiji.conf
  tmpfiles_file:
    description: Where files below C(/sys) are kept for the next boot.
    type: path
    default: /etc/tmpfiles.d/yitiji-kernel.conf
  record:
    description: Where the old values are remembered.
    type: path
    default: /var/lib/yitiji/kernel-settings.json
author: The yitiji.deepseek engineers (@yitiji)
extends_documentation_fragment:
  - yitiji.deepseek.attributes
attributes:
  check_mode:
    support: full
    details: Says what would be set.
  diff_mode:
    support: full
    details: Shows the values before and after.
"""

EXAMPLES = r"""
- name: No automatic moving of memory between NUMA nodes
  yitiji.deepseek.kernel_settings:
    settings:
      kernel.numa_balancing: "0"
      /sys/kernel/mm/transparent_hugepage/enabled: madvise
"""

RETURN = r"""
written:
  description: Settings that were, or would be, written now.
  returned: always
  type: dict
  sample: {kernel.numa_balancing: "0"}
left_alone:
  description: Settings that cannot be set here, with the reason.
  returned: always
  type: dict
  sample: {kernel.numa_balancing: "read-only here, it is 1"}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import kernel_settings as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "default": {}},
            "sysctl_file": {"type": "path", "default": "/etc/sysctl.d/60-yitiji.conf"},
            "tmpfiles_file": {"type": "path", "default": "/etc/tmpfiles.d/yitiji-kernel.conf"},
            "record": {"type": "path", "default": "/var/lib/yitiji/kernel-settings.json"},
        },
        supports_check_mode=True,
    )
    params = module.params
    wanted = {name: " ".join(str(value).split()) for name, value in params["settings"].items()}
    try:
        core.check(wanted)
    except Refusal as refusal:
        fail(module, refusal)
    todo, record = core.decide(wanted, core.load(read_text(params["record"])))
    before = {name: core.read(name) or "" for name in todo.write}
    # The record goes first: a run that dies in between still knows the way back.
    files = {
        params["record"]: core.dump(record),
        params["sysctl_file"]: core.sysctl_file(todo.keep),
        params["tmpfiles_file"]: core.tmpfiles_file(todo.keep),
    }
    differing = {path: text for path, text in files.items() if read_text(path) != text}
    if not module.check_mode:
        for path, text in differing.items():
            if text:
                write_atomic(path, text, 0o644)
            else:
                os.unlink(path)
        for name, value in todo.write.items():
            try:
                with open(core.path_of(name), "w", encoding="utf-8") as stream:
                    stream.write(value)
            except OSError as error:
                how = say("kernel refused", said=error.strerror)
                fail(module, Refusal("LLM131", name=name, value=value, remedies=[how]))
    module.exit_json(
        changed=bool(todo.write or differing),
        written=todo.write,
        left_alone=todo.skipped,
        diff={"before": core.show(before), "after": core.show(todo.write)},
    )


if __name__ == "__main__":
    main()
