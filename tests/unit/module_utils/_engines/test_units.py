# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of nodes that compute together: one group, one key, each node its own part."""

from __future__ import annotations

import copy
import json
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import serving_units, units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import units as engine
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import group_words, node_env
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit as unit

from tests.unit.module_utils.sample_unit import HEAD, OTHER, settings_of
from tests.unit.module_utils.sample_unit import PLAN as SAMPLE_PLAN
from tests.unit.module_utils.sample_unit import ROLE as SAMPLE_ROLE

CLUSTER = {"executor": "mp", "head": "10.0.0.1", "port": 29500, "ray_port": None, "peers": [], "ports": []}
NODES = [Node(name, address, (), None, None, "facts") for name, address in (("a", "10.0.0.1"), ("b", "10.0.0.2"))]
HEALTH = "http://127.0.0.1:8000/health"


def own_unit(rank, args, devices=()):
    serves = rank == 0
    return {
        "name": "yitiji-vllm", "serves": serves, "rank": rank, "gpus": [0, 1], "args": args, "devices": list(devices),
        "port": 8000 if serves else None, "url": "http://127.0.0.1:8000" if serves else None,
        "env": {**node_env(NODES[rank], CLUSTER), "VLLM_CACHE_ROOT": engine.CACHE},
        "group": group_words(CLUSTER, NODES, rank, HEALTH),
    }  # fmt: skip


PLAN = {
    "engine": {"name": "vllm", "device": "cuda"},
    "run": {
        "key_variable": "VLLM_API_KEY",
        "health": "/health",
        "cache_variable": "VLLM_CACHE_ROOT",
        "secrets": {"VLLM_API_KEY": "engine-key"},
    },
    "container": {"shm_bytes": 1, "models_mount": "/models", "network": "host"},
    "image": {"entrypoint": ["vllm", "serve"]},
    "cluster": CLUSTER,
    "nodes": {
        "a": {"units": [own_unit(0, ["/models/x", "--tensor-parallel-size", "8"])]},
        "b": {"units": [own_unit(1, ["/models/x", "--headless"], ["/dev/infiniband"])]},
    },
}


ROLE = {
    "image": "sha256:abc", "user": 10001, "network": "yitiji", "command": [], "models_dir": "/srv/models",
    "cache_dir": "/var/cache/yitiji", "secrets_dir": "/etc/yitiji/secrets", "tmp_options": "rw", "env": {},
}  # fmt: skip


def words(host, plan=PLAN):
    return unit.container(engine.engine_settings(plan, plan["nodes"][host]["units"][0], ROLE))


def by_ray():
    plan = copy.deepcopy(PLAN)
    plan["cluster"].update(executor="ray", ray_port=6379)
    for node, (row,) in zip(NODES, (part["units"] for part in plan["nodes"].values())):
        row["env"].update(node_env(node, plan["cluster"]))
    return plan


def test_the_head_meets_its_peers_on_the_data_plane():
    made = words("a")
    group, run = made[: made.index("--")], made[made.index("--") + 1 :]
    assert group[:3] == engine.GROUP and run[0] == "/usr/bin/docker"
    assert group[group.index("--listen") + 1] == "10.0.0.1:29500"
    assert group[group.index("--peer") + 1] == "1=b=10.0.0.2"
    assert group[group.index("--health") + 1] == "http://127.0.0.1:8000/health"
    assert group[group.index("--token-file") + 1] == "/etc/yitiji/secrets/cluster-key"


def test_the_other_rank_knocks_at_the_head_and_has_its_own_arguments():
    made = words("b")
    assert made[made.index("--head") + 1] == "10.0.0.1:29500" and "--listen" not in made
    assert made[-1] == "--headless" and "VLLM_HOST_IP=10.0.0.2" in made
    assert made[made.index("--device") + 1] == "/dev/infiniband"


def test_what_an_engine_keeps_is_its_own():
    assert "type=bind,source=/var/cache/yitiji/yitiji-vllm,target=/cache" in words("a")
    assert "VLLM_CACHE_ROOT=/cache" in words("a")


def test_one_node_needs_no_group():
    plan = copy.deepcopy(PLAN)
    plan["cluster"], plan["nodes"]["a"]["units"][0]["group"] = None, group_words(None, NODES[:1], 0, HEALTH)
    assert words("a", plan)[0] == "/usr/bin/docker"


def test_ray_starts_in_the_container_with_a_token_and_without_a_dashboard():
    plan = by_ray()
    made = words("a", plan)
    script = made[made.index("-ec") + 1]
    assert script.startswith("ray start --node-ip-address 10.0.0.1 --num-gpus 2 ")
    assert "--head --port 6379 --include-dashboard false" in script and script.endswith('exec "$@"')
    assert made[made.index("-ec") + 3 :] == ["vllm", "serve", *PLAN["nodes"]["a"]["units"][0]["args"]]
    assert "RAY_AUTH_MODE=token" in made and "RAY_ADDRESS=10.0.0.1:6379" in made and "--init" in made
    assert not [word for word in made if word.startswith("RAY_AUTH_TOKEN")]


def test_a_ray_worker_waits_for_the_head_and_stays_in_front(tmp_path):
    made = words("b", by_ray())
    script = made[-1]
    assert "('10.0.0.1', 6379)" in script and "--address 10.0.0.1:6379 --block ||" in script
    assert "vllm" not in made
    _joins_again_while_the_head_is_slow(script, tmp_path)


def _joins_again_while_the_head_is_slow(script, folder):
    """The shell's own logic, with programs of that name that count: five quick failures, then the part gives up."""
    count = folder / "count"
    for name, text in (("python3", "exit 0"), ("sleep", "exit 0"), ("ray", f"echo x >> {count}; exit 1")):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    done = subprocess.run(["/bin/sh", "-ec", script], env={"PATH": f"{folder}:/usr/bin:/bin"}, check=False)
    assert done.returncode == 1 and len(count.read_text().splitlines()) == 5


def test_the_plans_environment_wins():
    role = {**SAMPLE_ROLE, "env": {"VLLM_CPU_KVCACHE_SPACE": "9"}}
    assert settings_of(SAMPLE_PLAN, role)["env"]["VLLM_CPU_KVCACHE_SPACE"] == "1"


def test_units_of_a_node():
    assert units_of(SAMPLE_PLAN, "gpu01") == serving_units(SAMPLE_PLAN) == [HEAD]
    assert units_of(SAMPLE_PLAN, "gpu02") == [OTHER]
    assert units_of(SAMPLE_PLAN, "elsewhere") == []


def test_a_nodes_own_arguments_and_environment_count():
    plan = copy.deepcopy(SAMPLE_PLAN)
    plan["container"]["network"] = "host"
    made = settings_of(plan, host="gpu02")
    assert made["args"] == ["vllm", "serve", "--headless"] and made["env"]["VLLM_HOST_IP"] == "10.0.0.12"
    assert made["env"]["VLLM_CPU_KVCACHE_SPACE"] == "1"


def test_an_independent_node_publishes_its_own_address():
    plan = copy.deepcopy(PLAN)
    plan["container"]["network"], plan["cluster"] = "bridge", None
    (row,) = plan["nodes"]["b"]["units"]
    row.update(serves=True, port=8000, url="http://10.0.0.2:8000", group=[])
    made = words("b", plan)
    assert made[made.index("--publish") + 1] == "10.0.0.2:8000:8000" and made.count("--publish") == 1
    assert made[made.index("--network") + 1] == "yitiji" and "engine-group" not in " ".join(made)


def test_engines_are_found_by_their_mark(tmp_path):
    (tmp_path / "yitiji-a.service").write_text("[Unit]\nX-Yitiji=engine\n")
    (tmp_path / "yitiji-b.service").write_text("[Unit]\nDescription=X-Yitiji=engine\n")
    (tmp_path / "other.service").write_text("[Unit]\nX-Yitiji=engine\n")
    assert engine.marked(str(tmp_path)) == ["yitiji-a"]


def copies(count, **changed):
    one = {"gpus": [0], "devices": [], "serves": True, "model": {"served_name": "m"}}
    return [{**one, "name": f"yitiji-vllm-{n}", "port": 8000 + n, "gpus": [n], **changed} for n in range(count)]


def standing(folder, units):
    for unit_row in units:
        place = json.dumps([unit_row["gpus"], unit_row["devices"], unit_row["port"], unit_row["model"]["served_name"]])
        (folder / f"{unit_row['name']}.service").write_text(f"[Unit]\n{engine.MARK}\n{engine.PLACE}{place}\n")


def test_copies_that_stay_where_they_are_restart_one_after_another(tmp_path):
    standing(tmp_path, copies(2))
    assert engine.rolling(str(tmp_path), copies(2), {"m": {"engines": 2}}) == ["yitiji-vllm-0", "yitiji-vllm-1"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (copies(1), copies(1)),
        (copies(2), copies(3)),
        (copies(3), copies(2)),
        (copies(2), copies(2, gpus=[0])),
        (copies(2), copies(2, model={"served_name": "other"})),
        (copies(2), copies(2, port=8000)),
        (copies(2, serves=False), copies(2, serves=False)),
    ],
)
def test_what_takes_anothers_place_restarts_at_once(tmp_path, before, now):
    standing(tmp_path, before)
    totals = {"m": {"engines": len([row for row in now if row["serves"]])}}
    assert engine.rolling(str(tmp_path), now, totals) == []


def test_the_only_copy_on_its_node_has_others_elsewhere(tmp_path):
    standing(tmp_path, copies(1))
    assert engine.rolling(str(tmp_path), copies(1), {"m": {"engines": 2}}) == ["yitiji-vllm-0"]


def test_units_of_an_earlier_version_restart_at_once(tmp_path):
    for unit_row in copies(2):
        (tmp_path / f"{unit_row['name']}.service").write_text(f"[Unit]\n{engine.MARK}\n")
    assert engine.rolling(str(tmp_path), copies(2), {"m": {"engines": 2}}) == []
