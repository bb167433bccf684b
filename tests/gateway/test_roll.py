# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A setting of the engine changes while people use it: two copies restart one after another, and no request fails."""

from __future__ import annotations

import json
from pathlib import Path

import labctl
import pytest
import sitectl
from conftest import ROOT, drive

COPIES = ("yitiji-vllm-1", "yitiji-vllm-2")
SITE = ["-e", "appliance_replicas=2", "-e", "engine_rolling=true", "-e", f"@{ROOT}/tests/gateway/keys.yml"]
LONG = '{"ignore_eos": true}'


def started() -> dict[str, int]:
    """When each copy started, in microseconds of the node's clock."""
    said = labctl.node(f"systemctl show -p ActiveEnterTimestampMonotonic --value {' '.join(COPIES)}").split()
    return dict(zip(COPIES, map(int, said)))


def with_log(folder: Path, level: str) -> list[str]:
    """A setting of both copies' environment; vLLM does not start with a level that it does not know."""
    (folder / "changed.json").write_text(json.dumps({"engine_environment": {"VLLM_LOGGING_LEVEL": level}}))
    return ["-e", f"@{folder / 'changed.json'}"]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory):
    labctl.clean_node(labctl.NODE, labctl.OCTET)
    run = sitectl.site("copies-first", *SITE)
    assert run.ok, run.story()
    ca: Path = tmp_path_factory.mktemp("copies") / "ca.crt"
    ca.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt"), encoding="utf-8")
    return lambda *more: drive(f"https://{labctl.ADDRESS}/v1", ca, "--model", "tiny-r1-distill", *more)


def rolls(ask, folder: Path, job) -> None:
    """People ask all the while; the copies restart one after another."""
    before = started()
    # With pauses: an engine that starts beside others which never rest needs ten minutes on two cores.
    people = ["--streams", "3", "--pause", "3", "--tokens", "200", "--body", LONG]
    running = ask(*people, "--seconds", "3000", "--end", str(folder / "end"))
    running.stdin.write(labctl.node("cat /etc/yitiji/secrets/gateway-key-load").strip())
    running.stdin.close()
    running.stdin = None
    run = job()
    assert running.poll() is None, "the questions ended before the roll did"
    (folder / "end").touch()
    assert run.ok, run.story()
    told, _nothing = running.communicate(timeout=600)
    found, after = json.loads(told), started()
    print(f"\n    {json.dumps(found)}; {run.seconds:.0f} s; {before} {after}")
    assert found["failed"] == 0 and found["requests"] > 8
    assert all(after[copy] > before[copy] for copy in COPIES)
    # The second one waits for the first one's whole start: more than the few seconds between two units of a loop.
    assert abs(after[COPIES[1]] - after[COPIES[0]]) > 10_000_000
    assert " down;" not in labctl.node("nginx -T 2>/dev/null")


def test_a_change_rolls_over_the_copies_under_load(ask, tmp_path):
    rolls(ask, tmp_path, lambda: sitectl.site("copies-changed", *SITE, *with_log(tmp_path, "DEBUG")))


def test_nothing_more_is_to_do(ask, tmp_path):
    run = sitectl.site("copies-again", *SITE, *with_log(tmp_path, "DEBUG"))
    assert run.ok and run.changes() == [], run.story()


def test_an_upgrade_to_another_image_rolls_over_them_under_load(ask, tmp_path):
    """The same files under another id and name, so that nothing but the way there is looked at."""
    made = json.loads((labctl.CACHE / "images/images.json").read_text())["images"]
    old, new = made["vllm-cpu"]["ref"], "yitiji.local/vllm-cpu:next"
    again = (
        f"docker create --name next {old} && docker commit --change 'LABEL release=next' next {new} && docker rm next"
    )
    made["vllm-cpu"] = {"ref": new, "id": labctl.node(again).splitlines()[1], "version": "0.32.0"}
    (tmp_path / "to.json").write_text(json.dumps({"to": {"appliance_images": made}}))
    told = [*SITE[:2], *SITE[4:], *with_log(tmp_path, "DEBUG"), "-e", f"@{tmp_path}/to.json"]
    rolls(ask, tmp_path, lambda: sitectl.site("copies-upgraded", *told, playbook="playbooks/upgrade.yml"))
    running = labctl.node(f"docker inspect --format '{{{{.Image}}}}' {' '.join(COPIES)}").split()
    assert running == [made["vllm-cpu"]["id"]] * 2


def test_a_copy_that_does_not_come_back_stops_the_roll(ask, tmp_path):
    """The other one goes on as it was."""
    before = started()
    run = sitectl.site("copies-broken", *SITE, *with_log(tmp_path, "NONE"))
    assert not run.ok
    after = started()
    assert [copy for copy in COPIES if after[copy] == before[copy]] == [COPIES[1]]
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-load").strip()
    body = json.dumps({"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "你好"}], "max_tokens": 8})
    for _one in range(4):
        told = labctl.curl(
            "-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json", "-d", body,
            f"https://{labctl.ADDRESS}/v1/chat/completions",
        )  # fmt: skip
        assert json.loads(told)["choices"], told
