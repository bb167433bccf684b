# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the roles' answers to what is fetched, and from a bundle to a node's settings."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, use
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import weights_of

from tests.unit.module_utils._bundle.samples import BUNDLE, HOLDS, NODE, ROCKY


def test_wants_each_thing_once():
    needs = [
        {"target": "t", "role": "docker", "packages": ["a", "b"]},
        {"target": "t", "role": "docker", "packages": ["b", "c"]},
        {
            "target": "t",
            "role": "engine",
            "images": [{"ref": "i", "id": "1", "archives": [{"url": "u"}], "entrypoint": []}],
        },
        {"target": "u", "role": "engine", "images": [{"ref": "i", "id": "1"}]},
        {"target": "t", "role": "weights", "models": [{"id": "m", "include": ["x"]}]},
        {"target": "t", "role": "weights", "models": [{"id": "m", "include": ["y"]}]},
        {"target": "t", "role": "ollama", "downloads": [{"name": "ollama", "url": "u"}]},
    ]
    found = use.wants(needs)
    assert found["packages"] == [{"target": "t", "role": "docker", "names": ["a", "b", "c"]}]
    assert [(image["ref"], image["archives"]) for image in found["images"]] == [("i", [{"url": "u"}])]
    assert found["models"][0]["include"] == ["x", "y"] and len(found["downloads"]) == 1


def test_settings_of_a_node(tmp_path):
    (tmp_path / "apt/bookworm-amd64").mkdir(parents=True)
    (tmp_path / "apt/bookworm-amd64/key.asc").write_text("KEY")
    told = {"made": "x", "targets": [dict(BUNDLE.targets[0])], "holds": HOLDS}
    found = use.use(told, NODE, "http://c:1", "/n", str(tmp_path), {"vllm-cpu": {"ref": "r"}})
    assert found["archives"] == [{"url": "http://c:1/images/a.tar"}]
    assert found["images"] == {"vllm-cpu": {"ref": "r", "id": "sha256:1"}}
    assert found["files"][0] == {"name": "apt.conf", "content": apt.node_configuration("/n")}
    assert [file["content"] for file in found["files"]][1:] == [
        "deb [signed-by=/n/key.asc] http://c:1/apt/bookworm-amd64/ ./\n",
        "KEY",
    ]
    assert use.problem(told, "h", NODE, None) == []
    assert [row["rule"] for row in use.problem(told, "h", {**NODE, "version": "13"}, None)] == ["LLM917"]
    plan = {
        "images": [{"ref": "z", "id": None}],
        "model": {"id": "a/b"},
        "models_beside": [],
        "engine": {"name": "ollama"},
        "release": {"version": "9"},
    }
    assert "z, ollama 9" in use.problem(told, "h", None, plan)[0]["reason"]["en"]


def test_a_node_that_is_only_declared():
    gpus = {
        "h20": {"vendor": "nvidia", "capability": "9.0", "nvlink": True, "pci_ids": ["10de:2329"]},
        "npu": {"vendor": "huawei"},
    }
    target = {"distribution": "debian", "version": "12"}
    node = use.pretended(target, {"gpus": [{"model": "h20", "count": 8}]}, gpus)
    assert len(node["gpus"]) == 8 and node["gpus"][0]["architecture"] == "Hopper" and node["nvswitch"]
    assert use.pretended(target, {"gpus": [{"model": "npu", "count": 8}]}, gpus)["gpus"] == []
    assert use.pretended(target, {}, gpus)["os"] == {"id": "debian", "version": "12"}


def test_the_list_that_the_nodes_were_told_is_the_signed_one():
    bundle, weights = BUNDLE, weights_of(BUNDLE)
    model = next(iter(weights))
    rows = [{"path": path, "size": 1, "sha256": sha256} for path, sha256 in weights[model].items()]
    plan = {"model": {"id": model, "manifest": {"files": rows}}, "models_beside": [], "images": []}
    assert weights == {"a/b": {"配置 1.json": "b" * 64}}
    told = {"targets": [], "holds": bundle.holds, "made": "", "weights": weights}
    assert rows and use.problem(told, "h", None, plan) == []
    rows[0]["sha256"] = "f" * 64
    found = use.problem(told, "h", None, plan)
    assert [row["rule"] for row in found] == ["LLM643"] and rows[0]["path"] in found[0]["reason"]["en"]
    rows[0] = {"path": "more.json", "size": 1, "sha256": ""}
    assert use.problem(told, "h", None, plan)[0]["rule"] == "LLM643"
    plan["model"]["manifest"] = None
    assert use.problem(told, "h", None, plan) == []


def test_settings_of_a_node_with_dnf(tmp_path):
    (tmp_path / "dnf/rocky-9-amd64").mkdir(parents=True)
    (tmp_path / "dnf/rocky-9-amd64/key.asc").write_text("KEY")
    told = {"made": "x", "targets": [dict(BUNDLE.targets[0]), ROCKY], "holds": HOLDS}
    node = {"distribution": "rocky", "version": "9", "architecture": "x86_64"}
    found = use.use(told, node, "http://c:1", "/n", str(tmp_path), {})
    assert [file["name"] for file in found["files"]] == ["repos/yitiji-bundle.repo", "key.asc"]
    assert "baseurl=http://c:1/dnf/rocky-9-amd64/" in found["files"][0]["content"]
    assert found["environment"] == {"YITIJI_DNF": "/n", "no_proxy": "*", "NO_PROXY": "*"}
    assert found["folders"] == ["repos", "cache"]
    assert found["refresh"][:3] == ["dnf", "-y", "-q"] and "--setopt=reposdir=/n/repos" in found["refresh"]
    apt = use.use(told, NODE, "http://c:1", "/n", str(tmp_path), {})
    assert apt["refresh"][0] == "apt-get" and "YITIJI_DNF" not in apt["environment"]


DATA = {
    "manager": "dnf",
    "packages": {"nginx": ["nginx"], "njs": ["nginx-module-njs"], "age": ["age"], "docker": None},
    "sources": {"nginx": "nginx", "njs": "nginx", "age": "epel", "docker": None},
    "repositories": {
        "nginx": {"base": "http://n", "url": "http://n/9", "key_url": "http://n/key", "fingerprints": ["F"]},
        "epel": {"url": "http://e", "key_url": "http://e/key", "fingerprints": ["E"]},
    },
}


def test_repositories_are_those_of_the_packages():
    def named(**need):
        rows = use.wants([{"target": "t", "role": "r", "distribution": DATA, **need}])["repositories"]
        return [(row["target"], row["name"], row["url"]) for row in rows]

    assert named(packages=["nginx", "nginx-module-njs"]) == [("t", "nginx", "http://n/9")]
    assert named(packages=["nginx=1:1.26*", "age"]) == [("t", "nginx", "http://n/9"), ("t", "epel", "http://e")]
    assert named(packages=["chrony"]) == [] and named() == []
    mirror = [{"name": "nginx", "url": "http://mirror/9"}]
    assert named(packages=["nginx", "age"], repositories=mirror)[0] == ("t", "nginx", "http://mirror/9")
    # with apt a role has said it all; what it does not name is in the target's `sources`
    data = {**DATA, "manager": "apt"}
    assert named(packages=["nginx", "age"], distribution=data, repositories=mirror) == [
        ("t", "nginx", "http://mirror/9")
    ]
    assert named(packages=["nginx"], distribution=data, repositories=[]) == []
    assert named(packages=["nginx"], distribution=data) == [("t", "nginx", "http://n/9")]
    twice = [{"target": "t", "role": role, "distribution": DATA, "packages": ["nginx"]} for role in "ab"]
    assert len(use.wants(twice)["repositories"]) == 1
    assert use.wants([{"target": "t", "role": "bundle", "packages": ["nginx"]}])["repositories"] == []


def test_a_repository_brings_what_is_asked_of_it():
    def brings(**need):
        needs = [{"target": "t", "role": "r", "distribution": data, **need}]
        return {row["name"]: row["packages"] for row in use.wants(needs)["repositories"]}

    packages = {"docker": ["docker.io", "iptables"], "docker_vendor": ["docker-ce", "iptables"]}
    data = {**DATA, "manager": "apt", "packages": packages, "sources": {"docker_vendor": "docker"}}
    told = [{"name": "docker", "url": "http://d"}]
    assert brings(packages=["docker-ce=5:28*", "iptables"], repositories=told) == {"docker": ["docker-ce"]}
    assert brings(packages=["moby", "iptables"], repositories=told) == {"docker": ["moby", "iptables"]}, "as it is told"
    assert brings(packages=["iptables"]) == {}, "the distribution has it"
    asked = [{"target": "t", "role": role, "distribution": data, **need} for role, need in (
        ("bundle_packages", {"packages": ["docker-ce"]}), ("docker", {"packages": ["moby"], "repositories": told}),
    )]  # fmt: skip
    (row,) = use.wants(asked)["repositories"]
    assert (row["role"], row["url"], row["packages"]) == ("docker", "http://d", ["moby", "docker-ce"])
    assert "packages" not in told[0]


def test_what_a_drivers_versions_must_be_goes_with_its_packages():
    fits = {"version_of": "nvidia-smi", "branch": "535"}
    needs = [{"target": "t", "role": "nvidia_driver", "packages": ["nvidia-smi"], "driver": fits},
             {"target": "t", "role": "docker", "packages": ["docker.io"]}]  # fmt: skip
    assert [row.get("driver") for row in use.wants(needs)["packages"]] == [fits, None]


def test_releases_of_engines_come_from_the_bundle(tmp_path):
    download = {"name": "ollama", "version": "9", "path": "files/o.tgz", "sha256": "d" * 64, "bytes": 3}
    told = {"made": "x", "targets": [dict(BUNDLE.targets[0])], "holds": {**HOLDS, "downloads": [download]}}
    found = use.use(told, NODE, "http://c:1", "/n", str(tmp_path), {})["releases"]
    assert found == {"ollama": {"version": "9", "url": "http://c:1/files/o.tgz", "sha256": "d" * 64}}
    plan = {"model": {"id": "a/b"}, "models_beside": [], "engine": {"name": "ollama"}, "release": {"version": "9"}}
    assert use.problem(told, "h", None, plan) == []


@pytest.mark.parametrize(("capability", "family"), [
    ("12.0", "Blackwell"), ("10.0", "Blackwell"), ("9.9", "Hopper"), ("9.0", "Hopper"), ("8.9", "Ada Lovelace"),
    ("8.8", "Ampere"), ("8.0", "Ampere"), ("7.9", "Turing"), ("7.5", "Turing"), ("7.4", "Volta"), ("7.0", "Volta"),
    ("6.1", "Pascal"), ("6.0", "Pascal"), ("5.2", "Maxwell"), ("5.0", "Maxwell"),
])  # fmt: skip
def test_a_card_has_the_family_of_its_capability(capability, family):
    gpus = {"card": {"vendor": "nvidia", "capability": capability}}
    node = use.pretended({"distribution": "debian", "version": "12"}, {"gpus": [{"model": "card"}]}, gpus)
    assert [card["architecture"] for card in node["gpus"]] == [family]


def test_what_a_run_reports_at_its_end():
    kinds = {"tool": {"files": 1, "bytes": 1_000_000}, "weights": {"files": 12, "bytes": 2_500_000_000},
             "novel": {"files": 2, "bytes": 60_000}}  # fmt: skip
    made = {"kinds": kinds, "bytes": 2_501_060_000, "signer": "KEY", "changed": True, "volumes": ["a", "b"]}
    assert use.told(made, "/b", 61.4) == [
        "    2500.0 MB    12  weights / 模型权重", "       1.0 MB     1  scripts / 脚本",
        "       0.1 MB     2  novel / novel", "    2501.1 MB        /b: made / 已制作, 61 s",
        "签名公钥 / signed by: KEY", "分卷 / volumes: /b.volumes (2)",
    ]  # fmt: skip
    again = use.told({**made, "changed": False, "volumes": []}, "/b", 0.6)
    assert again[3:] == ["    2501.1 MB        /b: unchanged / 无变化, 1 s", "签名公钥 / signed by: KEY"]
