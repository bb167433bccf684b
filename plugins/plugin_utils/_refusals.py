# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How actions and filters refuse: the one printed form, with the host's name in the inventory."""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Sequence, Union

from ansible.errors import AnsibleActionFail, AnsibleFilterError
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

Hosts = Union[str, Sequence[str]]


def failed(refusal: Refusal, hosts: Hosts) -> Dict[str, Any]:
    """The result of an action that refuses."""
    return {"failed": True, "msg": refusal.message(hosts), **refusal.as_dict(hosts)}


def action_fail(refusal: Refusal, hosts: Hosts) -> NoReturn:
    """The same, from deep within an action."""
    raise AnsibleActionFail(refusal.message(hosts), result=refusal.as_dict(hosts)) from refusal


def filter_fail(refusal: Refusal, hosts: Hosts = "") -> NoReturn:
    """A filter knows no host; Ansible names it beside the message."""
    raise AnsibleFilterError(refusal.message(hosts)) from refusal
