# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ModelScope hub: lab/hub/hub.py in the lab's network, serving the model and the image archive."""

from __future__ import annotations

import subprocess
import sys
import time

from . import model, net
from .config import GATEWAY, HUB_PORT, REPO, Lab
from .shell import LabError, run, step

URL = f"http://{GATEWAY}:{HUB_PORT}"


def start(lab: Lab) -> None:
    pidfile = lab.run / "hub.pid"
    with step(f"ModelScope hub {URL}") as s:
        if net.alive(pidfile, "hub.py"):
            return s.reused("up")
        with (lab.run / "hub.log").open("a") as log:
            p = subprocess.Popen(
                [*net.inside(lab), sys.executable, str(REPO / "lab/hub/hub.py"), "--root", str(lab.models),
                 "--host", GATEWAY, "--port", str(HUB_PORT), "--files", str(lab.images)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        pidfile.write_text(str(p.pid))
        until = time.monotonic() + 10
        while time.monotonic() < until:
            probe = f"{URL}/api/v1/models/{model.ID}/repo/files?Revision=master&Recursive=True"
            if run(*net.inside(lab), "curl", "-fsS", "-m", "2", probe, check=False).returncode == 0:
                return None
            if p.poll() is not None:
                break
            time.sleep(0.1)
        raise LabError(f"the hub does not answer: {(lab.run / 'hub.log').read_text().strip()[-300:]}")
