# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_open
short_description: Decrypt and judge a backup on the controller
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Decrypts a backup with an identity that never leaves the controller, and reads every byte of it. What is damaged or
    holds anything but the files of a backup (LLM712), can't be opened (LLM742), has another digest than was told
    (LLM749), or can't be used by this appliance (LLM722, LLM727, LLM729) is refused.
  - Runs on the controller and connects to nothing.
options:
  file:
    description: The backup on the controller, encrypted or not.
    type: path
    required: true
  identity:
    description: age's identity file on the controller; its content is read by age alone.
    type: path
    default: ""
  sha256:
    description: Digest of the file as it was printed when it was made. Empty asks for none.
    type: str
    default: ""
  image:
    description: The image that would go on with the data (C(ref)). Empty asks for none.
    type: dict
    default: {}
  admin:
    description: Address of the administrator, who must be one in the backup too.
    type: str
    default: ""
  config:
    description: The settings of the backup on the node. Empty asks for none.
    type: dict
    default: {}
  into:
    description: Folder on the controller for the archive in clear, which the caller removes. Empty keeps nothing.
    type: path
    default: ""
extends_documentation_fragment:
  - yitiji.deepseek.attributes.reads
  - yitiji.deepseek.attributes.controller
"""

EXAMPLES = r"""
- name: Judge a backup
  yitiji.deepseek.backup_open:
    file: backups/gpu01/appliance-20260101T020000Z.tar.gz.age
    identity: ~/backup-key.txt
"""

RETURN = r"""
path:
  description: The archive in clear; empty without O(into).
  returned: always
  type: str
  sample: /tmp/x/archive
summary:
  description: What the archive says of itself.
  returned: always
  type: dict
  sample: {host: gpu01, made_at: "2026-01-01T02:00:00Z", version: "0.12.4", secrets: [engine-key]}
"""
