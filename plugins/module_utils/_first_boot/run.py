# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a baked machine does when it starts, run by its two units: `identity` before the network, then `run`.

`run` applies the same playbook that a controller would, to this machine alone, and shows how far it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import identity as who
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import python as python_
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import show
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import state as state_
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot.identity import CONFIG
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot.settings import variables
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot.stick import Stick, merge
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

SETTINGS = "/etc/yitiji/first-boot-settings.json"  # from the stick
FOLDER = "/var/lib/yitiji/first-boot"
STATE = FOLDER + "/state.json"
COMPLETED = FOLDER + "/completed"  # there once the machine was set up
PAGE = FOLDER + "/page/index.html"
INVENTORY = FOLDER + "/inventory.json"
PYTHON = FOLDER + "/python"  # not below /run, where nothing can be executed
WORK = "/run/yitiji-first-boot"
SERIAL = "/sys/class/dmi/id/product_serial"  # what the vendor asks for
QUIET = 15  # seconds between two lines on the console

ENVIRONMENT = {
    "ANSIBLE_COLLECTIONS_PATH": "/usr/share/ansible/collections",
    "ANSIBLE_STDOUT_CALLBACK": "yitiji.deepseek.first_boot",
    "ANSIBLE_HOME": WORK,
    "ANSIBLE_LOCAL_TEMP": WORK + "/local",
    "ANSIBLE_REMOTE_TEMP": WORK + "/remote",
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


def load(path: str) -> Dict[str, Any]:
    try:
        return dict(json.loads(read_text(path) or "{}"))
    except ValueError:
        return {}


def keep(path: str, data: Mapping[str, Any]) -> None:
    write_atomic(path, json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n", 0o600)


def consoles() -> List[str]:
    """The screen and the serial lines that the kernel speaks on."""
    names = read_text("/sys/class/tty/console/active").split()
    return ["/dev/" + ("tty1" if name == "tty0" else name) for name in names]


class Teller:
    """Shows a status everywhere; the console only now and then, so that it can be read."""

    def __init__(self) -> None:
        self.last = 0.0

    def tell(self, status: Mapping[str, Any], now: bool = False) -> None:
        given = {"name": os.uname().nodename, "serial": serial(), "vendor": load(CONFIG).get("vendor")}
        write_atomic(PAGE, show.page({**status, **given}), 0o644)
        if now or time.monotonic() - self.last >= QUIET:
            self.last = time.monotonic()
            said = show.lines(status) if now else [show.progress(status)]
            print("\n".join(said), flush=True)
            for console in consoles():
                screen = "tty" in console and "ttyS" not in console
                _write(console, [show.for_screen(line) for line in said] if screen else said)


def _write(console: str, lines: List[str]) -> None:
    with contextlib.suppress(OSError):  # a line that nobody reads must not delay anything
        handle = os.open(console, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(handle, ("\r\n" + "\r\n".join(line for line in lines if line) + "\r\n").encode())
        finally:
            os.close(handle)


def serial() -> str:
    """The machine's number, as its maker wrote it; some firmware has none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        return read_text(SERIAL).strip()
    return ""


def held(folder: str) -> int:
    """Bytes of the weights that the disk came with."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())


def address() -> str:
    """This machine's address on the default route; without one, its first global address."""
    for command in (
        ["ip", "-j", "route", "get", "192.0.2.1"],
        ["ip", "-j", "-4", "address", "show", "scope", "global"],
    ):
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        with contextlib.suppress(ValueError, LookupError):
            first = json.loads(done.stdout)[0]
            return str(first.get("prefsrc") or first["addr_info"][0]["local"])
    return ""


def wait_for_address(seconds: float) -> str:
    until = time.monotonic() + seconds
    while not (found := address()) and time.monotonic() < until:
        time.sleep(1)
    return found


def follow(output: Any, status: Dict[str, Any], teller: Teller) -> None:
    """Reads the run's events until it ends."""
    began, play = time.monotonic(), ""
    for line in output:
        event: Any = None
        with contextlib.suppress(ValueError):
            event = json.loads(line)
        status["seconds"] = time.monotonic() - began
        if not isinstance(event, dict) or "event" not in event:
            status["detail"] = line.strip()[:120]  # a long task reports how far it is
            sys.stderr.write(line)
        elif event["event"] == "play":
            play = event["name"]
        elif event["event"] == "task":
            status["phase"] = show.phase(status.get("phase", 0), play, event["name"])
            status.update(task=event["name"].split(" : ")[-1], tasks=status.get("tasks", 0) + 1, detail="")
        elif event["event"] == "failed":
            status["error"] = (status.get("error", "") + "\n" + event["text"]).strip()
            print(line.strip(), flush=True)
        elif event["event"] == "stats":
            status["changed"] = event["changed"]
        teller.tell(status)


def apply(config: Mapping[str, Any], status: Dict[str, Any], teller: Teller) -> int:
    os.makedirs(WORK, mode=0o700, exist_ok=True)
    write_atomic(PYTHON, "#!/usr/bin/python3\n" + read_text(str(python_.__file__)), 0o700)
    # a disk that came late: systemd does not wait for it by itself; without one there is nothing to mount
    subprocess.run(["systemctl", "start", "srv-models.mount"], capture_output=True, check=False)
    command = ["ansible-playbook", config.get("playbook", "yitiji.deepseek.first_boot"), "-i", INVENTORY]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace", env=ENVIRONMENT, cwd=FOLDER,
    )  # fmt: skip
    follow(child.stdout, status, teller)
    return child.wait()


def run() -> int:
    """Does whatever this boot has to do; 0 when the appliance is set up."""
    config, settings, known, teller = load(CONFIG), load(SETTINGS), load(STATE), Teller()
    notice = settings.pop("notice", "")
    here = wait_for_address(60)
    now = {"hardware": state_.hardware(read_node()), "settings": settings, "address": here}
    why = state_.reasons(known, now)
    if settings.get("error"):
        return fail(teller, {**now, "error": settings["error"]})
    if not why:
        print("nothing to do: the appliance stands as it was set up", flush=True)
        teller.tell({**standing(here), "notice": notice}, now=True)
        return 0
    status: Dict[str, Any] = {"stage": "running", "reasons": [text._asdict() for text in why], "address": here}
    status["notice"] = notice
    status["weights"] = held(config.get("variables", {}).get("appliance_weights_dir", "/srv/models"))
    keep(STATE, {**now, "stage": "running"})
    teller.tell(status, now=True)
    if not here:
        return fail(teller, {**now, "error": Refusal("LLM957").message()})
    given = variables(settings)
    own = {"appliance_address": here, "appliance_plan_dir": FOLDER + "/plans", "appliance_source": "directory"}
    own["appliance_lock"] = ""  # the disk was made by one, and holds what it says
    own["appliance_source_dir"] = config.get("variables", {}).get("appliance_weights_dir", "/srv/models")
    host = os.uname().nodename.split(".")[0]
    keep(INVENTORY, state_.inventory(config["deployment"], host, PYTHON, [own, config.get("variables", {}), given]))
    code = apply(config, status, teller)
    if code:
        return fail(teller, {**now, "error": status.get("error") or Refusal("LLM941", code=code).message()})
    # read again: with the driver the cards tell their serial numbers
    keep(STATE, {**now, "hardware": state_.hardware(read_node()), "stage": "done", "seconds": round(status["seconds"])})
    write_atomic(COMPLETED, "", 0o600)
    teller.tell({"stage": "done", "address": here, "reasons": status["reasons"], "notice": notice}, now=True)
    return 0


def standing(here: str) -> Dict[str, Any]:
    if not os.path.exists(watch_state.TIMER):  # nobody looks
        return {"stage": "done", "address": here}
    return show.standing(watch_state.parse(read_text(watch_state.STATE)), time.time(), here)


def show_again() -> int:
    """Shows what the watch now sees, unless a run is under way, which shows its own progress."""
    if load(STATE).get("stage") == "done":
        Teller().tell({**standing(address()), "notice": load(SETTINGS).get("notice", "")}, now=True)
    return 0


def fail(teller: Teller, now: Mapping[str, Any]) -> int:
    keep(STATE, {**now, "stage": "failed"})
    teller.tell({"stage": "failed", "error": now["error"]}, now=True)
    return 1


def identity(read: Callable[[], Optional[Stick]]) -> int:
    """Before the network: what the stick says, the name, the host keys. `read` gives None when there is no stick."""
    before = load(SETTINGS)
    found = read()
    if found is None:  # an error stays until a stick mends it
        settings = {name: value for name, value in before.items() if name != "notice"}
    else:
        known = {name: value for name, value in before.items() if name not in ("error", "notice")}
        settings = merge(known, found, os.path.exists(COMPLETED) or load(STATE).get("stage") == "done")
    if settings != before:
        keep(SETTINGS, settings)
    who.take(settings)
    return 0


def main(words: List[str]) -> int:
    if words == ["identity"]:
        return identity(who.read_stick)
    if words == ["run"]:
        return run()
    if words == ["show"]:
        return show_again()
    print("yitiji-first-boot identity | run | show", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
