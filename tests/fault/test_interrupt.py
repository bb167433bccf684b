# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills, losses of power, two runs at once, an abandoned run, changes on the disk."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import DIGESTS, WORK
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import journal as weights_journal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import remove
from conftest import MIB, MODEL, Site

KILLS = int(os.environ.get("YITIJI_KILLS", "50"))
BIG = "model-00001-of-00002.safetensors"


def launch(site: Site, **more: object) -> subprocess.Popen:
    runner = Path(__file__).with_name("runner.py")
    command = [sys.executable, str(runner), site.hub.url, str(site.dest), json.dumps(more)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.fixture
def slow(start, repo, tmp_path) -> Site:
    """A download of about a second."""
    return Site(repo, tmp_path / "dest", start(rate=700_000))


def on_disk(part: Path) -> int:
    try:
        return part.stat().st_blocks * 512
    except FileNotFoundError:  # it was complete meanwhile and is in its place
        return 0


def wait_for_bytes(site: Site, count: int = MIB) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        parts = list((site.dest / WORK / "parts").glob("*")) if (site.dest / WORK / "parts").exists() else []
        if sum(map(on_disk, parts)) > count:
            return
        time.sleep(0.01)
    raise AssertionError("no bytes came")


def test_kill_at_random_moments(slow):
    """SIGKILL, again and again, until a run happens to get through."""
    rng = random.Random(20)
    done = kills = 0
    begin = time.monotonic()
    assert launch(slow).wait(timeout=60) == 0
    whole = time.monotonic() - begin  # on this machine, at its load
    remove.remove_all(str(slow.dest), MODEL, False)
    while kills < KILLS:
        process = launch(slow)
        try:
            process.wait(timeout=whole * (0.1 + rng.random() * 1.1))
            assert process.returncode == 0
            done += 1
            slow.complete()
            remove.remove_all(str(slow.dest), MODEL, False)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            slow.nothing_corrupt()
            assert (
                not slow.stamped
                or not (slow.dest / WORK / "parts").is_dir()
                or not any((slow.dest / WORK / "parts").iterdir())
            )
    slow.run()
    slow.complete()
    assert done or KILLS < 20, "no run ever got through: resuming does not work"


def test_what_a_kill_after_the_stamp_left_is_swept(site):
    site.run()
    (site.dest / WORK / "parts").mkdir(parents=True)
    (site.dest / WORK / "lease").touch()
    with (site.dest / WORK / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        site.run()
        assert (site.dest / WORK / "parts").is_dir(), "another run that is under way loses nothing"
    site.run()
    site.complete()


def test_what_a_killed_write_left_is_swept(site):
    left = [site.dest / ".yitiji-1.tmp", site.dest / WORK / ".yitiji-2.tmp"]
    (site.dest / WORK).mkdir(parents=True)
    for path in left:
        path.write_text("{")
    site.run()
    site.complete()
    assert not any(path.exists() for path in left)


def test_kill_then_little_comes_twice(slow):
    process = launch(slow)
    wait_for_bytes(slow, 4 * MIB)
    time.sleep(0.3)
    process.kill()
    process.wait()
    before = slow.hub.sent()
    outcome = slow.run()
    slow.complete()
    assert outcome.fetched < outcome.manifest.bytes_total * 0.8
    assert before + outcome.fetched < outcome.manifest.bytes_total * 1.6


def test_sigterm_keeps_every_byte(slow):
    process = launch(slow)
    wait_for_bytes(slow, 3 * MIB)
    process.terminate()
    answer = json.loads(process.communicate()[0])
    assert answer["rule"] == "LLM617" and process.returncode == 3
    journal = json.loads((slow.dest / WORK / "journal.json").read_text())
    kept = sum(b - a for part in journal["written"].values() for a, b in part["present"])
    outcome = slow.run()
    slow.complete()
    assert kept > 2 * MIB and outcome.to_fetch_bytes <= outcome.manifest.bytes_total - kept


def test_power_loss(slow, monkeypatch):
    """After a boot only what was synced counts; what the disk lost of it is found by the digests."""
    process = launch(slow)
    wait_for_bytes(slow, 5 * MIB)
    process.kill()
    process.wait()
    for part in (slow.dest / WORK / "parts").glob("*"):
        with open(part, "r+b") as target:  # a block of zeros in the middle, as lost writes leave
            target.seek(part.stat().st_size // 3)
            target.write(bytes(4096))
    monkeypatch.setattr(weights_journal, "boot_id", lambda: "another boot")
    slow.run()
    slow.complete()


@pytest.mark.parametrize("damage", ["truncate", "garbage journal", "no journal", "foreign part"])
def test_damaged_state(slow, damage):
    process = launch(slow)
    wait_for_bytes(slow, 3 * MIB)
    process.kill()
    process.wait()
    work = slow.dest / WORK
    if damage == "truncate":
        for part in (work / "parts").glob("*"):
            os.truncate(part, part.stat().st_size // 2)
    if damage == "garbage journal":
        (work / "journal.json").write_text('{"written": {"x": 7}, "done": {"config.json": 3}')
    if damage == "no journal":
        (work / "journal.json").unlink(missing_ok=True)
    if damage == "foreign part":
        (work / "parts/other.part").write_text("left from another revision")
    slow.run()
    slow.complete()


def test_two_runs_at_once(slow):
    first = launch(slow)
    wait_for_bytes(slow)
    with pytest.raises(Refusal) as caught:
        slow.run()
    assert caught.value.rule == "LLM613" and str(first.pid) in str(caught.value)
    second = launch(slow, lock_timeout=30)
    outs = [json.loads(process.communicate()[0]) for process in (first, second)]
    assert outs[0]["changed"] and not outs[1]["changed"] and outs[1]["fetched"] == 0
    slow.complete()


def test_abandoned_run_stops_and_makes_way(slow, monkeypatch):
    monkeypatch.setattr(weights_journal, "STALE", 0.5)
    slow.hub.server.hub.rate = 400_000
    first = launch(slow, lease=60)  # nobody renews its lease
    wait_for_bytes(slow)
    slow.hub.server.hub.rate = 0
    outcome = slow.run(lock_timeout=20)
    assert json.loads(first.communicate()[0])["rule"] == "LLM617"
    assert outcome.verified
    slow.complete()


def test_lease_runs_out(slow):
    slow.hub.server.hub.rate = 300_000
    first = launch(slow, lease=1)
    answer = json.loads(first.communicate(timeout=20)[0])
    assert answer["rule"] == "LLM617" and "not seen" in answer["text"]


@pytest.mark.parametrize("change", ["flip", "shrink", "grow", "delete", "replace by link"])
def test_changed_on_disk_afterwards(site, hub, change):
    site.run()
    path = site.dest / BIG
    data = bytearray(path.read_bytes())
    if change == "flip":
        data[2 * MIB + 5] ^= 1
    path.unlink()
    if change == "flip":
        path.write_bytes(bytes(data))
    if change == "shrink":
        path.write_bytes(bytes(data[:-1]))
    if change == "grow":
        path.write_bytes(bytes(data) + b"x")
    if change == "replace by link":
        (site.dest / "elsewhere").write_bytes(bytes(data))
        path.symlink_to("elsewhere")
    hub.server.hub.reset()
    outcome = site.run() if change != "replace by link" else run_with_foreign_file(site)
    assert outcome.changed and (outcome.repaired == [BIG]) == (change == "flip")
    (site.dest / "elsewhere").unlink(missing_ok=True)
    site.complete()
    if change == "flip":
        assert outcome.fetched == MIB, "only the bad range comes again"


def run_with_foreign_file(site):
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, request

    return download.Weights(request.Request(MODEL, str(site.dest), endpoint=site.hub.url)).run()


def test_silent_corruption_needs_verify_full(site, hub):
    """Same size, same time: only the hash tells. Three ranges are bad, and only they come again."""
    site.run()
    path = site.dest / BIG
    before = path.stat()
    with open(path, "r+b") as target:
        for offset in (10, 3 * MIB + 1, 6 * MIB + 100):
            target.seek(offset)
            byte = target.read(1)[0]
            target.seek(offset)
            target.write(bytes([byte ^ 255]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, request

    assert not download.Weights(request.Request(MODEL, str(site.dest), endpoint=hub.url)).run().changed
    dry = download.Weights(request.Request(MODEL, str(site.dest), endpoint=hub.url, verify="full", check=True)).run()
    assert dry.changed and dry.repaired == [BIG]
    hub.server.hub.reset()
    outcome = site.run(verify="full")
    assert outcome.repaired == [BIG] and outcome.fetched <= 3 * MIB
    site.complete()
    assert not site.run(verify="full").changed


def test_repair_without_digests_takes_the_file_again(site, hub):
    site.run()
    (site.dest / DIGESTS).unlink()
    data = bytearray((site.dest / BIG).read_bytes())
    data[7 * MIB // 2] ^= 1
    (site.dest / BIG).write_bytes(bytes(data))
    outcome = site.run()
    assert outcome.fetched >= len(data)
    site.complete()


def test_files_that_were_there_before_are_hashed_not_fetched(site, hub, repo):
    site.dest.mkdir()
    for name in (BIG, "config.json"):
        (site.dest / name).write_bytes((repo / name).read_bytes())
    outcome = site.run()
    assert outcome.fetched < 3 * MIB + 2000
    site.complete()


def test_modes_for_another_user(site):
    old = os.umask(0o077)
    try:
        site.run()
    finally:
        os.umask(old)
    for path in [site.dest, *site.dest.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_no_removal_under_a_download(slow, monkeypatch):
    monkeypatch.setattr(remove, "LOCK_WAIT", 0.3)
    first = launch(slow)
    wait_for_bytes(slow)
    with pytest.raises(Refusal) as caught:
        remove.remove_all(str(slow.dest), MODEL, False)
    assert caught.value.rule == "LLM613"
    first.communicate()
    slow.complete()
    remove.remove_all(str(slow.dest), MODEL, False)
    assert not slow.dest.exists()
