# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is killed while two nodes share a model: the next run continues, and nothing is left of it."""

from __future__ import annotations

import threading
import time

import labctl
import pytest
import sitectl

NODES = {"share1": "21", "share2": "22"}
PACKAGES = "dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n' | grep ^installed | sort"
LEFT = """
ls -d /etc/systemd/system/yitiji-weights-share.service /etc/yitiji/weights-share.conf 2>/dev/null
ls -d /var/lib/yitiji/packages 2>/dev/null
pgrep -a nginx || true
"""
MASKED = "find /etc/systemd/system /run/systemd/system -lname /dev/null | sort"
before: dict[str, dict[str, str]] = {}


def on_both(command: str) -> dict[str, str]:
    return {name: labctl.node(command, name, check=False).strip() for name in NODES}


def run(name: str, task: str = "", until: str = "true") -> sitectl.Run:
    """With `task`: the controller is killed in it, as soon as `until` holds on both nodes."""
    killed = threading.Event()

    def watch(event, kill):
        if killed.is_set() or event["event"] != "runner_on_start" or event["event_data"].get("task") != task:
            return
        killed.set()

        def then():
            end = time.monotonic() + 60
            while time.monotonic() < end and set(on_both(f"{until} && echo yes").values()) != {"yes"}:
                time.sleep(0.2)
            kill()

        threading.Thread(target=then, daemon=True).start()

    found = sitectl.site(
        f"share-{name}", "-l", "share", playbook="tests/share/share.yml", inventory=("tests/share/share_nodes.yml",),
        watch=watch if task else None,
    )  # fmt: skip
    if task:
        assert killed.is_set() and not found.ok and not found.recap(), f"it ended by itself\n{found.story()}"
    else:
        assert found.ok, found.story()
    return found


@pytest.fixture(scope="module", autouse=True)
def nodes():
    labctl.hub_reset()
    for name, octet in NODES.items():
        labctl.clean_node(name, octet)
    before.update(packages=on_both(PACKAGES), masked=on_both(MASKED))
    yield
    labctl.hub_reset()
    for name in NODES:
        labctl.lab("down", name, check=False)


def settled() -> None:
    """What the killed controller had begun on the nodes ends by itself."""
    end = time.monotonic() + 60
    while time.monotonic() < end and set(
        on_both("pgrep -f '[A]nsiballZ|[a]pt-get' >/dev/null || echo idle").values()
    ) != {"idle"}:
        time.sleep(1)


def nothing_is_left() -> None:
    assert set(on_both(LEFT).values()) == {""}
    assert on_both(MASKED) == before["masked"]
    assert on_both(PACKAGES) == before["packages"]


def test_killed_while_nginx_is_installed():
    """Its unit is masked then, and never for longer."""
    run(
        "installing",
        "Install nginx",
        "test -L /run/systemd/system/nginx.service || test -L /etc/systemd/system/nginx.service",
    )
    settled()
    assert on_both(MASKED) == before["masked"]
    assert set(on_both("pgrep nginx").values()) == {""}, "the package's own unit was started"


def test_killed_while_the_model_is_shared():
    labctl.hub_fault(kind="slow", path="*.safetensors", rate=10_000, times=-1)
    run("sharing", "Bring the weights", "systemctl is-active -q yitiji-weights-share")
    assert set(on_both("systemctl is-enabled nginx").values()) != {"masked"}
    assert "dead" not in on_both("systemctl is-active -q yitiji-weights-share || echo dead").values()
    labctl.hub_reset()
    settled()


def test_the_next_run_clears_up():
    run("again")
    nothing_is_left()
    assert [row["changed"] for row in run("same").recap().values()] == [0, 0]


def test_killed_before_the_share_is_closed():
    """All is there already when the next run comes: it shares nothing, and still clears up."""
    labctl.hub_reset()
    on_both(f"rm -rf {labctl.WEIGHTS}")
    run("closing", "Stop serving")
    assert "dead" not in on_both("test -e /etc/systemd/system/yitiji-weights-share.service || echo dead").values()
    run("closed")
    nothing_is_left()
