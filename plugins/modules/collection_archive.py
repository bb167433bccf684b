#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: collection_archive
short_description: Put this collection on a node as one archive
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Packs the collection and those it depends on, as they are on the controller, so that the node can apply the
    playbooks to itself. The same files give the same bytes.
options:
  path:
    description: Where the archive lies.
    type: path
    default: /usr/local/share/yitiji/collections.tar
  state:
    description: Whether it should be there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.action
attributes:
  check_mode:
    support: full
    details: Says whether the file would change.
  diff_mode:
    support: none
    details: The file is an archive, so no difference is shown.
  action:
    details: Packs the archive, and puts it on the node.
"""

EXAMPLES = r"""
- name: Leave the collection on the node
  yitiji.deepseek.collection_archive:
"""

RETURN = r"""
path:
  description: Where the archive lies.
  type: str
  returned: with O(state=present)
  sample: /usr/local/share/yitiji/collections.tar
checksum:
  description: SHA-1 of the file, as the copy module tells it.
  type: str
  returned: when known
  sample: 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
"""
