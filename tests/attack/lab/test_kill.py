# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills everything that the appliance runs on, one after another: each fault heals alone, or is named with its remedy.

Healed: a machine on the LAN gets an answer through the gateway, and what was hit is back. While nobody gets an answer
the doctor never says "fail 0". The end prints a table. YITIJI_KILL=words runs the faults whose names hold one of these,
YITIJI_KILL_SECONDS waits no longer than that for a fault to heal.
"""
# ruff: noqa: E501 - commands as an administrator types them

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Any

import pytest

NODE_KEYS = "/etc/yitiji/secrets"
STAMP = "/srv/models/yitiji-lab/tiny-r1-distill/.yitiji-verified.json"
QUESTION = json.dumps(
    {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "1+1="}], "max_tokens": 1, "temperature": 0}
)
OLD = bool(os.environ.get("YITIJI_ATTACK"))  # somebody's appliance: nothing that destroys data


def unit_kill(unit: str, signal: str = "KILL") -> str:
    return f"kill -{signal} $(systemctl show -p MainPID --value {unit})"


def inside(container: str, words: str, signal: str = "KILL") -> str:
    """A process of a container, by its command line."""
    pids = f"$(docker top {container} -eo pid,args | awk 'NR>1 && /{words}/ {{print $1}}' | head -n 1)"
    return f"kill -{signal} {pids}"


def port(number: int) -> str:
    return f"timeout 3 bash -c '</dev/tcp/127.0.0.1/{number}'"


def health(number: int) -> str:
    return f"curl -sf -m 5 -o /dev/null http://127.0.0.1:{number}/health"


def active(unit: str) -> str:
    return f"systemctl is-active --quiet {unit}"


def kept(path: str, do: str) -> str:
    """Changes a file after keeping a copy of it."""
    return f"cp -a {path} /root/kept-by-the-test && {do}"


def put_back(path: str) -> str:
    return f"cp -a /root/kept-by-the-test {path}"


@dataclass(frozen=True)
class Fault:
    name: str
    do: str  # on the node, as root
    back: str = "true"  # succeeds once what was hit is there again
    seconds: float = 200  # within which it heals alone
    heals: bool = True
    named: tuple[str, ...] = ()  # rules that may name it while it lasts, one of them must
    mend: str = ""  # the remedy, where it does not heal alone
    gentle: bool = True  # nothing is lost by it
    hits: tuple[str, ...] = ()  # what of the enumeration below it is about

    def __str__(self) -> str:
        return self.name


ENGINE, PAGE, PROXY = "yitiji-vllm", "yitiji-open-webui", "docker-proxy"
SILENT = ("LLM840", "LLM841")
# Where the page's unit keeps the users' data.
DATA = f"D=$(sed -n 's/.*source=\\([^,]*\\),target=.app.backend.data.*/\\1/p' /etc/systemd/system/{PAGE}.service);"
FAULTS = [
    Fault("nginx: master killed", unit_kill("nginx"), active("nginx"), 60, named=SILENT, mend="systemctl restart nginx", hits=("nginx.service",)),
    Fault("nginx: master ended", unit_kill("nginx", "TERM"), active("nginx"), 60, named=SILENT, mend="systemctl restart nginx"),
    Fault("nginx: workers killed", "pkill -KILL -f 'nginx: worker'", active("nginx"), 60, named=SILENT, mend="systemctl restart nginx"),
    Fault("nginx: workers hang", "pkill -STOP -f 'nginx: worker'", active("nginx"), 180, named=SILENT, mend="systemctl restart nginx"),
    Fault("engine: client of its container killed", unit_kill(ENGINE), health(8000), named=SILENT, mend="systemctl restart yitiji-vllm",
          hits=(f"{ENGINE}.service",)),
    Fault("engine: server process killed", inside(ENGINE, "vllm serve"), health(8000), named=SILENT, mend="systemctl restart yitiji-vllm"),
    Fault("engine: core killed (as by the OOM killer)", inside(ENGINE, "VLLM::Engine"), health(8000), 300, named=SILENT, mend="systemctl restart yitiji-vllm"),
    Fault("engine: hangs", inside(ENGINE, "vllm serve", "STOP"), health(8000), 420, named=SILENT, mend="systemctl restart yitiji-vllm"),
    Fault("engine: container removed", f"docker rm --force {ENGINE}", health(8000), named=SILENT, mend="systemctl restart yitiji-vllm"),
    Fault("engine: port proxy killed", "pkill -KILL -f 'docker-proxy.*-host-port 8000'", port(8000), named=SILENT, mend="systemctl restart yitiji-vllm",
          hits=(f"{PROXY} 8000",)),
    Fault("engine: taken off its network", f"docker network disconnect --force yitiji {ENGINE}", health(8000), named=SILENT, mend="systemctl restart yitiji-vllm"),
    Fault("page: client of its container killed", unit_kill(PAGE), health(8080), named=SILENT, mend="systemctl restart yitiji-open-webui", hits=(f"{PAGE}.service",)),
    Fault("page: process killed", inside(PAGE, "open-webui"), health(8080), named=SILENT, mend="systemctl restart yitiji-open-webui"),
    Fault("page: memory of ended sign-ins killed", unit_kill("yitiji-page-sessions"), active("yitiji-page-sessions"), 60,
          hits=("yitiji-page-sessions.service",)),
    Fault("page: hangs", inside(PAGE, "open-webui", "STOP"), health(8080), 420, named=SILENT, mend="systemctl restart yitiji-open-webui"),
    Fault("page: container stopped", f"docker stop --time 2 {PAGE}", health(8080), named=SILENT, mend="systemctl restart yitiji-open-webui"),
    Fault("page: port proxy killed", "pkill -KILL -f 'docker-proxy.*-host-port 8080'", port(8080), named=SILENT, mend="systemctl restart yitiji-open-webui",
          hits=(f"{PROXY} 8080",)),
    Fault("dockerd: killed", unit_kill("docker"), f"{health(8000)} && {health(8080)}", 300, named=SILENT,
          hits=("docker.service",)),
    Fault("dockerd: ended", unit_kill("docker", "TERM"), f"{health(8000)} && {health(8080)}", 300, named=SILENT),
    Fault("dockerd: stopped and started", "systemctl stop docker docker.socket; systemctl start docker",
          f"{health(8000)} && {health(8080)}", 300, named=SILENT),
    Fault("containerd: killed", unit_kill("containerd"), f"{active('containerd')} && docker ps", 120,
          named=SILENT, hits=("containerd.service",)),
    Fault("container shims killed", "pkill -KILL containerd-shim", f"{health(8000)} && {health(8080)}", 300, named=SILENT),
    Fault("network of the containers deleted", "for c in $(docker ps -q); do docker network disconnect --force yitiji $c; done; "
          "docker network rm yitiji", f"{health(8000)} && {health(8080)}", 300, named=SILENT),
    Fault("packet rules: all flushed", "nft flush ruleset",
          "nft list table inet yitiji >/dev/null && iptables -t nat -S DOCKER >/dev/null", 120, named=("LLM843",), mend="systemctl restart docker; systemctl restart yitiji-firewall",
          hits=("inet yitiji", "ip nat", "ip filter")),
    Fault("packet rules: the appliance's table deleted", "nft delete table inet yitiji", "nft list table inet yitiji", 120,
          named=("LLM843",), mend="systemctl restart yitiji-firewall", hits=("yitiji-firewall.service",)),
    Fault("packet rules: the gateway's table deleted", "nft delete table inet yitiji_gateway", "nft list table inet yitiji_gateway",
          120, named=("LLM843",), mend="systemctl restart yitiji-gateway-sources",
          hits=("yitiji-gateway-sources.service", "inet yitiji_gateway")),
    Fault("packet rules: the guard's table deleted", "nft delete table inet yitiji_guard", "nft list table inet yitiji_guard",
          120, named=("LLM843",), mend="systemctl restart yitiji-guard", hits=("yitiji-guard.service", "inet yitiji_guard")),
    Fault("packet rules: Docker's flushed", "iptables -F; iptables -t nat -F", "iptables -t nat -S POSTROUTING | grep -q MASQ",
          120, named=("LLM843",), mend="systemctl restart docker; systemctl restart yitiji-firewall"),
    *(
        Fault(f"packet rules: {what}", f"nft flush {place}", f"nft list {place} | grep -q {rule}", 120,
              named=("LLM843",), mend=f"systemctl restart {unit}")
        for what, place, rule, unit in (
            ("the appliance's table emptied", "table inet yitiji", "'counter.*drop'", "yitiji-firewall"),
            ("one chain of it emptied", "chain inet yitiji services", "dport", "yitiji-firewall"),
            ("the gateway's table emptied", "table inet yitiji_gateway", "'count over'", "yitiji-gateway-sources"),
        )
    ),
    Fault("page: its address for the gateway taken away", "ip address del 169.254.213.1/32 dev lo",
          "ip -o address show dev lo | grep -qw 169.254.213.1", 120, named=("LLM845",),
          mend="systemctl restart yitiji-door", hits=("yitiji-door.service",)),
    Fault("loopback: all its addresses taken away", "ip address flush dev lo", "ping -c 1 -W 1 127.0.0.1", named=SILENT, heals=False,
          mend="ip address add 127.0.0.1/8 dev lo; ip address add ::1/128 dev lo; systemctl restart yitiji-door"),
    Fault("prometheus: killed", unit_kill("yitiji-prometheus"), active("yitiji-prometheus"), 60,
          hits=("yitiji-prometheus.service",)),
    Fault("exporter of the node: killed", unit_kill("yitiji-node-exporter"), active("yitiji-node-exporter"), 60,
          hits=("yitiji-node-exporter.service",)),
    Fault("exporter of nginx: killed", unit_kill("yitiji-nginx-exporter"), active("yitiji-nginx-exporter"), 60,
          hits=("yitiji-nginx-exporter.service",)),
    Fault("console: its collector killed", unit_kill("yitiji-console"), active("yitiji-console"), 60, hits=("yitiji-console.service",)),
    Fault("collector: killed", unit_kill("yitiji-metrics"), active("yitiji-metrics"), 90, hits=("yitiji-metrics.service",)),
    Fault("journal: killed", unit_kill("systemd-journald"), active("systemd-journald"), 60),
    # What an administrator did is not undone behind his back: it is named.
    Fault("nginx: masked and stopped", "systemctl mask --now nginx", named=("LLM151",), heals=False,
          mend="systemctl unmask nginx; systemctl start nginx"),
    Fault("prometheus: stopped", "systemctl stop yitiji-prometheus", active("yitiji-prometheus"), named=("LLM151",), heals=False,
          mend="systemctl start yitiji-prometheus"),
    Fault("watch: its timer stopped", "systemctl stop yitiji-watch.timer", active("yitiji-watch.timer"), named=("LLM151",),
          heals=False, mend="systemctl start yitiji-watch.timer", hits=("yitiji-watch.timer",)),
    Fault("renewal: its timer disabled", "systemctl disable --now yitiji-gateway-renew.timer",
          active("yitiji-gateway-renew.timer"), named=("LLM151",), heals=False,
          mend="systemctl enable --now yitiji-gateway-renew.timer", hits=("yitiji-gateway-renew.timer",)),
    *(
        Fault(f"{name}: its timer stopped", f"systemctl stop {unit}", active(unit), named=("LLM151",), heals=False,
              mend=f"systemctl start {unit}", hits=(unit,))
        for name, unit in (("weights", "yitiji-weights-check.timer"), ("backup", "yitiji-backup.timer"))
    ),
    # What a restart cannot bring back: it is named, with the way to get it back.
    Fault("stamp of the weights emptied", kept(STAMP, f": >{STAMP}"), f"test -s {STAMP}", named=("LLM601",), heals=False,
          mend=put_back(STAMP)),
    Fault("doctor's configuration cut short", kept("/etc/yitiji/doctor.json", "truncate -s 200 /etc/yitiji/doctor.json"),
          "python3 -m json.tool /etc/yitiji/doctor.json", named=("LLM150",), heals=False,
          mend=put_back("/etc/yitiji/doctor.json")),
    Fault("doctor's configuration removed", kept("/etc/yitiji/doctor.json", "rm /etc/yitiji/doctor.json"),
          "test -s /etc/yitiji/doctor.json", named=("LLM150",), heals=False, mend=put_back("/etc/yitiji/doctor.json")),
    Fault("certificate removed", kept("/etc/yitiji/tls/server.crt", "rm /etc/yitiji/tls/server.crt"),
          "test -s /etc/yitiji/tls/server.crt", named=("LLM842",), heals=False, mend=put_back("/etc/yitiji/tls/server.crt")),
    Fault("engine's key emptied", kept(f"{NODE_KEYS}/engine-key", f": >{NODE_KEYS}/engine-key"),
          f"test -s {NODE_KEYS}/engine-key", named=("LLM154",), heals=False, mend=put_back(f"{NODE_KEYS}/engine-key")),
    Fault("gateway's keys emptied", kept("/etc/nginx/yitiji/keys.conf", ": >/etc/nginx/yitiji/keys.conf; systemctl reload nginx"),
          "test -s /etc/nginx/yitiji/keys.conf", named=("LLM154", "LLM840"), heals=False,
          mend=f"{put_back('/etc/nginx/yitiji/keys.conf')}; systemctl reload-or-restart nginx"),
    Fault("page: database overwritten", f"{DATA} systemctl stop {PAGE}; {kept('$D/webui.db', 'truncate -s 60000 $D/webui.db')}; "
          f"systemctl start {PAGE}", named=("LLM844",), heals=False, gentle=False,
          mend=f"{DATA} systemctl stop {PAGE}; rm -f $D/webui.db-*; {put_back('$D/webui.db')}; systemctl start {PAGE}"),
    Fault("page: disk of its data full", f"{DATA} systemctl stop {PAGE}; mkdir -p /root/full; mount -t tmpfs -o size=40m full /root/full; "
          f"cp -a $D/. /root/full; mount --bind /root/full $D; systemctl start {PAGE}; sleep 20; "
          "head -c 50M /dev/zero >/root/full/rest || true", f"{DATA} ! mountpoint -q $D", named=("LLM101",), heals=False,
          gentle=False, mend=f"{DATA} systemctl stop {PAGE}; umount $D /root/full; systemctl start {PAGE}"),
]  # fmt: skip
# What else runs for the appliance and needs no fault of its own, and why.
EXPLAINED = {
    "yitiji-network.service": "a oneshot that every container's unit calls",
    "yitiji-watch.service": "called by its timer",
    "yitiji-weights-check.service": "called by its timer",
    "yitiji-backup.service": "called by its timer",
    "yitiji-gateway-renew.service": "called by its timer",
    "yitiji-first-boot-page.path": "on machines that set themselves up: tests/disk",
}
TABLE: list[tuple[str, str, float, str]] = []


def chosen() -> list[Fault]:
    words = [word for word in os.environ.get("YITIJI_KILL", "").split(",") if word]
    faults = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    return [fault for fault in faults if fault.gentle or words or not OLD]


def answered(appliance: Any) -> bool:
    code = appliance.curl(
        "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {appliance.team_key}",
        "-H", "Content-Type: application/json", "-d", QUESTION, f"{appliance.url}/v1/chat/completions", check=False,
    )  # fmt: skip
    return bool(code.strip() == "200")


def works(appliance: Any, command: str) -> bool:
    said = appliance.node(f"{{ {command}; }} >/dev/null 2>&1 && echo well", check=False, timeout=60)
    return said.strip().endswith("well")


def installed(appliance: Any, unit: str) -> bool:
    return works(appliance, f"systemctl cat {unit}")


def settled(appliance: Any) -> None:
    """The watch has seen the appliance well since the fault before: else what hangs now might still be loading.

    It remembers nothing of earlier faults, as its pauses grow with each that comes again within an hour.
    """
    script = (
        "import json; s = json.load(open('/run/yitiji-watch/state.json')); "
        "assert not s['down'] and not s['starting'] and s['answer']['ok'] and s['memory']['rules']"
    )
    appliance.node("rm -f /run/yitiji-watch/state.json")
    end = time.monotonic() + 150
    look = f'systemctl start yitiji-watch && python3 -c "{script}"'  # at once, not when its timer says so
    while installed(appliance, "yitiji-watch.timer") and not works(appliance, look):
        assert time.monotonic() < end, appliance.node("cat /run/yitiji-watch/state.json", check=False)[:2000]
        time.sleep(5)


def doctor(appliance: Any) -> dict[str, Any]:
    said = appliance.node("yitiji-doctor --fast --json -", check=False, timeout=120)
    found: dict[str, Any] = json.loads(said[said.index("{") :])
    return found


def named(report: dict[str, Any]) -> dict[str, str]:
    """Rules that complain, each with its remedy."""
    return {row["id"]: row["fix"]["en"] for row in report["results"] if row["status"] in ("fail", "warn")}


@pytest.fixture(scope="module", name="node")
def fixture_node(appliance):
    appliance.team_key = appliance.key()
    assert answered(appliance), "the appliance did not answer before the first fault"
    yield appliance
    width = max((len(row[0]) for row in TABLE), default=0)
    print("\n")
    for name, outcome, seconds, told in TABLE:
        print(f"{name:{width}}  {outcome:12} {seconds:5.0f} s  {told}")
    healed = sum(row[1] == "healed" for row in TABLE)
    silent = sum(row[1] == "SILENT" for row in TABLE)
    print(f"{len(TABLE)} faults: {healed} healed alone, {len(TABLE) - healed - silent} named, {silent} silent")


def test_everything_that_runs_is_hit(node):
    """What runs on the node is enumerated there; each part has a fault in the list, or a reason."""
    units = node.node(
        "systemctl list-units --plain --no-legend --state=active 'yitiji-*' nginx.service docker.service containerd.service"
        " | awk '{print $1}'"
    ).split()
    tables = [line.partition(" ")[2] for line in node.node("nft list tables").splitlines() if line.startswith("table ")]
    proxies = node.node("pgrep -a docker-proxy | sed -n 's/.*-host-port \\([0-9]*\\) .*/\\1/p'").split()
    running = {*units, *tables, *(f"{PROXY} {number}" for number in proxies)}
    hit = {part for fault in FAULTS for part in fault.hits} | set(EXPLAINED)
    assert sorted(running - hit) == [], "write a fault for these, or say why not in EXPLAINED"


@pytest.mark.parametrize("fault", chosen(), ids=str)
def test_it_heals_or_is_named(node, fault):
    missing = [part for part in fault.hits if part.endswith((".service", ".timer")) and not installed(node, part)]
    if missing:
        pytest.skip(f"not on this node: {', '.join(missing)}")
    settled(node)
    node.node(fault.do, check=False, timeout=180)
    began, told, outcome = time.monotonic(), "", ""
    limit = min(fault.seconds, float(os.environ.get("YITIJI_KILL_SECONDS", "600"))) if fault.heals else 0
    try:
        while True:
            good = answered(node)
            if good and works(node, fault.back) and (fault.heals or not fault.named):
                outcome = "healed"
                break
            if not told and works(node, "true"):  # a fault may shut out SSH itself: then nobody can ask
                report = doctor(node)
                rules = named(report)
                if not good and not answered(node):  # down before and after it was asked
                    assert report["summary"]["fail"] > 0, f'"fail 0" while nobody gets an answer: {rules}'
                told = ", ".join(f"{rule}: {rules[rule][:90]}" for rule in fault.named if rules.get(rule))
            if time.monotonic() - began > max(limit, 0 if told else 45):
                outcome = "named" if told else "SILENT"
                break
            time.sleep(5)
    finally:
        TABLE.append((fault.name, outcome or "SILENT", time.monotonic() - began, told))
        print(f"    {TABLE[-1][1]} after {TABLE[-1][2]:.0f} s {told}", flush=True)
        if outcome != "healed":
            node.node(fault.mend or "true", check=False, timeout=180)
            until(node, fault, 240)
    assert outcome != "SILENT", f"{fault.name}: nobody says so"
    assert outcome == "healed" or not fault.heals, f"{fault.name}: not healed after {fault.seconds:.0f} s; {told}"


def until(node: Any, fault: Fault, seconds: float) -> None:
    """The appliance is well again before the next fault."""
    end = time.monotonic() + seconds
    while not (answered(node) and works(node, f"{fault.back} && {health(8080)}")):
        assert time.monotonic() < end, f"not well again after {fault.name}:\n{node.node('yitiji-doctor', check=False)}"
        time.sleep(2)
