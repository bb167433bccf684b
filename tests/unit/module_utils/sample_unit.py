# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan with one engine, and what its role adds."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import units as engine

ENV = {"VLLM_CPU_KVCACHE_SPACE": "1"}
HEAD = {
    "name": "yitiji-vllm", "serves": True, "rank": 0, "port": 8000, "url": "http://127.0.0.1:8000", "gpus": [0, 1],
    "args": ["/models/a/b", "--override", '{"temperature": 0.6}'], "env": ENV, "devices": [], "group": [],
}  # fmt: skip
OTHER = {
    **HEAD, "serves": False, "rank": 1, "port": None, "url": None, "gpus": [], "args": ["--headless"],
    "env": {**ENV, "VLLM_HOST_IP": "10.0.0.12"},
}  # fmt: skip
PLAN = {
    "engine": {"name": "vllm", "device": "cpu"},
    "container": {"shm_bytes": 2147483648, "models_mount": "/models"},
    "nodes": {"gpu01": {"units": [HEAD]}, "gpu02": {"units": [OTHER]}},
    "image": {"entrypoint": ["vllm", "serve"]},
    "run": {"key_variable": "VLLM_API_KEY", "secrets": {"VLLM_API_KEY": "engine-key"}},
}


ROLE = {
    "image": "sha256:abc",
    "user": 10001,
    "network": "yitiji",
    "command": [],
    "models_dir": "/srv/models",
    "cache_dir": "/var/cache/yitiji",
    "secrets_dir": "/etc/yitiji/secrets",
    "tmp_options": "rw,exec",
    "env": {"A": "b"},
}


def settings_of(plan, role=None, host="gpu01"):
    return engine.engine_settings(plan, units_of(plan, host)[0], role or ROLE)
