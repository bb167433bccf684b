# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that ask a hub for a model."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  model:
    description: Id of the model, C(owner/name).
    type: str
    required: true
  revision:
    description: Branch, tag or commit on the hub.
    type: str
    default: master
  endpoint:
    description: Address of the hub.
    type: str
    default: https://www.modelscope.cn
  ca_path:
    description: File with the certificates of your own authority.
    type: path
"""
