# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan with one engine, and what its role adds."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import units as engine

PLAN = {
    "engine": {"name": "vllm", "device": "cpu"},
    "args": ["/models/a/b", "--override", '{"temperature": 0.6}'],
    "env": {"VLLM_CPU_KVCACHE_SPACE": "1"},
    "service": {"unit": "yitiji-vllm", "host": "127.0.0.1", "port": 8000},
    "container": {"shm_bytes": 2147483648, "models_mount": "/models", "gpus": "all"},
    "nodes": {"gpu01": {"rank": 0, "head": True, "gpus": [0, 1]}, "gpu02": {"rank": 1, "head": False, "gpus": []}},
    "image": {"entrypoint": ["vllm", "serve"]},
    "run": {"key_variable": "VLLM_API_KEY"},
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
    return engine.engine_settings(plan, engine.plan_units(plan, host)[0], role or ROLE)
