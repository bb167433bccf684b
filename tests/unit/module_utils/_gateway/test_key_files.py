# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change in the files of the teams' keys."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import key_files as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys

OWN = "a-long-key-of-my-own-0123456789"


@pytest.fixture
def places(tmp_path):
    (tmp_path / "engine-key").write_text("the-engines-own-key\n")
    return core.Places(tmp_path, str(tmp_path / "keys.conf"), str(tmp_path / "engine.conf"), "engine-key")


def standing(places, **teams):
    for name, key in teams.items():
        (places.folder / f"gateway-key-{name}").write_text(key + "\n")
    hashes = {keys.digest(key): keys.Team(name) for name, key in teams.items()}
    (places.folder / "keys.conf").write_text(keys.render_map(hashes))


def test_a_new_team_gets_a_key(places):
    change = core.change([{"name": "a", "value": None}, {"name": "b", "value": OWN}], True, places)
    assert change.needed and change.made == ["a", "b"] and change.revoked == []
    assert set(change.secrets) == {"gateway-key-a", "gateway-key-b"} and change.secrets["gateway-key-b"] == OWN
    assert set(change.texts) == {places.map, places.header} and "the-engines-own-key" in change.texts[places.header]
    assert change.after["b"] == keys.digest(OWN)
    assert change.diff() == {"before": "", "after": "a: new key\nb: new key\n"}


def test_a_key_elsewhere_has_no_file_and_another_key_is_told(places):
    standing(places, a=OWN, b=OWN + "b")
    other = keys.digest("kept elsewhere")
    change = core.change([{"name": "a"}, {"name": "b", "sha256": other}], True, places)
    assert change.made == [] and change.remove == [str(places.folder / "gateway-key-b")]
    assert change.after == {"a": keys.digest(OWN), "b": other}
    assert change.diff()["after"] == "a\nb: other key\n"


def test_a_team_left_out_is_revoked_and_keeps_its_file(places):
    standing(places, a=OWN, b=OWN + "b")
    change = core.change([{"name": "b"}], True, places)
    assert change.revoked == ["a"] and change.remove == [] and keys.digest(OWN) not in change.texts[places.map]
    change = core.change([{"name": "a", "state": "absent"}], True, places)
    assert change.remove == [str(places.folder / "gateway-key-a")]


def test_absent_removes_what_is_there_but_the_engines_key(places):
    standing(places, a=OWN)
    change = core.change([{"name": "a"}], False, places)
    assert change.remove == [str(places.folder / "gateway-key-a"), places.map]
    assert not change.secrets and not change.texts and change.after == {}
    assert not core.change([], False, places._replace(folder=places.folder / "no", map="/no/map")).needed


def test_a_suspended_team_is_read_back_by_its_name(places):
    text = keys.render_map({keys.digest(OWN): keys.Team("a", "suspended")})
    assert core.teams_of(text) == {"a": keys.digest(OWN)} and core.teams_of("") == {}


def test_what_cannot_be_is_refused_before_anything_is_written(places):
    with pytest.raises(Refusal):
        core.change([{"name": "A"}], True, places)
    (places.folder / "engine-key").write_text('a"b\n')
    with pytest.raises(Refusal, match="header"):
        core.change([], True, places)


def test_the_page_is_known_by_its_own_key_or_before_it_has_one_by_the_engines(places):
    places = places._replace(page=str(places.folder / "page.conf"))
    assert keys.digest("the-engines-own-key") in core.change([], True, places).texts[places.page]
    (places.folder / "page-key").write_text(OWN + "\n")
    text = core.change([], True, places).texts[places.page]
    assert keys.digest(OWN) in text and keys.digest("the-engines-own-key") not in text
    (places.folder / "page-key").unlink()
    (places.folder / "engine-key").unlink()
    assert core.change([], True, places).texts[places.page].splitlines()[1:] == ['    default "";', "}"]


def test_the_secret_of_the_sign_in_is_made_once_and_goes_with_the_rest(places):
    places = places._replace(device=str(places.folder / "device.js"))
    change = core.change([], True, places)
    made = change.secrets[core.DEVICE]
    assert len(made) == keys.KEY_LENGTH and made in change.texts[places.device]
    (places.folder / core.DEVICE).write_text(made + "\n")
    again = core.change([], True, places)
    assert core.DEVICE not in again.secrets and again.texts[places.device] == change.texts[places.device]
    assert core.change([], False, places).remove[-1] == str(places.folder / core.DEVICE)


def test_a_team_that_goes_or_keeps_its_key_elsewhere_stops_nobody_after_it(places):
    rows = [{"name": "a", "state": "absent"}, {"name": "b", "sha256": keys.digest(OWN)}, {"name": "c"}]
    change = core.change(rows, True, places)
    assert change.made == ["c"] and set(change.after) == {"b", "c"}


def test_a_sign_in_that_was_never_set_up_is_not_removed(places):
    places = places._replace(device=str(places.folder / "device.js"))
    assert not core.change([], False, places._replace(folder=places.folder / "no", map="/no/map")).needed
    (places.folder / core.DEVICE).write_text("x\n")
    assert core.change([], False, places._replace(device="")).remove == []


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")
def test_what_is_written_is_for_root_alone_and_wanted_no_second_time(places):
    places = places._replace(folder=places.folder / "secrets")
    places.folder.mkdir(mode=0o755)
    wanted = core.change([{"name": "a"}], True, places)
    core.apply(wanted, places)
    assert stat.S_IMODE(places.folder.stat().st_mode) == 0o700
    assert (places.folder / "gateway-key-a").read_text() == wanted.secrets["gateway-key-a"] + "\n"
    for path in (places.folder / "gateway-key-a", *map(core.Path, wanted.texts)):
        state = path.stat()
        assert (stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid) == (0o600, 0, 0)
    assert not core.change([{"name": "a"}], True, places).needed
    os.chmod(places.map, 0o644)
    assert set(core.change([{"name": "a"}], True, places).texts) == {places.map}, "others could read it"
    core.apply(core.change([], False, places), places)
    assert not list(places.folder.iterdir()) and not os.path.exists(places.map)
