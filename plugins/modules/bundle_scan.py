#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle_scan
short_description: List the known vulnerabilities of an offline bundle
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Has a scanner of the controller (Grype, else OWASP dep-scan) read the bundle's bill of materials, Grype its images
    too, and writes what it knows of beside the bundle, as C(.vulnerabilities.json). Without one it is refused (LLM933).
options:
  path:
    description: Folder of the bundle.
    type: path
    required: true
  database:
    description:
      - Folder of the scanner's database, or a tar of one. The network is not asked then.
      - Empty, the one in the bundle; where that has none, the scanner's own, which it may update.
    type: path
  limit:
    description: Something as severe as this is refused (LLM935). Empty, nothing is.
    type: str
    choices: ["", low, medium, high, critical]
    default: ""
  accepted:
    description: Vulnerabilities that do not count, each C(id) and C(reason).
    type: list
    elements: dict
    default: []
  timeout:
    description: Time limit in seconds, of the bill and of each image.
    type: int
    default: 3600
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.controller
  - yitiji.deepseek.attributes.no_diff
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Scan the bundle
  yitiji.deepseek.bundle_scan:
    path: /srv/bundle
    limit: critical
"""

RETURN = r"""
scanner:
  description: Which one it was.
  returned: success
  type: str
  sample: grype
findings:
  description: What it knows of, the worst first.
  returned: success
  type: list
  elements: dict
  sample: [{severity: high, id: CVE-2026-1, part: openssl 3.0.15, advice: Update to 3.0.16, image: ""}]
unseen:
  description: Archives of images that the scanner did not look into.
  returned: success
  type: list
  elements: str
  sample: []
lines:
  description: The same for people.
  returned: success
  type: list
  elements: str
  sample: [high  CVE-2026-1  openssl 3.0.15]
"""
