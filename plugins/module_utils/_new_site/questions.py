# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about a new site: wording, defaults, and what each depends on."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.nodes import parts, plain

SOURCES = ("internet", "mirror", "bundle")


Raw = Mapping[str, Any]


class Known(NamedTuple):
    """What answers are compared with."""

    profiles: Mapping[str, Mapping[str, Any]]
    gpus: Mapping[str, Any]
    holds_bundle: Callable[[str], bool]
    taken: Callable[[str], bool]  # whether there is something at a path


class Question(NamedTuple):
    name: str
    text: Text
    default: Callable[[Raw, Known], str] = lambda given, known: ""
    wanted: Callable[[Raw, Known], bool] = lambda given, known: True
    required: bool = False


def profile_of(given: Raw, known: Known) -> Mapping[str, Any]:
    return known.profiles.get(plain(given.get("profile"))) or {}


def source_of(given: Raw) -> str:
    return plain(given.get("source")) or SOURCES[0]


def of_cpus(given: Raw, known: Known) -> bool:
    return profile_of(given, known).get("device") == "cpu"


def cards_of(given: Raw, known: Known) -> str:
    groups = (profile_of(given, known).get("hardware") or {}).get("gpus") or []
    return ", ".join(f"{group['model']}*{group.get('count', 1)}" for group in groups)


def _several(given: Raw, _known: Known) -> bool:
    return len(parts(given.get("nodes"))) > 1


QUESTIONS = (
    Question(
        "name",
        Text("Name of the site, for example campus", "站点名称，例如 campus"),
        required=True,
    ),
    Question("profile", Text("Profile, one of {profiles}", "档位，可选 {profiles}"), required=True),
    Question(
        "gpus",
        Text("Cards of each node, as model*number", "每个节点的显卡，写成 型号*数量"),
        default=cards_of,
        wanted=lambda given, known: not of_cpus(given, known),
    ),
    Question(
        "memory_gib",
        Text("Main memory of each node in GiB", "每个节点的内存，单位 GiB"),
        default=lambda given, known: "24",
        wanted=of_cpus,
    ),
    Question(
        "nodes",
        Text(
            "Nodes, {count} for this profile, as name=address, the head first: gpu01=10.0.0.11 gpu02=10.0.0.12; "
            "gpu01=local for this machine",
            "节点（该档位为 {count} 个），写成 名称=地址，首节点在前：gpu01=10.0.0.11 gpu02=10.0.0.12；"
            "控制机自身写 gpu01=local",
        ),
        required=True,
    ),
    Question(
        "user",
        Text("User for SSH (sudo is used unless it is root)", "SSH 用户（非 root 时使用 sudo）"),
        lambda given, known: "root",
    ),
    Question(
        "admin_networks",
        Text("Networks from which SSH stays open (empty: all)", "允许 SSH 登录的网段（留空表示全部）"),
    ),
    Question(
        "data_addresses",
        Text(
            "Addresses in the network between the nodes, in the nodes' order (empty: the same)",
            "节点间网络的地址，按节点顺序填写（留空表示与上面相同）",
        ),
        wanted=_several,
    ),
    Question(
        "source",
        Text(
            "Where packages, images and weights come from: internet, mirror or bundle",
            "软件包、镜像与权重的来源：internet（互联网）、mirror（站内镜像）或 `bundle`（离线包）",
        ),
        lambda given, known: SOURCES[0],
    ),
    Question(
        "proxy",
        Text("Proxy of the site, for example http://10.0.0.1:3128 (empty: none)", "站点代理，例如 http://10.0.0.1:3128（留空表示没有）"),
        wanted=lambda given, known: source_of(given) == "internet",
    ),
    Question(
        "mirror_hub",
        Text("Mirror of ModelScope (empty: ModelScope itself)", "ModelScope 镜像地址（留空表示 ModelScope 本身）"),
        wanted=lambda given, known: source_of(given) == "mirror",
    ),
    Question(
        "mirror_registry",
        Text("Mirror of container registries (empty: none)", "容器镜像仓库的镜像地址（留空表示没有）"),
        wanted=lambda given, known: source_of(given) == "mirror",
    ),
    Question(
        "mirror_packages",
        Text("Mirror of Docker's packages (empty: Docker's own)", "Docker 软件包的镜像地址（留空表示 Docker 官方）"),
        wanted=lambda given, known: source_of(given) == "mirror",
    ),
    Question(
        "bundle",
        Text("Folder of the offline bundle on this machine", "控制机上的离线包目录"),
        wanted=lambda given, known: source_of(given) == "bundle",
        required=True,
    ),
    Question(
        "bundle_signer",
        Text(
            "Public key of the bundle's maker (empty: keys known to this machine)",
            "离线包制作方的公钥（留空表示控制机已知的公钥）",
        ),
        wanted=lambda given, known: source_of(given) == "bundle",
    ),
    Question(
        "path",
        Text("Folder to write the inventory to", "清单写入的目录"),
        lambda given, known: "" if empty(given.get("name")) else f"inventories/{plain(given['name'])}",
    ),
    Question(
        "preflight",
        Text(
            "Check the nodes now (preflight; changes nothing)? yes or no",
            "现在就检查节点吗（预检，不作任何改动）？yes 或 no",
        ),
        lambda given, known: "no",
    ),
)  # fmt: skip
BY_NAME = {question.name: question for question in QUESTIONS}


def wording(question: Question, given: Raw, known: Known) -> Text:
    """The question with what is known already."""
    wanted = (profile_of(given, known).get("hardware") or {}).get("nodes", 1)
    return question.text.filled({"profiles": sorted(known.profiles), "count": wanted})


def empty(value: Any) -> bool:
    return value in (None, [], {}) or (isinstance(value, str) and not plain(value))
