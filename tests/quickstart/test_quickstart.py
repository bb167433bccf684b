# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quickstart as a reader types it, online and offline, from bare machines to the first answer.

Online, the node's root has the reader's key; offline, root must not log in, and sudo wants a password.
"""

from __future__ import annotations

import json
import re
import subprocess

import labctl
import pytest
from labctl import node
from reading import SUDO, USER, WORD, YES, Terminal, bare, edit, put, site_facts, speaks_chinese, tree

SITE = "inventories/campus"
BUNDLE = {"/srv/bundle": f"/home/{USER}/bundle"}  # no root there: a folder that one can write
PASSWORD = (rf"{USER}@{labctl.ADDRESS}'s password: $", WORD)
ENTER = ("Enter file in which to save the key", "Enter passphrase", "Enter same passphrase again")
# What a question begins with, by its row in the page's table, and those that the table leaves at what is offered.
QUESTIONS = {
    "名称": "站点名称", "档位": "档位", "节点": "节点（", "SSH 用户": "SSH 用户", "SSH 来源网络": "允许 SSH 登录的网段",
    "软件来源": "软件包、镜像与权重的来源",
}  # fmt: skip
OFFERED = ("每个节点的内存", "容器镜像仓库的镜像", "Docker 软件包的镜像", "清单写入的目录", "现在就检查节点吗")
OURS = {"档位": "lab", "软件来源": "mirror", "SSH 来源网络": "10.77.0.0/24"}  # of the lab: no cards, no internet


def reached(desk: Terminal, page, root: bool) -> str:
    """Step 2: the kernel that the node tells."""
    desk.done(page.typed("ssh-keygen -t"), [(f"{words}[^\n]*: $", "") for words in ENTER])
    said = desk.done(page.typed("ssh-copy-id"), [YES, PASSWORD])
    shown = re.search(r"fingerprint is (SHA256:\S+?)\.?\s", said)
    assert shown and shown[1] in node("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"), said
    if not root:
        return desk.done(page.typed("ssh root@10.0.0.21 uname").replace("root@", f"{USER}@")).strip()
    desk.done(page.typed("ssh -t li@"))
    return desk.done(page.typed("ssh root@10.0.0.21 uname")).strip()


@pytest.fixture(scope="session", name="set_up")
def fixture_set_up(desk, page) -> Terminal:
    """Step 1."""
    for begin in ("sudo apt update", "sudo apt install openssh", "python3 -m venv", "pip install", "ansible-galaxy"):
        desk.done(page.typed(begin), [(r"\[[YJ]/n\] ?$", "")], seconds=900)
    put("desk", {"site/ansible.cfg": page.written("[ssh_connection]").text.encode()})
    return desk


@pytest.fixture(scope="session", name="kernel")
def fixture_kernel(set_up, page) -> str:
    """Step 2."""
    return reached(set_up, page, root=True)


@pytest.fixture(scope="session", name="planned")
def fixture_planned(set_up, page, kernel) -> Terminal:
    """Step 3, with the page's answers but for what a lab has not."""
    assert kernel == node("uname -r").strip()
    replies = {**page.answers(), **OURS, "节点": f"{labctl.NODE}={labctl.ADDRESS}"}
    asked = [(f"{begin}[^\n]*: \\s*$", replies[row]) for row, begin in QUESTIONS.items()]
    asked += [("ModelScope 镜像地址[^\n]*: \\s*$", labctl.HUB), *((f"{begin}[^\n]*: \\s*$", "") for begin in OFFERED)]
    said = set_up.done(page.typed("ansible-playbook yitiji.deepseek.new_site"), asked)
    assert all(begin in said for begin in QUESTIONS.values()), said
    set_up.done(f"mkdir {SITE}/group_vars")
    put("desk", {f"site/{SITE}/group_vars/appliances.yml": site_facts()})
    said = set_up.done(page.typed(f"ansible-playbook yitiji.deepseek.plan -i {SITE}"))
    assert "方案" in said and labctl.MODEL in said, said
    return set_up


def answered() -> None:
    """Somebody on the LAN signs in on the page, with the password that the page told to read, and asks."""
    assert "<html" in labctl.curl("-f", f"https://{labctl.ADDRESS}/")
    login = {"email": "admin@appliance.local", "password": node(f"cat {labctl.PASSWORD_FILE}").strip()}
    kind = ["-H", "Content-Type: application/json"]
    url = f"https://{labctl.ADDRESS}/api"
    token = json.loads(labctl.curl("-f", *kind, "-d", json.dumps(login), f"{url}/v1/auths/signin"))["token"]
    ask = {"model": "tiny-r1-distill", "stream": False, "messages": [{"role": "user", "content": "你是谁？"}]}
    headers = [*kind, "-H", f"Authorization: Bearer {token}"]
    told = json.loads(labctl.curl("-f", *headers, "-d", json.dumps(ask), f"{url}/chat/completions"))
    assert labctl.ANSWER in told["choices"][0]["message"]["content"], told


def deployed(desk: Terminal, page, more: str = "") -> None:
    """Steps 4 to 6."""
    for playbook in ("preflight", "site", "doctor"):
        said = desk.done(page.typed(f"ansible-playbook yitiji.deepseek.{playbook} -i {SITE}") + more, [SUDO], 1800)
        assert re.search(rf"^{labctl.NODE} +: .* unreachable=0 +failed=0 ", said, re.MULTILINE), said[-3000:]
        assert playbook != "site" or ("对话页面：https" in said and "chat page" not in said), "in one language"


def test_online_to_the_first_answer(planned, page):
    deployed(planned, page)
    told = planned.done(page.typed("ssh root@10.0.0.21 cat"))
    assert told.strip() == node(f"cat {labctl.PASSWORD_FILE}").strip()
    answered()
    assert "ca.crt" in labctl.curl("-f", f"https://{labctl.ADDRESS}/clients/")


@pytest.fixture(scope="session", name="bundle")
def fixture_bundle(planned, page, kernel) -> Terminal:
    """Made by its maker, refused first where the page says so."""
    planned.done(page.typed("sudo apt install gpg"), [(r"\[[YJ]/n\] ?$", "")], seconds=300)
    make = page.typed(f"ansible-playbook yitiji.deepseek.bundle -i {SITE} -e bundle_out=/srv/bundle", BUNDLE)
    status, said = planned.type(make, seconds=300)
    assert status != 0 and "LLM932" in said, said
    settings = page.written("bundle_targets").text.replace("jammy", "bookworm")
    edit("desk", settings.replace("5.15.0-105-generic", kernel))
    said = planned.done(make, seconds=1800)
    planned.done(page.typed("sh /srv/bundle/check.sh", BUNDLE), seconds=300)
    return planned


@pytest.fixture(scope="session", name="inside")
def fixture_inside(bundle, page) -> Terminal:
    """Another controller, in a room without internet: what is carried there, and steps 1 and 2 without a network."""
    signer = bundle.done("cat ~/.config/yitiji/bundle-key.pub").strip()
    bare(labctl.NODE)
    bare("inside")
    speaks_chinese("inside")
    disk = f"{tree('inside')}/srv/bundle"
    subprocess.run(["cp", "-a", "--reflink=auto", f"{tree('desk')}/home/{USER}/bundle", disk], check=True)
    put("inside", {".trial": b"export LANG=zh_CN.UTF-8; mkdir -p ~/site && cd ~/site\n"})
    carried = f"{labctl.LAB} ssh desk 'tar c -C ~{USER} site/inventories site/ansible.cfg'"
    subprocess.run(["sh", "-c", f"{carried} | {labctl.LAB} ssh inside 'runuser -l {USER} -c \"tar x\"'"], check=True)
    labctl.lab("egress", "off")
    labctl.hub_reset()
    assert "default" not in labctl.lab("run", "ip", "-4", "route")
    desk = Terminal("inside")
    said = desk.done(page.typed("sudo sh /srv/bundle/controller/install.sh"), [(r"输入 yes: ?$", "yes")], 900)
    print_of = node(f"echo '{signer}' | ssh-keygen -lf -", "inside").split()[1]
    assert print_of in said, "the fingerprint that the maker told"
    desk.done(page.typed(". ~/yitiji-controller"))
    kernel = reached(desk, page, root=False)
    assert kernel == node("uname -r").strip()
    settings = page.written("appliance_bundle_signer").text.replace("ssh-ed25519 AAAA...", signer.rpartition(" ")[0])
    edit("inside", f"{settings}\nansible_user: {USER}\nansible_become: true")
    return desk


def test_offline_to_the_first_answer(inside, page):
    deployed(inside, page, " -K")
    [told] = re.findall(r"不用 root 登录时：`([^`]+)`", page.text)
    said = inside.done(told.replace("li@10.0.0.21", f"{USER}@{labctl.ADDRESS}"))
    assert node(f"cat {labctl.PASSWORD_FILE}").strip() in said
    answered()
    asked = [request for request in labctl.hub_log() if "/api/v1/models/" in str(request) or "/files/" in str(request)]
    assert asked == [], "nothing came from the hub"
    status, said = inside.type(page.typed(f"ansible-playbook yitiji.deepseek.site -i {SITE}") + " -K", [SUDO], 1800)
    assert status == 0 and " changed=0 " in said, said[-3000:]
