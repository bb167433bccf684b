# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes that serve one model together: they stand already (molecule's vllm_cluster, or site.yml by hand).

YITIJI_PAIR names them, the head first; YITIJI_KILLS is the number of kills in a row.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field

import labctl
import pytest

UNIT = "yitiji-vllm"
HEAD, WORKER = os.environ.get("YITIJI_PAIR", "gpu01 gpu02").split()
# Detection (10 s), systemd's pause (5 s) and the engine's own start, measured at the beginning; the rest is slack.
SLACK = 60


ASK = f"""
key=$(cat /etc/yitiji/secrets/engine-key)
printf 'header = "Authorization: Bearer %s"' "$key" | curl -s -K - -m SECONDS -o /tmp/.answer -w '%{{http_code}}' \\
  -H 'Content-Type: application/json' http://127.0.0.1:8000/v1/chat/completions -d 'BODY'
echo " $(grep -c '{labctl.ANSWER}' /tmp/.answer)"; rm -f /tmp/.answer
"""
BODY = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64}


def ask(seconds: int = 20) -> str:
    """A chat on the head: `200 1` when the model said what it says; `000 0` when nobody listens."""
    script = ASK.replace("SECONDS", str(seconds)).replace("BODY", json.dumps(BODY))
    return labctl.node(script, HEAD, check=False).strip()


KNOCK = """
printf 'header = "Authorization: Bearer %s"' "$(cat /etc/yitiji/secrets/gateway-key-default)" |
  curl -sk -K - -m 10 -o /dev/null -w '%{http_code}' https://127.0.0.1/v1/models
"""


def gateway() -> str:
    """What a team with a key is told at the one address."""
    return labctl.node(KNOCK, HEAD, check=False).strip()


@dataclass
class Pair:
    start_seconds: float = 0.0
    start_load: float = 0.0  # of this machine while that was measured
    told: list[str] = field(default_factory=list)

    def both(self, command: str) -> dict[str, str]:
        return {name: labctl.node(command, name, check=False).strip() for name in (HEAD, WORKER)}

    def processes(self) -> dict[str, str]:
        """Programs of the engine by node, without their numbers."""
        return self.both("ps -u 10001 -o comm= | sort | uniq -c | awk '{print $1, $2}' | grep -v open-webui | xargs")

    def ports(self) -> dict[str, str]:
        """Listeners with a number that is not drawn anew at each start."""
        return self.both("ss -ltnH | awk '{print $4}' | grep -E ':(8000|29500|29501|6379)$' | sort | xargs")

    def containers(self) -> dict[str, str]:
        return self.both(f"docker ps -a --format '{{{{.Names}}}}' | grep -c {UNIT}")

    def wait(self, limit: float) -> float:
        """Until the model answers again; the seconds that took. A machine under more load gets more time."""
        began, more = time.monotonic(), 1.0
        while time.monotonic() - began < limit * more:
            if self.start_load:
                more = max(more, os.getloadavg()[0] / self.start_load)
            if ask() == "200 1":
                return time.monotonic() - began
            time.sleep(1)
        logs = self.both(f"journalctl -u {UNIT} -n 25 --no-pager -o cat | cut -c1-200")
        raise AssertionError(f"no answer after {limit * more:.0f} s\n{HEAD}:\n{logs[HEAD]}\n{WORKER}:\n{logs[WORKER]}")

    def tell(self, what: str) -> None:
        self.told.append(what)
        print(f"    {what}", flush=True)


@pytest.fixture(scope="session")
def pair():
    """The pair, well."""
    found = Pair()
    found.wait(300)
    return found


@pytest.fixture(scope="session")
def timed(pair):
    """The pair, and how long a start takes here."""
    labctl.node(f"systemctl restart {UNIT}", HEAD)
    time.sleep(2)
    pair.start_seconds = pair.wait(900)
    pair.start_load = max(1.0, os.getloadavg()[0])
    pair.tell(f"a restart of both nodes' engine takes {pair.start_seconds:.0f} s here")
    yield pair
    print("\n==> times\n    " + "\n    ".join(pair.told), flush=True)
