# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen to what is repaired: pure functions, with longer and longer pauses between attempts.

What somebody stopped or masked on purpose is named, but not repaired.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.look import OPEN, REFUSED, Seen
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import Served, Settings
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.units import lasting

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 3600.0
CALM = 3600.0  # after being well for so long, the next fault is a new one
SETTLING = 15.0  # seconds after a start in which nothing is judged
PUBLISH = "publish"  # words of `repair.py` that are not commands
RULES = "docker rules"
NO_NETWORK = ("host", "none", "default", "bridge")
Memory = Dict[str, Any]


class Fault(NamedTuple):
    key: str  # kind and target
    what: Text
    repairs: List[List[str]]  # the first time, the second time, ...; the last one from then on
    looks: int = 1
    seconds: float = 0.0


class Repair(NamedTuple):
    key: str
    what: Text
    words: List[str]
    number: int


def fresh() -> Memory:
    return {"bad": {}, "pauses": {}, "well": {}, "open": {}, "restarts": {}, "rules": {}}


def faults(seen: Seen, settings: Settings, memory: Memory) -> Iterator[Fault]:
    """What is wrong now and can be repaired."""
    units = seen["units"]
    for name, unit in sorted(units.items()):
        if unit["active"] == "failed" and unit["enabled"].startswith("enabled") and lasting(name, unit):
            what = Text(f"{name} has failed ({unit['result']})", f"{name} 已失败（{unit['result']}）")
            yield Fault(f"failed {name}", what, [["restart", name]])
    for name, there in sorted(seen["tables"].items()):
        if not there:
            what = Text(f"the packet rules of {name} are gone", f"{name} 的防火墙规则已丢失")
            yield Fault(f"rules {name}", what, [["restart", name]])
    for name, there in sorted(seen["addresses"].items()):
        if not there:
            what = Text(f"the address of {name} is gone", f"{name} 的地址已丢失")
            yield Fault(f"address {name}", what, [["restart", name]])
    if seen["docker rules"] is False:
        listed = ", ".join(seen.get("docker gone") or [])
        more = (f" ({listed})", f"（{listed}）") if listed else ("", "")
        what = Text(f"Docker's packet rules are gone{more[0]}", f"Docker 的防火墙规则已丢失{more[1]}")
        if memory["rules"]:
            yield Fault("rules docker", what, [[RULES], ["restart", "docker.service"]])
        elif _settled(seen, "docker.service"):  # no copy was taken before: only Docker itself can write them
            yield Fault("rules docker", what, [["restart", "docker.service"]], looks=4, seconds=90)
    if seen["containers"] is None and _settled(seen, "docker.service"):
        what = Text("Docker does not answer", "Docker 没有应答")
        yield Fault("silent docker", what, [["restart", "docker.service"]], looks=4, seconds=150)
    for service in settings.services:
        yield from _service(service, seen, memory)
    yield from _gateway(seen)


def _settled(seen: Seen, unit: str, seconds: float = SETTLING) -> bool:
    state = seen["units"].get(unit)
    return bool(state and state["active"] == "active" and seen["clock"] - state["since"] >= seconds)


def steady(seen: Seen, settings: Settings) -> bool:
    """All containers are there, and none has just been started or is about to end."""
    return seen["containers"] is not None and all(
        _settled(seen, service.unit) and service.container in seen["containers"]
        for service in settings.services
        if service.container
    )


def _service(service: Served, seen: Seen, memory: Memory) -> Iterator[Fault]:
    unit = service.unit
    door = seen["doors"].get(unit)
    if door is None or not _settled(seen, unit):
        return
    again = ["restart", unit]
    run = seen["units"][unit]["invocation"]
    container: Optional[Mapping[str, Any]] = (seen["containers"] or {}).get(service.container)
    if container and container["mode"] not in NO_NETWORK and container["mode"] not in container["networks"]:
        what = Text(f"{unit} is not on its network", f"{unit} 不在其网络中")
        yield Fault(f"network {unit}", what, [[PUBLISH, service.container, container["mode"]], again])
    elif container and container["published"] and door["port"] == REFUSED and memory["open"].get(unit) == run:
        what = Text(f"port {service.port} of {unit} is closed", f"{unit} 的端口 {service.port} 已关闭")
        yield Fault(f"port {unit}", what, [[PUBLISH, service.container, container["mode"]], again])
    elif not door["health"]:
        was_well = memory["well"].get(unit) == run
        if was_well or _settled(seen, unit, service.loading):
            what = Text(f"{unit} gives no sign of health: {door['reason']}", f"{unit} 健康检查失败：{door['reason']}")
            yield Fault(f"health {unit}", what, [again], looks=3, seconds=75)


def _gateway(seen: Seen) -> Iterator[Fault]:
    answer = seen["answer"]
    if not answer or not _settled(seen, "nginx.service"):
        return
    if answer["stage"] in ("connect", "tls"):
        what = Text(f"the gateway does not answer: {answer['reason']}", f"网关没有应答：{answer['reason']}")
        yield Fault("silent nginx", what, [["restart", "nginx.service"]], looks=2)
    if answer["stage"] == "other certificate":
        what = Text("nginx uses an older certificate", "nginx 使用的是旧证书")
        yield Fault("certificate nginx", what, [["reload", "nginx.service"]], looks=2)


def decide(seen: Seen, settings: Settings, memory: Memory, now: float) -> Tuple[List[Repair], Memory]:
    """What to repair now, and what to remember for the next look."""
    kept = {part: dict(memory.get(part) or {}) for part in fresh()}
    _remember(seen, kept)
    kept["pauses"] = {key: row for key, row in kept["pauses"].items() if row[1] <= now}  # the clock was set back
    chosen: List[Repair] = []
    bad: Dict[str, Any] = {}
    for fault in faults(seen, settings, kept):
        count, since = kept["bad"].get(fault.key) or (0, now)
        since = min(since, now)
        bad[fault.key] = [count + 1, since]
        number, _last, after, step = kept["pauses"].get(fault.key) or (0, 0.0, 0.0, 0)
        if count + 1 < fault.looks or now - since < fault.seconds or now < after:
            continue
        words = fault.repairs[min(step, len(fault.repairs) - 1)]
        chosen.append(Repair(fault.key, fault.what, words, number + 1))
        # A second, other kind of repair need not wait long.
        pause = FIRST_PAUSE * 2**number if step + 1 >= len(fault.repairs) else FIRST_PAUSE / 2
        kept["pauses"][fault.key] = [number + 1, now, now + min(pause, LONGEST_PAUSE), step + 1]
        bad[fault.key] = [0, now]
    kept["bad"] = bad
    for key, (number, last, after, _step) in list(kept["pauses"].items()):
        if key in bad:
            continue
        if now - last > CALM:
            del kept["pauses"][key]
        else:  # the repair helped: if the fault comes again, the first kind of repair is tried first
            kept["pauses"][key] = [number, last, after, 0]
    return chosen, kept


def _remember(seen: Seen, kept: Memory) -> None:
    for unit, door in seen["doors"].items():
        run = (seen["units"].get(unit) or {}).get("invocation")
        if door["port"] == OPEN:
            kept["open"][unit] = run
        if door["health"]:
            kept["well"][unit] = run


def restarted(seen: Seen, memory: Memory) -> Dict[str, int]:
    """How often systemd itself started a unit again since the last look."""
    found = {}
    for name, unit in seen["units"].items():
        before = int((memory.get("restarts") or {}).get(name) or 0)
        if unit["restarts"] > before:
            found[name] = unit["restarts"] - before
        elif unit["restarts"] < before and unit["restarts"]:  # started by hand in between: the count begins again
            found[name] = unit["restarts"]
    return found
