# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that gather what the planner needs from host variables."""

from __future__ import annotations

import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.address import https, reached_at
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import in_language
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.vendor import vendor
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def plan_nodes(hosts, hostvars):
    """Host names -> {name: {address, facts, hardware}} for serving_plan, in the order given."""
    nodes = {}
    for name in hosts:
        variables = hostvars[name]
        nodes[name] = {
            "address": variables.get("appliance_data_address") or reached_at(variables, name),
            "facts": variables.get("appliance_node") or {},
            "hardware": variables.get("appliance_hardware") or {},
        }
    return nodes


def plan_dir(deployment, groups, hostvars, host, name=".plans"):
    """A name beside the inventory of the deployment's head; without a file, where Ansible was started."""
    head = (groups.get(deployment) or [host])[0]
    beside = str(hostvars[head].get("inventory_dir") or "")  # a host of the command line: None, or its word
    return os.path.join(beside if os.path.isabs(beside) else os.getcwd(), name)


def node_address(variables, name):
    """By which users and peers reach a node, also in a task that is delegated to another machine."""
    return reached_at(variables, name)


def page_url(address, port):
    return https(address, port)


def reader_language(locale):
    """Chinese where the first value of LC_ALL, LC_MESSAGES and LANG that is set is Chinese; else both."""
    return "zh" if next(filter(None, locale), "").startswith("zh") else "both"


def appliance_vendor(given):
    """Whose product it is, with the logo's file as data."""
    try:
        return vendor(given)
    except Refusal as refusal:
        filter_fail(refusal)


def spoken(told, language):
    """A line in both languages, or a text by language, for readers of one."""
    return in_language(told, language)


class FilterModule:
    def filters(self):
        return refusing(
            {
                "appliance_vendor": appliance_vendor,
                "plan_nodes": plan_nodes,
                "plan_dir": plan_dir,
                "node_address": node_address,
                "page_url": page_url,
                "reader_language": reader_language,
                "spoken": spoken,
            }
        )
