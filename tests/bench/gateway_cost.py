#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway's limits cost of the time to the first token: through the site as it is, and as it is without them.

    gateway_cost.py NODE ADDRESS MODEL [ROUNDS]     (a lab node with a gateway; YITIJI_LAB names the lab)

A second nginx on the node has the site without its limits, on other ports, for the time of the run. Requests go to one
and the other in an order that chance makes, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
import labctl

PLAIN, WARM = 9443, 10
FOLDER = "/run/yitiji-bench"
MAIN = f"""user www-data;
worker_processes auto;
pid {FOLDER}/nginx.pid;
error_log {FOLDER}/error.log;
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections 4096; }}
http {{ include /etc/nginx/mime.types; access_log off; include {FOLDER}/site.conf; }}
"""
LIMITS = re.compile(r"^\s*((limit_req|limit_conn)(_status|_zone)?|client_body_in_single_buffer)\s.*;$", re.MULTILINE)


def plain(site: str) -> str:
    """The site without what it limits: a request to the API goes to the engine as it comes."""
    engine = re.search(r"location @yitiji_model_0 \{\n(.*?)\n\s*\}", site, re.DOTALL)
    assert engine, "no engine in the site"
    lines = engine[1].splitlines()
    straight = "\n".join(line for line in lines if "error_page" not in line and "access_log" not in line)
    site = LIMITS.sub("", site)
    site = re.sub(r"^\s*js_content yitiji\.ask;$", lambda _: straight, site, flags=re.MULTILINE)
    site = re.sub(r"client_body_buffer_size \w+;", "client_body_buffer_size 1m;", site)
    site = re.sub(r"listen (\[::\]:)?443 ", lambda m: f"listen {m[1] or ''}{PLAIN} ", site)
    site = re.sub(r"listen (\[::\]:)?80 ", lambda m: f"listen {m[1] or ''}{PLAIN + 1} ", site)
    return re.sub(r"listen [0-9.]+:(\d+);", f"listen 127.0.0.1:{PLAIN + 2};", site)


# Runs in the lab's network: seconds from the request to the first piece; connections stay open, as an SDK keeps them.
CLIENT = r"""
import http.client, json, ssl, sys, time
job = json.load(sys.stdin)
context = ssl._create_unverified_context()
doors = [http.client.HTTPSConnection(job["address"], port, timeout=60, context=context) for port in job["ports"]]
for order in job["order"]:
    for number in order:
        began = time.perf_counter()
        doors[number].request("POST", "/v1/chat/completions", job["body"], job["headers"])
        answer = doors[number].getresponse()
        line = answer.readline()
        took = time.perf_counter() - began
        answer.read()
        if answer.status != 200 or not line.startswith(b"data:"):
            sys.exit(f"{job['ports'][number]}: {answer.status} {line[:200]}")
        print(number, took, flush=True)
"""


def measure(node: str, address: str, body: dict[str, object], key: str, rounds: int) -> dict[str, float]:
    """Medians in milliseconds, what the limits add in percent, and how far two connections to the same door differ."""
    site = plain(labctl.node("cat /etc/nginx/conf.d/yitiji.conf", node))
    guarded = f"nft insert rule inet yitiji services tcp dport {PLAIN} accept 2>/dev/null"
    for name, text in (("nginx.conf", MAIN), ("site.conf", site)):
        put = [labctl.LAB, "ssh", node, f"mkdir -p {FOLDER} && cat >{FOLDER}/{name}"]
        subprocess.run(put, input=text, text=True, check=True, timeout=60)
    labctl.node(f"nginx -t -q -c {FOLDER}/nginx.conf && nginx -c {FOLDER}/nginx.conf && {{ {guarded} || :; }}", node)
    try:
        ports = [443, 443, PLAIN, PLAIN]
        order = [random.sample(range(4), 4) for _ in range(rounds + WARM)]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        job = {"address": address, "ports": ports, "order": order, "body": json.dumps(body), "headers": headers}
        done = subprocess.run(
            [labctl.LAB, "run", sys.executable, "-c", CLIENT],
            input=json.dumps(job), capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    finally:
        rules = f"nft -a list chain inet yitiji services 2>/dev/null | sed -n 's/.*{PLAIN}.*handle //p'"
        undo = f"for one in $({rules}); do nft delete rule inet yitiji services handle $one; done"
        labctl.node(f"kill $(cat {FOLDER}/nginx.pid); {undo}; rm -rf {FOLDER}", node, check=False)
    rows = [line.split() for line in done.stdout.splitlines()][4 * WARM :]
    took = [[1000 * float(seconds) for number, seconds in rows if number == str(door)] for door in range(4)]
    limited, free = statistics.median(took[0] + took[1]), statistics.median(took[2] + took[3])
    apart = max(abs(statistics.median(took[one]) - statistics.median(took[one + 1])) for one in (0, 2))
    return {
        "requests": len(rows),
        "with_limits_ms": round(limited, 3),
        "without_ms": round(free, 3),
        "cost_percent": round(100 * (limited - free) / free, 2),
        "noise_percent": round(100 * apart / free, 2),
    }


if __name__ == "__main__":
    name, where, model = sys.argv[1:4]
    ask = {"model": model, "stream": True, "max_tokens": 8, "messages": [{"role": "user", "content": "你好"}]}
    keys = "cd /etc/yitiji/secrets; cat gateway-key-load 2>/dev/null || cat gateway-key-default"
    secret = labctl.node(keys, name)
    print(json.dumps(measure(name, where, ask, secret.strip(), int(sys.argv[4]) if len(sys.argv) > 4 else 300)))
