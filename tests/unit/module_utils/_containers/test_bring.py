# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From where an image is brought, and what is refused before gigabytes are fetched."""

from __future__ import annotations

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

    def __init__(self, monkeypatch, archive=None, told=None, found=None):
        self.done = []
        steps = core.core

        def did(name, answer=None):
            def step(*args):
                self.done.append((name, args))
                return answer

            return step

        monkeypatch.setattr(steps, "choose", lambda image, archives: archive)
        monkeypatch.setattr(steps, "load", did("load", 7))
        monkeypatch.setattr(steps, "pull", did("pull"))
        monkeypatch.setattr(steps, "find", lambda docker, image: found)
        monkeypatch.setattr(steps, "check_registry", lambda *args: "https://r" if told else None)
        monkeypatch.setattr(core.logins, "login", lambda host, folders: ("/logins", True))
        monkeypatch.setattr(core.logins, "reach", lambda *args: None)
        monkeypatch.setattr(core.manifest, "describe", lambda *args: told)

    def bring(self, dry=False, cards=lambda: NO_CARDS, report=None):
        settings = core.Settings(["/a.tar"], 60, "/etc/c", dry)
        return core.bring(IMAGE, ENGINE, settings, report or Reporter(None, "x"), cards)


def test_an_archive_comes_before_a_registry(monkeypatch):
    world = World(monkeypatch, archive="/a.tar", found={"Id": IMAGE.id})
    assert world.bring() == core.Brought("/a.tar", {"Id": IMAGE.id}, 7, 0)
    assert [name for name, _args in world.done] == ["load"]


def test_a_pull_uses_the_login_and_tells_the_size(monkeypatch, tmp_path):
    told = Description(3 * 2**30, {})
    monkeypatch.setattr(core.core, "check_space", lambda *args: None)
    world, progress = World(monkeypatch, told=told, found={"Id": IMAGE.id}), tmp_path / "p.json"
    assert world.bring(report=Reporter(str(progress), "r/x:1")).download == told.bytes
    assert world.done[0][0] == "pull" and world.done[0][1][-1] == "/logins"
    assert "pulling 3.0 GiB" in progress.read_text()


@pytest.mark.parametrize("archive", ["/a.tar", None])
def test_a_dry_run_fetches_nothing(monkeypatch, archive):
    world = World(monkeypatch, archive=archive)
    assert world.bring(dry=True) == core.Brought(archive or "r/x:1") and world.done == []


def test_another_image_than_wanted_is_refused(monkeypatch):
    with pytest.raises(Refusal):
        World(monkeypatch, archive="/a.tar").bring()


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
