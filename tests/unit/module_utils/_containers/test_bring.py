# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where an image is brought, and what is refused before gigabytes are fetched."""

from __future__ import annotations

import hashlib
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import bring as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.manifest import Description
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter

IMAGE = core.core.Image("r/x:1", id="sha256:" + "a" * 64)
ENGINE = {"path": "/docker", "registry_mirrors": [], "data_root": ""}
NO_CARDS = {"cuda_version": None, "driver_version": None}


class World:
    """What archives, registry and Docker say, and what was done."""

    def __init__(self, monkeypatch, archive=None, told=None, found=None, digests=None):
        self.done = []
        steps = core.core
        packed = core.core.Packed(IMAGE.id, [], digests or [IMAGE.id])

        def did(name, answer=None):
            def step(*args):
                self.done.append((name, args))
                return answer

            return step

        monkeypatch.setattr(steps, "choose", lambda image, archives: steps.Chosen(archive, packed) if archive else None)
        # another one of the archive is loaded with it, and somebody else pulls his own meanwhile
        after = {"r/x:1": IMAGE.id, "r/beside:1": "sha256:beside", "r/his:1": "sha256:his", "r/old:1": "sha256:old"}
        monkeypatch.setattr(steps, "names", lambda docker: after if self.done else {"r/old:1": "sha256:old"})
        both = [packed, core.core.Packed("sha256:beside", [], ["sha256:beside"])]
        monkeypatch.setattr(core.archive, "peek", lambda source: both)
        monkeypatch.setattr(steps, "inspect", lambda docker, name: None)
        monkeypatch.setattr(steps, "drop_new", did("drop"))
        monkeypatch.setattr(steps, "load", did("load", 7))
        monkeypatch.setattr(steps, "pull", did("pull"))
        monkeypatch.setattr(steps, "tag", did("tag"))
        monkeypatch.setattr(core.archive, "contents", lambda source, identity: (1, {}))
        monkeypatch.setattr(core.handover, "lacking", lambda needs: None)
        monkeypatch.setattr(steps, "find", lambda docker, image, others=(): found)
        monkeypatch.setattr(steps, "check_registry", lambda *args: "https://r" if told else None)
        monkeypatch.setattr(core.logins, "login", lambda host, folders: ("/logins", True))
        monkeypatch.setattr(core.logins, "reach", lambda *args: None)
        monkeypatch.setattr(core.manifest, "describe", lambda *args: told)

    def bring(self, dry=False, cards=lambda: NO_CARDS, report=None, names="/no/names"):
        settings = core.Settings(["/a.tar"], 60, "/etc/c", dry, names)
        return core.bring(IMAGE, ENGINE, settings, report or Reporter(None, "x"), cards)


def test_an_archive_comes_before_a_registry(monkeypatch):
    world = World(monkeypatch, archive="/a.tar", found={"Id": IMAGE.id})
    new = frozenset([IMAGE.id, "sha256:beside"])
    assert world.bring() == core.Brought("/a.tar", {"Id": IMAGE.id}, 7, 0, new)
    assert [name for name, _args in world.done] == ["load"]


def test_a_pull_uses_the_login_and_tells_the_size(monkeypatch, tmp_path):
    told = Description(3 * 2**30, {})
    monkeypatch.setattr(core.core, "check_space", lambda *args: None)
    world, progress = World(monkeypatch, told=told, found={"Id": IMAGE.id}), tmp_path / "p.json"
    brought = world.bring(report=Reporter(str(progress), "r/x:1"))
    assert brought.download == told.bytes and brought.new == {IMAGE.id}
    assert world.done[0][0] == "pull" and world.done[0][1][-1] == "/logins"
    assert "pulling 3.0 GiB" in progress.read_text()


@pytest.mark.parametrize("archive", ["/a.tar", None])
def test_a_dry_run_fetches_nothing(monkeypatch, archive):
    world = World(monkeypatch, archive=archive)
    assert world.bring(dry=True) == core.Brought(archive or "r/x:1") and world.done == []


def test_another_image_than_wanted_is_refused(monkeypatch):
    world = World(monkeypatch, archive="/a.tar")
    with pytest.raises(Refusal):
        world.bring()
    assert [name for name, _args in world.done] == ["load", "drop"]


def test_the_cards_are_asked_only_where_the_image_wants_a_driver(monkeypatch):
    monkeypatch.setattr(core.core, "check_space", lambda *args: None)
    asked = []

    def cards():
        asked.append(True)
        return {"cuda_version": "12.2", "driver_version": "535.1"}

    World(monkeypatch, told=Description(1, {"PATH": "/bin"})).bring(dry=True, cards=cards)
    assert asked == []
    with pytest.raises(Refusal) as caught:
        World(monkeypatch, told=Description(1, {"NVIDIA_REQUIRE_CUDA": "cuda>=13.0", "CUDA_VERSION": "13.0.1"})).bring(
            dry=True, cards=cards
        )
    assert asked == [True] and caught.value.rule == "LLM209"


def test_what_an_archive_told_is_remembered(monkeypatch, tmp_path):
    names, manifest = tmp_path / "names.json", "sha256:" + "b" * 64
    World(monkeypatch, archive="/a.tar", found={"Id": IMAGE.id}).bring(names=str(names))
    assert not names.exists()
    World(monkeypatch, archive="/a.tar", found={"Id": manifest}, digests=[IMAGE.id, manifest]).bring(names=str(names))
    asked = []
    monkeypatch.setattr(core.core, "find", lambda docker, image, others=(): asked.append(others))
    assert core.known(IMAGE, ENGINE, str(names)) is None and asked == [[manifest]]


def test_containerds_own_store_is_read(monkeypatch, tmp_path):
    World(monkeypatch)
    manifest = json.dumps({"config": {"digest": IMAGE.id}, "layers": []})
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    folder = tmp_path / "containerd/daemon" / core.image_names.CONTENT / "sha256"
    folder.mkdir(parents=True)
    (folder / digest).write_text(manifest)
    engine = {**ENGINE, "data_root": str(tmp_path)}
    monkeypatch.setattr(core.core, "inspect", lambda docker, name: {"Id": "sha256:" + digest})
    assert core.known(IMAGE, engine, "/no/names") == {"Id": "sha256:" + digest}
    assert core.known(IMAGE._replace(id="sha256:" + "c" * 64), engine, "/no/names") is None


def test_no_registry_and_an_archive_with_another_image_of_that_name(monkeypatch):
    other = core.core.Packed("sha256:z", ["r/x:1"], ["sha256:z"])
    World(monkeypatch)

    def gone(*_args):
        raise Refusal("LLM302", image="r/x:1", tried="none")

    monkeypatch.setattr(core.core, "check_registry", gone)
    monkeypatch.setattr(core.core.archive_, "peek", lambda source: [other])
    with pytest.raises(Refusal) as caught:
        core.bring(IMAGE, ENGINE, core.Settings(["/a.tar"], 60, "/c", True), Reporter(None, "x"), lambda: NO_CARDS)
    assert caught.value.rule == "LLM360"


DIGEST, MOVED = "sha256:" + "d" * 64, "sha256:" + "e" * 64
TAG = core.core.Image("r.example/x:1")


@pytest.fixture
def serves(monkeypatch):
    """A registry whose tag has this digest now, or none that answers."""

    def set_up(digest):
        place = core.registry.Place("https://r.example", core.registry.Access())
        monkeypatch.setattr(core.registry, "locate", lambda *args: (place if digest else None, {}))
        monkeypatch.setattr(core.registry, "digest_of", lambda *args: digest)
        monkeypatch.setattr(core.manifest, "describe", lambda *args: Description(1, {}, IMAGE.id))

    return set_up


def test_what_a_tag_means_in_the_registry(serves):
    serves(DIGEST)
    assert core.meant(TAG, ENGINE, "/c") == TAG._replace(digest=DIGEST, id=IMAGE.id)
    serves("")
    assert core.meant(TAG, ENGINE, "/c") == TAG, "nobody answers"


@pytest.mark.parametrize("asks", ["meant", "ask_registry"])
def test_a_tag_that_moved_is_refused_where_it_is_locked(serves, monkeypatch, asks):
    place = core.registry.Place("https://r.example", core.registry.Access())
    monkeypatch.setattr(core.core, "check_registry", lambda *args: place)
    monkeypatch.setattr(core.core, "check_space", lambda *args: None)
    image = TAG._replace(digest=DIGEST)

    def ask(locked):
        if asks == "meant":
            return core.meant(image, ENGINE, "/c", locked)
        return core.ask_registry(image, ENGINE, "/c", lambda: NO_CARDS, locked)

    serves(MOVED)
    with pytest.raises(Refusal) as caught:
        ask(True)
    told = f"serves {MOVED} for r.example/x:1, locked is {DIGEST}"
    assert caught.value.rule == "LLM595" and told in str(caught.value)
    assert ask(False), "a site that pins by digest alone may have a tag that moves"
    serves(DIGEST)
    assert ask(True)


def test_the_digest_of_an_image_that_is_here():
    found = {"RepoDigests": ["other.example/x@" + MOVED, "r.example/x@" + DIGEST]}
    assert core.digest_here(TAG, found) == DIGEST
    assert core.digest_here(core.core.Image("a/b:1"), {"RepoDigests": ["docker.io/a/b@" + DIGEST]}) == DIGEST
    assert core.digest_here(TAG._replace(digest=MOVED), {"RepoDigests": None}) == MOVED


NEXT = core.Neighbour("https://10.0.0.1:8810/image.tar", IMAGE.id, "/run/own.pem", "/run/peers.pem")


def test_a_neighbours_image_is_known_by_that_nodes_id_and_found_again_by_the_pin(monkeypatch, tmp_path):
    """`docker save` loses the digest by which a registry knows the image."""
    names, pinned = tmp_path / "names.json", core.core.Image("r/x:1", digest=DIGEST)
    world, introduced, asked = World(monkeypatch, archive=NEXT.url, found={"Id": IMAGE.id}), [], []
    monkeypatch.setattr(core.stream, "introduce", lambda *given: introduced.append(given))
    monkeypatch.setattr(
        core.core, "find", lambda docker, image, others=(): asked.append((image, list(others))) or {"Id": IMAGE.id}
    )
    settings = core.Settings(["/a.tar"], 60, "/etc/c", False, str(names))
    brought = core.take(pinned, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS)
    assert brought.source == NEXT.url and brought.found == {"Id": IMAGE.id}
    assert introduced == [(NEXT.url, NEXT.identity, NEXT.peers)]
    assert [(name, args[1]) for name, args in world.done] == [("load", NEXT.url), ("tag", IMAGE.id)]
    assert world.done[1][1][2] == pinned, "an archive made by id brings no name"
    assert asked == [(core.core.Image("r/x:1", id=IMAGE.id), [IMAGE.id])]
    core.known(pinned, ENGINE, str(names))
    assert asked[-1] == (pinned, [IMAGE.id])


def test_a_neighbour_with_another_image_is_refused(monkeypatch, tmp_path):
    world = World(monkeypatch)
    monkeypatch.setattr(core.stream, "introduce", lambda *given: None)
    settings = core.Settings([], 60, "/etc/c", False, str(tmp_path / "names"))
    with pytest.raises(Refusal) as caught:
        core.take(IMAGE, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS)
    assert caught.value.rule == "LLM311" and world.done == [], "its archive says so before it is fetched"
    world = World(monkeypatch, archive=NEXT.url)
    with pytest.raises(Refusal) as caught:
        core.take(IMAGE, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS)
    assert caught.value.rule == "LLM311" and [name for name, _args in world.done] == ["load", "drop"]
    assert not (tmp_path / "names").exists()


def test_an_offer_is_checked_as_a_registry_is_before_it_is_fetched(monkeypatch):
    world, asked = World(monkeypatch, archive=NEXT.url, found={"Id": IMAGE.id}), []
    monkeypatch.setattr(core.stream, "introduce", lambda *given: None)
    settings = core.Settings([], 60, "/etc/c", False, "/no/names")

    def rule(image=IMAGE, **smi):
        with pytest.raises(Refusal) as caught:
            core.take(image, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: {**NO_CARDS, **smi})
        return caught.value.rule

    monkeypatch.setattr(core.archive, "contents", lambda *asked: (5 << 30, {"NVIDIA_REQUIRE_CUDA": "cuda>=13.0"}))
    assert rule(cuda_version="12.2", driver_version="535.1") == "LLM209"
    monkeypatch.setattr(core.handover, "lacking", lambda needs: asked.append(needs) or "no room")
    assert rule() == "LLM334" and asked == [[("/", 10 << 30)]]
    assert rule(core.core.Image("r/x:1", "sha256:" + "c" * 64)) == "LLM334" and len(asked) == 1, (
        "not what the plan pins"
    )

    def gone(*_asked):
        raise core.stream.Unreadable("gone")

    monkeypatch.setattr(core.archive, "contents", gone)
    assert rule() == "LLM320" and world.done == []


def test_a_pinned_id_may_be_another_name_of_what_the_archive_holds(monkeypatch, tmp_path):
    names, manifest = tmp_path / "names.json", "sha256:" + "b" * 64
    names.write_text(json.dumps([[IMAGE.id, manifest]]))
    World(monkeypatch, archive=NEXT.url, found={"Id": IMAGE.id})
    monkeypatch.setattr(core.stream, "introduce", lambda *given: None)
    settings = core.Settings([], 60, "/etc/c", False, str(names))
    image = core.core.Image("r/x:1", manifest)
    assert core.take(image, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS).source == NEXT.url


@pytest.mark.parametrize("rule", ["LLM310", "LLM320", "LLM334"])
def test_what_the_neighbour_does_not_give_comes_from_outside(monkeypatch, tmp_path, rule):
    told = Description(3, {})
    monkeypatch.setattr(core.core, "check_space", lambda *args: None)
    world, warned = World(monkeypatch, told=told, found={"Id": IMAGE.id}), []

    def refused(*_args):
        raise Refusal(rule, source=NEXT.url, reason="it broke", listed="it broke", image="x", problem="it broke")

    monkeypatch.setattr(core, "take", refused)
    settings = core.Settings([], 60, "/etc/c", False, str(tmp_path / "names"))
    given = (IMAGE, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS, warned.append)
    brought = core.take_or_bring(*given)
    assert brought.source == IMAGE.ref and [name for name, _args in world.done] == ["pull"]
    assert len(warned) == 1 and "[LLM334]" in warned[0] and "it broke" in warned[0]


@pytest.mark.parametrize("rule", ["LLM209", "LLM311", "LLM319"])
def test_what_outside_cannot_mend_is_refused(monkeypatch, rule):
    def refused(*_args):
        raise Refusal(rule, source="x", ref="x", image="x", wanted="x", driver="x", said="x")

    world, warned = World(monkeypatch, told=Description(3, {}), found={"Id": IMAGE.id}), []
    monkeypatch.setattr(core, "take", refused)
    settings = core.Settings([], 60, "/etc/c", False, "/no/names")
    with pytest.raises(Refusal) as caught:
        core.take_or_bring(IMAGE, ENGINE, settings, Reporter(None, "x"), NEXT, lambda: NO_CARDS, warned.append)
    assert caught.value.rule == rule and world.done == warned == []


def test_a_neighbour_without_this_runs_certificates_is_not_asked(tmp_path):
    settings = core.Settings([], 60, "/etc/c", False, str(tmp_path / "names"))
    gone = NEXT._replace(identity=str(tmp_path / "no.pem"), peers=str(tmp_path / "none.pem"))
    with pytest.raises(Refusal) as caught:
        core.take(IMAGE, ENGINE, settings, Reporter(None, "x"), gone, lambda: NO_CARDS)
    assert caught.value.rule == "LLM320"
