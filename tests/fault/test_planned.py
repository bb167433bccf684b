# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that moves on the hub between plan and download: named file by file, nothing of it taken silently."""

from __future__ import annotations

import shutil
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import hub as weights_hub
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request
from conftest import MODEL, Running, Site

BIG = "model-00001-of-00002.safetensors"


def planned(hub):
    """What the plan reads."""
    asked = weights_hub.Hub(Client(hub.url, "", 5), MODEL, "master")
    try:
        return asked.listing()
    finally:
        asked.close()


def listings(hub) -> int:
    return sum("/repo/files?" in request["url"] for request in hub.requests())


def until(true) -> None:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


def forget(hub, read: int) -> None:
    """The hub writes down a request after its answer."""
    until(lambda: listings(hub) == read)
    hub.server.hub.reset()


def change(site) -> None:
    """A shard gets other bytes of the same length, one file another size, one goes and one comes."""
    data = bytearray((site.repo / BIG).read_bytes())
    data[-1] ^= 1
    (site.repo / BIG).write_bytes(bytes(data))
    (site.repo / "config.json").write_text('{"model_type": "qwen3"} ')
    (site.repo / "sub/notes.md").unlink()
    (site.repo / "extra.json").write_text("{}")


def test_what_did_not_move_is_fetched(site, hub):
    outcome = site.run(files=planned(hub))
    site.complete()
    assert outcome.changed and outcome.moved == [] and outcome.warnings == []


def test_what_moved_is_named_and_nothing_comes(site, hub):
    files = planned(hub)
    size = (site.repo / BIG).stat().st_size
    change(site)
    forget(hub, read=1)
    with pytest.raises(Refusal) as caught:
        site.run(files=files)
    said = caught.value.reason.en
    assert caught.value.rule == "LLM620" and hub.url in said
    assert f"{BIG} ({size} B, sha256 " in said
    assert "config.json (23 B -> 24 B)" in said and "- sub/notes.md (5 B)" in said and "+ extra.json (2 B)" in said
    assert not site.stamped and not site.listed and hub.sent() == 0
    site.run(files=planned(hub))  # planned again
    site.complete()


def test_files_that_are_not_wanted_may_move(site, hub):
    files = [entry for entry in planned(hub) if not entry.path.startswith("sub/")]
    (site.repo / "sub/notes.md").write_text("other notes")
    assert site.run(files=files, exclude=["sub/"]).changed


def test_a_dry_run_does_not_read_the_listing_again(site, hub):
    files = planned(hub)
    forget(hub, read=1)
    outcome = site.run(files=files, check=True)
    assert outcome.changed and outcome.to_fetch_bytes == sum(file.size for file in files) and listings(hub) == 0
    site.run(files=files)
    until(lambda: listings(hub) == 1)


def test_verified_files_stay_and_the_move_is_told(site, hub):
    site.run()
    old = (site.repo / "config.json").read_bytes()
    (site.repo / "config.json").write_text('{"model_type": "qwen3"} ')
    files = planned(hub)
    forget(hub, read=2)
    request = weights_request.Request(MODEL, str(site.dest), endpoint=hub.url, files=files)
    outcome = download.Weights(request).run()
    assert not outcome.changed and outcome.verified and (site.dest / "config.json").read_bytes() == old
    assert outcome.moved == ["config.json (24 B -> 23 B)"]
    assert len(outcome.warnings) == 1 and "LLM620" in outcome.warnings[0] and outcome.moved[0] in outcome.warnings[0]
    assert "weights_update: true" in outcome.warnings[0] and listings(hub) == 0
    assert site.run(files=files, update=True).moved == []
    site.complete()


def test_a_neighbour_with_earlier_files_is_refused(repo, hub, tmp_path):
    (tmp_path / "site").mkdir()
    first = Site(repo, tmp_path / "site/n0", hub)
    first.run()
    (repo / "config.json").write_text('{"model_type": "qwen3"} ')
    server = Running(repo.parents[1], files=str(tmp_path / "site"))
    try:
        request = weights_request.Request(
            MODEL, str(tmp_path / "site/n1"), source="mirror", mirrors=[server.url + "/files/n0"], timeout=5,
            mirror_wait=5, files=planned(hub),
        )  # fmt: skip
        with pytest.raises(Refusal) as caught:
            download.Weights(request).run()
    finally:
        server.stop()
    assert caught.value.rule == "LLM620" and "config.json (24 B -> 23 B)" in caught.value.reason.en


def test_a_directory_with_other_files_is_refused(site, hub, tmp_path):
    site.run()
    shutil.copytree(site.dest, tmp_path / "usb" / MODEL)
    shutil.rmtree(site.dest)
    files = [entry._replace(size=entry.size + 1) if entry.path == "config.json" else entry for entry in planned(hub)]
    with pytest.raises(Refusal) as caught:
        site.run(source="directory", source_dir=str(tmp_path / "usb"), files=files)
    assert caught.value.rule == "LLM620" and not site.stamped


def test_a_move_under_way_says_which_files(site, hub):
    """Listed as planned, then changed before its bytes came."""
    files = planned(hub)
    hub.fault("stall", BIG, times=1)
    taken = hub.server.hub.repos.listing
    old = (site.repo / BIG).read_bytes()

    def then_change(*args):
        rows = taken(*args)
        (site.repo / BIG).write_bytes(old[:-1] + bytes([old[-1] ^ 1]))
        return rows

    hub.server.hub.repos.listing = then_change
    with pytest.raises(Refusal) as caught:
        site.run(files=files, timeout=1)
    assert caught.value.rule == "LLM618" and f"{BIG} ({len(old)} B, sha256 " in caught.value.reason.en
    assert not site.stamped
