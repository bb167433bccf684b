#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once per site: one node fetches from the hub, the others from nodes that have it. Against rsync after the fact.

    weights_fanout.py [--rounds 3] [--nodes 4] [--mib 1024] [--files 16] [--rate 8000000] [--dir /dev/shm]

All nodes are directories of this machine. The hub gives each connection --rate bytes per second, as a line to the
internet does; between nodes there is no limit but the machine. Needs weights-setup.sh to have run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

from weights import CACHE, MODEL, REPO, Bench, stop

PORT = 18900
PYTHON = """
import sys, json
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.download import Weights
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request
outcome = Weights(Request(**json.loads(sys.argv[1]))).run()
print(json.dumps(outcome.result()))
"""


class Fanout(Bench):
    def node(self, number):
        return self.base / f"node{number}"

    def identity(self):
        """Key and certificate of all nodes here, which have one address; role weights makes one for each."""
        path = self.base / "identity.pem"
        if not path.exists():
            words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=bench"
            words += f" -addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {path}.crt"
            subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
            path.write_text(path.read_text() + (self.base / "identity.pem.crt").read_text())
        return path

    def nginx(self, number):
        """Serves one node's directory, as roles/weights/templates/share.conf.j2 does."""
        work = self.base / f"nginx{number}"
        work.mkdir(exist_ok=True)
        self.node(number).mkdir(exist_ok=True)
        (work / "conf").write_text(
            f"daemon off; worker_processes 1; pid {work}/pid; error_log {work}/log; user root;\n"
            "events { worker_connections 512; }\n"
            f"http {{ access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;\n"
            f"client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;\n"
            f"uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;\n"
            f"server {{ listen 127.0.0.1:{PORT + number} ssl; ssl_protocols TLSv1.3; ssl_buffer_size 64k;\n"
            f"ssl_certificate {self.identity()}; ssl_certificate_key {self.identity()};\n"
            f"ssl_client_certificate {self.identity()}; ssl_verify_client on; root {self.node(number)}; }} }}\n"
        )
        return subprocess.Popen(
            [str(CACHE / "tools/usr/sbin/nginx"), "-p", str(work), "-c", str(work / "conf")],
            env=self.aria_env,
            stderr=subprocess.DEVNULL,
        )

    def launch(self, number, **more):
        env = dict(os.environ, PYTHONPATH=str(REPO / ".collections"))
        request = {"model": MODEL, "dest": str(self.node(number)), "endpoint": self.endpoint, **more}
        return subprocess.Popen(
            [sys.executable, "-c", PYTHON, json.dumps(request)], env=env, stdout=subprocess.PIPE, text=True
        )

    def clean(self):
        for number in range(self.options.nodes):
            shutil.rmtree(self.node(number), ignore_errors=True)
        urllib.request.urlopen(urllib.request.Request(self.endpoint + "/__reset", data=b"{}", method="POST")).read()

    def sent(self):
        with urllib.request.urlopen(self.endpoint + "/__log") as answer:
            rows = json.load(answer)["Data"]
        return sum(row["sent"] for row in rows if "/repo?" in row["url"])

    def shared(self, nodes):
        self.clean()
        servers = [self.nginx(number) for number in range(nodes)] if nodes > 1 else []
        time.sleep(0.3)
        try:
            begin = time.perf_counter()
            running = [self.launch(0)]
            for number in range(1, nodes):
                others = [f"https://127.0.0.1:{PORT + count}" for count in range(nodes) if count != number]
                known = {"identity": str(self.identity()), "peers": str(self.identity())}
                running.append(self.launch(number, source="mirror", mirrors=others, **known))
            for process in running:
                out = process.communicate()[0]
                if process.returncode or not json.loads(out)["verified"]:
                    raise SystemExit(f"a node failed: {out}")
            return time.perf_counter() - begin
        finally:
            for server in servers:
                stop(server)

    def rsync(self, nodes):
        """The first node fetches; then all others copy from it and hash what they got."""
        self.clean()
        begin = time.perf_counter()
        self.launch(0).communicate()
        tool = str(CACHE / "tools/usr/bin/rsync")
        copies = [
            subprocess.Popen(
                [tool, "-a", "-W", "--inplace", f"{self.node(0)}/", f"{self.node(number)}/"], env=self.aria_env
            )
            for number in range(1, nodes)
        ]
        for copy in copies:
            copy.wait()
        checks = [self.launch(number, verify="full") for number in range(1, nodes)]
        for check in checks:
            if not json.loads(check.communicate()[0])["verified"]:
                raise SystemExit("rsync brought something else")
        return time.perf_counter() - begin

    def run(self):
        options = self.options
        self.files(options.files, (options.mib << 20) // options.files)
        total = sum(path.stat().st_size for path in self.repo.iterdir())
        hub = self.hub("--rate", options.rate)
        try:
            walls = {"one node": [], "nginx": [], "rsync": []}
            shares = []
            for _round in range(options.rounds):
                walls["one node"].append(self.shared(1))
                walls["nginx"].append(self.shared(options.nodes))
                shares.append(self.sent() / total)
                walls["rsync"].append(self.rsync(options.nodes))
                print(
                    {key: round(found[-1], 2) for key, found in walls.items()}, f"origin {shares[-1]:.3f}", flush=True
                )
            median = {key: statistics.median(found) for key, found in walls.items()}
            alone = median["one node"]
            self.target("the origin sent / the repository", max(shares), 1.05)
            self.target(f"wall of {options.nodes} nodes / one node", median["nginx"] / alone, 1.6)
            added = (median["nginx"] - alone) / (options.nodes - 1)
            print(f"  each added node costs {added:.2f} s ({added / alone:.0%} of one node's time)")
            print(f"  rsync afterwards: {median['rsync'] / alone:.2f} x the time of one node")
        finally:
            stop(hub)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--rate", type=int, default=8_000_000)
    parser.add_argument("--dir", default="/dev/shm")
    bench = Fanout(parser.parse_args())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, in {bench.options.dir}", flush=True)
    try:
        bench.run()
    finally:
        shutil.rmtree(bench.base, ignore_errors=True)
    return 0 if all(bench.verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
