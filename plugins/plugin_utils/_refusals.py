# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How actions and filters refuse: the one printed form, with the host's name in the inventory."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence, Union

from ansible.errors import AnsibleActionFail, AnsibleFilterError
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import refused
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import HOSTS_SHOWN, Refusal

Hosts = Union[str, Sequence[str]]


def failed(refusal: Refusal, hosts: Hosts) -> Dict[str, Any]:
    """The result of an action that refuses."""
    return {"failed": True, "msg": refusal.message(hosts), **refusal.brief(hosts)}


def deployment_failed(
    refusal: Refusal, deployment: str, nodes: List[str], task_vars: Optional[Mapping[str, Any]]
) -> Dict[str, Any]:
    """The same, where a whole deployment is refused: of several in a run, the message says which one it is."""
    hosts = nodes or [str((task_vars or {}).get("inventory_hostname", ""))]
    message = refusal.message("{}: {}".format(deployment, ", ".join(hosts[:HOSTS_SHOWN])))
    return {**failed(refusal, hosts), "msg": message}


def action_fail(refusal: Refusal, hosts: Hosts) -> NoReturn:
    """The same, from deep within an action."""
    result = refusal.brief(hosts)
    error = AnsibleActionFail(refusal.message(hosts), result=result)
    result.pop("exception", None)  # cores before 2.19 put a traceback there, and print it above the message
    raise error from None


def filter_fail(refusal: Refusal, hosts: Hosts = "localhost") -> NoReturn:
    """A filter runs on the controller, and knows another host only where it is told."""
    raise AnsibleFilterError(refusal.message(hosts)) from None


class _Frame(contextlib.ContextDecorator):
    """Stands above every action's `run`: what nobody in it caught is told as a refusal, never as a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: Optional[BaseException], _trace: Any) -> None:
        # An action itself runs on the controller, and touches its files alone.
        if isinstance(error, Refusal):
            action_fail(error, error.host or "localhost")
        if isinstance(error, OSError):
            action_fail(refused(error), "localhost")


framed = _Frame()


def refusing(filters: Mapping[str, Callable[..., Any]]) -> Dict[str, Callable[..., Any]]:
    """Filters whose refusals, wherever they come from, are told in the one form."""
    return {name: _told(function) for name, function in filters.items()}


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except Refusal as refusal:
            filter_fail(refusal)
        except OSError as error:
            filter_fail(refused(error))

    return call
