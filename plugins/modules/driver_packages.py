#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: driver_packages
short_description: Installs a set of driver packages completely or not at all
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Asks the package manager what an installation would do, and refuses before anything is changed a set that can't be
    installed (LLM219, with the resolver's own reason), whose versions differ (LLM207,
    LLM240), that is too old for the engine's image (LLM209), or that would remove something.
  - Remembers which packages were not there before, so that exactly those can be removed again.
  - Waits for whoever uses the package manager, and says who does when it takes too long (LLM118).
  - DKMS builds nothing during the installation; M(yitiji.deepseek.dkms_modules) does that afterwards.
options:
  names:
    description: The packages.
    type: list
    elements: str
    default: []
  manager:
    description: The node's package manager.
    type: str
    choices: [apt, dnf]
    default: apt
  version_of:
    description: The package whose version is the driver's.
    type: str
    default: ""
  same_version:
    description: Packages that must have exactly that version.
    type: list
    elements: str
    default: []
  branch:
    description: The branch that the version must belong to.
    type: str
    default: ""
  flavour:
    description: Kind of kernel module, for the remedy in a refusal.
    type: str
    default: ""
  min_version:
    description: The oldest version that is accepted.
    type: str
    default: ""
  sources_ready:
    description: V(false) when the package sources are not in place yet, so that check mode can't ask.
    type: bool
    default: true
  record:
    description: Where to remember what was installed.
    type: path
    default: /var/lib/yitiji/driver-packages.json
  only:
    description: With O(state=absent), remove only these packages; empty means all that were recorded.
    type: list
    elements: str
    default: []
  state:
    description: V(absent) removes what this module installed, with the dependencies that nothing else needs.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds for the installation.
    type: int
    default: 3600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Asks the package manager what it would do; the node's package lists are not touched.
  diff_mode:
    support: full
    details: Lists the packages that are installed or removed.
"""

EXAMPLES = r"""
- name: Install the driver
  yitiji.deepseek.driver_packages:
    names: [linux-headers-6.1.0-40-amd64, nvidia-kernel-dkms, nvidia-smi]
    version_of: nvidia-smi
    same_version: [nvidia-kernel-dkms, nvidia-smi]
    branch: "535"

- name: Remove it again
  yitiji.deepseek.driver_packages:
    state: absent
"""

RETURN = r"""
installed:
  description: Packages that were, or would be, installed, with their dependencies.
  returned: always
  type: list
  elements: str
  sample: [dkms, nvidia-kernel-dkms, nvidia-smi]
removed:
  description: Packages that were, or would be, removed.
  returned: always
  type: list
  elements: str
  sample: []
upgraded:
  description: Packages that were upgraded; they are not downgraded again.
  returned: always
  type: list
  elements: str
  sample: []
version:
  description: The driver's version.
  returned: with O(state=present)
  type: str
  sample: 535.309.01
"""

import contextlib
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import packages as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import environment
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.kinds import manager_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Steps, bare
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter

LOCK_SECONDS = 300


class Job:
    def __init__(self, module: AnsibleModule) -> None:
        self.module, self.params = module, module.params
        reporter = Reporter(self.params["progress"], "driver packages")

        def run(argv: List[str], seconds: float) -> Tuple[int, str]:
            return stream(argv, seconds, reporter.text, environment())

        self.manager = manager_of(self.params["manager"], run, self.params["timeout"], LOCK_SECONDS)
        self.packages = core.Packages(self.manager)
        self.record = core.Record(self.params["record"])
        self.steps = Steps({}, {}, [])

    def present(self) -> Dict[str, Any]:
        params = self.params
        missing = self.missing()
        if self.record.unfinished and not self.module.check_mode:
            self.manager.finish()
            core.build_by_itself_again()
            missing = self.missing()
        if missing and self.module.check_mode:
            self.steps = Steps({name: "" for name in missing}, {}, [])
            if params["sources_ready"]:
                self.steps = self.packages.simulate(missing, params, aside=True)
        elif missing:
            self.manager.refresh()
            self.steps = self.packages.simulate(missing, params)
            # Written first: a run that dies in between still knows what it may take back.
            self.record.add([bare(name) for name in missing], list(self.steps.new))
            self.packages.install(missing)
        if not self.module.check_mode and self.record.unfinished:
            self.record.unfinished = False
            self.record.save()
        versions = {**self.manager.installed(), **self.steps.upgraded, **self.steps.new}
        return {"changed": bool(missing), "version": core.upstream(versions.get(params["version_of"], ""))}

    def missing(self) -> List[str]:
        there = self.manager.installed()
        return [name for name in self.params["names"] if bare(name) not in there]

    def absent(self) -> Dict[str, Any]:
        only = self.params["only"]
        wanted = [name for name in self.record.wanted if not only or name in only]
        ours = [name for name in self.record.installed if not only or name in only]
        if self.record.unfinished and not self.module.check_mode:
            with contextlib.suppress(Refusal):  # what can't be completed can still be removed
                self.manager.finish()
        gone = self.packages.removable(wanted, ours)
        if not self.module.check_mode:
            todo = gone
            while todo:
                self.manager.remove(todo, purge=True)
                todo = self.packages.unneeded(ours)
                gone = [*gone, *todo]
            core.build_by_itself_again()
            self.record.unfinished = False
            self.record.drop([*wanted, *ours])
        self.steps = Steps({}, {}, gone)
        return {"changed": bool(gone)}


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "default": []},
            "manager": {"type": "str", "choices": ["apt", "dnf"], "default": "apt"},
            "version_of": {"type": "str", "default": ""},
            "same_version": {"type": "list", "elements": "str", "default": []},
            "branch": {"type": "str", "default": ""},
            "flavour": {"type": "str", "default": ""},
            "min_version": {"type": "str", "default": ""},
            "sources_ready": {"type": "bool", "default": True},
            "record": {"type": "path", "default": "/var/lib/yitiji/driver-packages.json"},
            "only": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "timeout": {"type": "int", "default": 3600},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    job = Job(module)
    try:
        result = job.present() if module.params["state"] == "present" else job.absent()
    except Refusal as refusal:
        # What was begun is named, so that it can be taken back.
        begun = sorted(job.steps.new) if job.record.unfinished else []
        fail(module, refusal, installed=begun, removed=[], upgraded=[])
    steps = job.steps
    module.exit_json(
        installed=sorted(steps.new),
        removed=sorted(steps.removed),
        upgraded=sorted(steps.upgraded),
        diff={
            "before": "".join(f"{name}\n" for name in sorted(steps.removed)),
            "after": "".join(f"{name}\n" for name in sorted(steps.new)),
        },
        **result,
    )


if __name__ == "__main__":
    main()
