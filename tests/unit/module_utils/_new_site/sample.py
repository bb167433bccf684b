# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a site that is right, and what they are compared with."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.questions import Known

PROFILES = {
    "basic": {"device": "cuda", "hardware": {"nodes": 1, "gpus": [{"model": "rtx-4090-24g", "count": 2}]}},
    "flagship": {"device": "cuda", "hardware": {"nodes": 2, "gpus": [{"model": "h20-96g", "count": 8}]}},
    "lab": {"device": "cpu"},
    "vendor": {"device": "cuda"},
}
GPUS = {"rtx-4090-24g": {}, "h20-96g": {}}
KNOWN = Known(PROFILES, GPUS, lambda folder: folder == "/media/bundle", lambda path: path == "inventories/taken")
BASIC = {"name": "office", "profile": "basic", "nodes": "gpu01=10.0.0.11"}
FLAGSHIP = {"name": "center", "profile": "flagship", "nodes": "gpu01=10.0.0.11 gpu02=10.0.0.12"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDpZ maker"
