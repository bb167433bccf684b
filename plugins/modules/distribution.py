#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: distribution
short_description: Tell which distribution a node has, and its own names for packages, units and paths
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Reads a node with one shell script, so no Python is needed there, and looks its distribution up in the catalogue
    (C(distributions)).
  - Refuses a distribution, a package manager or an architecture that is not served (LLM105), before anything is
    changed.
options:
  like:
    description:
      - The entry of the catalogue to use, whatever the node says that it is, for example V(rhel-9) for a derivative
        of it. Empty looks for the entry that fits.
    type: str
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.action
  - yitiji.deepseek.catalog
attributes:
  action:
    details: Runs the script over the node's connection and reads the catalogue.
"""

EXAMPLES = r"""
- name: Know the distribution
  yitiji.deepseek.distribution:
  register: found

- name: Show what nginx is called there
  ansible.builtin.debug:
    msg: "{{ found.distribution.packages.nginx }}"
"""

RETURN = r"""
distribution:
  description: The whole entry, with C(key), C(architecture) and C(package_architecture) of this node.
  type: dict
  returned: on success
  sample:
    key: debian-12
    name: Debian 12
    family: debian
    manager: apt
    tested: real
    architecture: x86_64
    package_architecture: amd64
    packages: {nginx: [nginx], njs: [libnginx-mod-http-js]}
    units: {chrony: chrony.service}
    paths: {nginx_sites: /etc/nginx/conf.d}
    commands: {grub: [update-grub]}
    users: {nginx: www-data}
rule:
  description: The id of the rule.
  type: str
  returned: failure
  sample: LLM105
"""
