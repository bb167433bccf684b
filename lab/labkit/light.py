# SPDX-License-Identifier: GPL-3.0-or-later
"""`make lab`: from nothing to a chat on a real node, then what the operator needs to know."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import gguf, hub, images, machine, model, moe, net, node, store
from .config import REPO, Lab
from .shell import LabError, lock, say, step

NODES = {"gpu01": (11, "bookworm")}  # the nodes of inventories/lab: name -> (last number of the address, base)
SITE = ("ansible-playbook", "site.yml", "-i", "inventories/lab")


def prepare(lab: Lab) -> None:
    """Everything that nodes need. Base trees and images are made in parallel."""
    machine.check(lab)
    machine.install_packages()
    with lock(lab.cache / "up.lock", "the lab's network and store"):
        net.up(lab)
        store.mount(lab)
    with step("lab model"):
        model.write(lab.models)
        gguf.write(lab.models)
        moe.write(lab.models)
    with ThreadPoolExecutor() as pool:
        bases, built = pool.submit(store.ensure_bases, lab), pool.submit(images.ensure, lab)
        bases.result()
        built.result()
    hub.start(lab)


def environment() -> dict[str, str]:
    """The controller's environment: the project's own Python tools first."""
    return dict(os.environ, PATH=f"{REPO / '.venv/bin'}:{os.environ['PATH']}")


def main(lab: Lab) -> int:
    t0 = time.monotonic()
    prepare(lab)
    for name, (octet, base) in NODES.items():
        with step(f"node {name}") as s:
            if not node.up(lab, name, octet, base):
                s.reused("up")
    if not (REPO / ".venv/bin/ansible-playbook").exists():
        raise LabError("ansible-playbook is missing: run make deps")
    say(f"==> {' '.join(SITE)}")
    t1 = time.monotonic()
    done = subprocess.run(SITE, cwd=REPO, env=environment(), check=False).returncode
    say(f"    {'done' if done == 0 else f'FAILED ({done})'}, {time.monotonic() - t1:.1f} s")
    if done == 0:
        _tell(lab, time.monotonic() - t0)
    return done


def _tell(lab: Lab, seconds: float) -> None:
    address = f"https://{node.get(lab, 'gpu01').address}/"
    lab_cli = Path("lab/lab")
    say(f"""
The lab is up ({seconds:.0f} s). 实验室已就绪。
  chat page / 对话页面        {address}
  from a browser here / 在运行实验室的电脑上用浏览器打开:
                              {lab_cli} forward gpu01     then https://127.0.0.1:8443/
  account / 账号              admin@appliance.local
  password / 密码             {lab_cli} ssh gpu01 cat /etc/yitiji/secrets/open-webui-admin
  nodes / 节点                {lab_cli} ls;  {lab_cli} ssh gpu01
  remove / 清除               make lab-down""")
