#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: managed_packages
short_description: Installs packages, remembers what was not there before, and removes exactly that
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Installs what an owner (a role) wants and writes down, before it does, what was not there before. A package
    that was there in another version is not the owner's.
  - With O(state=absent) it removes what the owner brought, with dependencies that nothing else needs. What another
    owner wants stays, so does what somebody else's package needs. Packages that the installation displaced come back.
  - Units can be masked while their packages are installed, so that nothing serves before it is configured. They are
    unmasked afterwards, also on failure; what a killed run left masked by the next call, whoever the owner.
  - Waits for whoever uses the package manager, and says who does when it takes too long (LLM118). What can't be
    installed or removed is refused with the package manager's own reason (LLM117).
options:
  owner:
    description: Who wants the packages, usually a role.
    type: str
    required: true
  names:
    description:
      - The packages, each V(name) or V(name=version) with V(*) for any letters. With dnf the epoch and the release may
        be left out of a version.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) installs what is missing or there in another version.
      - V(latest) also takes newer versions, within the versions named.
      - V(offered) refuses what is missing and can't be installed (LLM117), and changes nothing. Package lists that
        don't suffice are read anew into a folder of its own. Sources that can't be used are named (LLM175), as a
        warning where everything can be installed all the same; so is who uses the package manager (LLM158).
      - V(absent) removes what this owner brought; O(names) is not looked at.
    type: str
    choices: [present, latest, offered, absent]
    default: present
  conflicts:
    description:
      - Packages that can't be there beside O(names). Where one of them is installed and one of O(names) is missing,
        that is refused (LLM332); otherwise apt would remove it, with what runs in it.
    type: list
    elements: str
    default: []
  asks:
    description:
      - What several owners want, for O(state=offered), answered as one. O(owner) and O(names) are not looked at then.
        Where it is refused each is asked alone, and all refusals are told.
      - In a play that sets C(__packages_together), O(state=offered) asks nothing. It keeps what is wanted in the fact
        C(yitiji_packages_asked), which begins anew where O(asks) is given.
    type: list
    elements: dict
    default: []
    suboptions:
      owner:
        description: Who wants these packages.
        type: str
        required: true
      names:
        description: The packages, as in O(names).
        type: list
        elements: str
        required: true
      conflicts:
        description: As O(conflicts).
        type: list
        elements: str
        default: []
      default_release:
        description: As O(default_release).
        type: str
        default: ""
      allow_downgrade:
        description: As O(allow_downgrade).
        type: bool
        default: false
      allow_change_held:
        description: As O(allow_change_held).
        type: bool
        default: false
      install_recommends:
        description: As O(install_recommends).
        type: bool
        default: false
      latest:
        description: As O(latest).
        type: bool
        default: false
  latest:
    description: Whether O(state=offered) also looks for newer versions of what is installed, in fresh package lists.
    type: bool
    default: false
  locked:
    description:
      - Versions by name (docs/lock.md), by default those of the play's C(appliance_locked). What is missing is
        installed in this version; what is there or asked for in another one is refused by V(offered) (LLM594).
    type: dict
    default: {}
  default_release:
    description: The release to prefer, for example V(bookworm-backports); with dnf, a repository to enable.
    type: str
    default: ""
  allow_downgrade:
    description: Whether an older version may take the place of a newer one.
    type: bool
    default: false
  allow_change_held:
    description: Whether packages that are held may change.
    type: bool
    default: false
  install_recommends:
    description: Whether recommended packages are installed too.
    type: bool
    default: false
  update_cache:
    description: Whether the package lists are read again before something is installed.
    type: bool
    default: true
  hold:
    description:
      - V(true) holds the packages at their version, V(false) lifts the owner's. Without it holds stay as they are.
    type: bool
  mask_units:
    description: Units, with their suffix, that must not start by themselves. A unit that is there before is left alone.
    type: list
    elements: str
    default: []
  mask_until:
    description:
      - Whether the units stay masked until the packages are V(installed), or until the owner's are V(removed).
    type: str
    choices: [installed, removed]
    default: installed
  purge:
    description: Whether O(state=absent) also removes the packages' configuration.
    type: bool
    default: false
  state_dir:
    description: Where the owners' records are kept, in the folder C(packages).
    type: path
    default: /var/lib/yitiji
  lock_timeout:
    description: Seconds to wait for somebody else who uses the package manager.
    type: int
    default: 300
  timeout:
    description: Seconds for one call of the package manager.
    type: int
    default: 3600
  unit_root:
    description: The folder that stands for C(/) where units are looked for and masked, and calls wait for each other.
    type: path
    default: /
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  action:
    details: Collects what roles ask in a play that checks all of them.
  check_mode:
    support: full
    details: The package lists are read again where they don't suffice, into a folder of its own.
  diff_mode:
    support: full
    details: Lists the packages before and after.
"""

EXAMPLES = r"""
- name: Install nginx, and let it not serve before it is configured
  yitiji.deepseek.managed_packages:
    owner: gateway
    names: [nginx=1.22.*, openssl]
    mask_units: [nginx.service]

- name: Remove what was not there before
  yitiji.deepseek.managed_packages:
    owner: gateway
    state: absent
"""

RETURN = r"""
installed:
  description: Packages that were missing, as they were written.
  returned: always
  type: list
  elements: str
  sample: [nginx=1.22.*]
upgraded:
  description: Packages that were there in another version and changed it.
  returned: always
  type: list
  elements: str
  sample: []
removed:
  description: Packages that were removed.
  returned: always
  type: list
  elements: str
  sample: [nginx, nginx-common]
restored:
  description: Packages that were installed again because the owner's had displaced them.
  returned: always
  type: list
  elements: str
  sample: [systemd-timesyncd]
kept:
  description: Packages of this owner that stay because packages of somebody else depend on them.
  returned: always
  type: list
  elements: str
  sample: []
held:
  description: Packages that are now held.
  returned: always
  type: list
  elements: str
  sample: []
unheld:
  description: Packages whose hold was lifted.
  returned: always
  type: list
  elements: str
  sample: []
versions:
  description: >-
    Versions of the packages asked for, as installed; with V(offered) also of what other owners have, and instead the
    version that would be installed where that is another. In check mode V(latest) tells newer ones, too.
  returned: always
  type: dict
  sample: {nginx: 1.22.1-9+deb12u3}
unmasked:
  description: Units that a killed run had left masked, or that were masked as long as the packages were there.
  returned: always
  type: list
  elements: str
  sample: []
"""

import os
import shutil
import signal
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import commands
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import manager as managers
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as records
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import environment
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.kinds import manager_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.masks import Masks
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.offered import Ask, offered
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.owner import Owner, Result, Wanted

SEARCHED = environment()["PATH"]
LOCK = "run/lock/yitiji-packages"
HOW: Dict[str, Any] = {
    "default_release": {"type": "str", "default": ""},
    "allow_downgrade": {"type": "bool", "default": False},
    "allow_change_held": {"type": "bool", "default": False},
    "install_recommends": {"type": "bool", "default": False},
    "latest": {"type": "bool", "default": False},
}
BESIDE = {"conflicts": {"type": "list", "elements": "str", "default": []}}
ASK = {"owner": {"type": "str", "required": True}, "names": {"type": "list", "elements": "str", "required": True}}


class Stopped(Exception):
    """Somebody told this module to stop."""


class Commands:
    """Runs commands to their end, also when told to stop: half an installation is worse than a late answer.

    The package manager alone is told: it stops while it downloads, and finishes what dpkg or rpm has begun.
    """

    def __init__(self) -> None:
        self.stopped, self.pid = False, 0
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self, argv: List[str], seconds: float) -> Tuple[int, str]:
        if self.stopped:
            raise Stopped
        status, said = commands.stream(argv, seconds, lambda _line: None, environment(), self._started)
        self.pid = 0
        if self.stopped:
            raise Stopped
        return status, said

    def _started(self, pid: int) -> None:
        self.pid = pid

    def _stop(self, _number: int, _frame: Any) -> None:
        self.stopped = True
        if self.pid:
            os.kill(self.pid, signal.SIGINT)


def reload_systemd() -> None:
    commands.run(["systemctl", "daemon-reload"], 60)


def choose(run: Commands, params: Dict[str, Any]) -> managers.Manager:
    """The node's package manager."""
    name = managers.of_node(read_text("/etc/os-release"), lambda command: shutil.which(command, path=SEARCHED))
    return manager_of(name, run.run, params["timeout"], params["lock_timeout"])


def looked(module: AnsibleModule, manager: managers.Manager) -> Result:
    """Refuses what can't be installed, of one owner or of several."""
    rows = module.params["asks"] or [module.params]
    asks = [Ask(row["owner"], row["names"], managers.how(row), row["conflicts"], row["latest"]) for row in rows]
    answer = offered(manager, module.params["state_dir"], asks, module.params["locked"])
    looks = answer.missing or any(ask.latest for ask in asks)
    sources = [trouble.refusal() for trouble in manager.troubles()] if looks else []
    if answer.refusals:  # the sources that fail come first: they are most often why
        told = [*sources, *answer.refusals]
        fail(module, told[0], msg="\n".join(refusal.message() for refusal in told))
    for source in sources:
        module.warn(source.message())
    if answer.missing and manager.user():
        module.warn(Refusal("LLM158", holder=manager.user(), seconds=module.params["lock_timeout"]).message())
    return Result(False, installed=answer.missing, versions=answer.versions)


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "owner": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "asks": {"type": "list", "elements": "dict", "default": [], "options": {**ASK, **BESIDE, **HOW}},
            "state": {"type": "str", "choices": ["present", "latest", "offered", "absent"], "default": "present"},
            **BESIDE,
            **HOW,
            "locked": {"type": "dict", "default": {}},
            "update_cache": {"type": "bool", "default": True},
            "hold": {"type": "bool"},
            "mask_units": {"type": "list", "elements": "str", "default": []},
            "mask_until": {"type": "str", "choices": ["installed", "removed"], "default": "installed"},
            "purge": {"type": "bool", "default": False},
            "state_dir": {"type": "path", "default": "/var/lib/yitiji"},
            "lock_timeout": {"type": "int", "default": 300},
            "timeout": {"type": "int", "default": 3600},
            "unit_root": {"type": "path", "default": "/"},
        },
        supports_check_mode=True,
    )
    params = module.params
    folder = os.path.join(params["state_dir"], records.FOLDER)
    wanted = Wanted(
        names=params["names"],
        latest=params["state"] == "latest",
        options=managers.how(params),
        refresh=params["update_cache"],
        hold=params["hold"],
        mask_units=params["mask_units"],
        keep_masked=params["mask_until"] == "removed",
        **{name: params[name] for name in ("purge", "conflicts", "locked")},
    )
    run = Commands()

    def work() -> Dict[str, Any]:
        manager = choose(run, params)
        if params["state"] == "offered":
            return looked(module, manager)._asdict()
        masks = Masks(os.path.join(folder, "masked-units"), reload_systemd, params["unit_root"])
        owner = Owner(manager, masks, params["state_dir"], params["owner"], module.check_mode)
        return (owner.absent if params["state"] == "absent" else owner.present)(wanted)._asdict()

    try:
        if module.check_mode or params["state"] == "offered":
            result = work()
        else:
            with managers.alone(run.run, os.path.join(params["unit_root"], LOCK), params["lock_timeout"]):
                result = work()
    except Refusal as refusal:
        fail(module, refusal)
    except Stopped:
        fail(module, Refusal("LLM148"))
    module.exit_json(diff={"before": result.pop("before"), "after": result.pop("after")}, **result)


if __name__ == "__main__":
    main()
