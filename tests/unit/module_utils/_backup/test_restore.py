# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare node gets everything back; a node in use keeps what is replaced."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import restore as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.make import make
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

from tests.unit.module_utils._backup.conftest import PAGE, config_of, filled
from tests.unit.module_utils._webui.page_data import ADMIN, NEW, NOW, OLD


def texts(node: Path, *folders: str) -> dict[str, str]:
    return {
        str(path.relative_to(node)): path.read_text()
        for folder in folders
        for path in sorted((node / folder).rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and (path.suffix == "" or path.suffix in (".crt", ".key", ".txt", ".org"))
    }


def put(work: core.Restore) -> None:
    work.judge()
    work.unpack()
    work.swap()
    work.clear()


def test_a_bare_node_has_everything_as_before(node, places, params):
    archive = make(config_of(node))["path"]
    bare = places()
    put(core.Restore(params(bare, archive)))
    for folder in ("secrets", "tls"):
        assert texts(bare, folder) == texts(node, folder)
    assert (bare / "site/own.crt").read_text() == (node / "site/own.crt").read_text()
    assert data.info(bare / "data")["chats"] == 3 and (bare / "data/uploads/plan.txt").read_text() == "the plan"
    assert (bare / "data/webui.db").stat().st_uid == PAGE and (bare / "data").stat().st_mode & 0o777 == 0o700
    assert json.loads((bare / "open-webui.json").read_text())["ref"] == NOW["ref"]
    assert json.loads((bare / "restored-plan.json").read_text()) == {"plan": {"deployment": "demo"}}
    modes = {"secrets": 0o700, "secrets/engine-key": 0o600, "tls/ca.key": 0o600, "tls/ca.crt": 0o644, "tls": 0o755}
    assert {name: (bare / name).stat().st_mode & 0o777 for name in modes} == modes
    assert not list(bare.glob("*.restore")) and not list(bare.rglob("*.env"))


def test_what_is_replaced_is_kept(node, places, params):
    archive = make(config_of(node))["path"]
    used = filled(places(), chats=1)
    (used / "secrets/engine-key").write_text("of before\n")
    with pytest.raises(Refusal) as caught:
        core.Restore(params(used, archive)).judge()
    assert caught.value.rule == "LLM726"
    work = core.Restore(params(used, archive, replace=True))
    put(work)
    assert (work.kept / "secrets/engine-key").read_text() == "of before\n" and (work.kept / "tls/ca.key").exists()
    assert work.kept.stat().st_mode & 0o777 == 0o700 and data.info(work.before)["chats"] == 1
    assert (used / "secrets/engine-key").read_text() == "value of engine-key\n"


@pytest.mark.parametrize(
    ("change", "rule"), [({"image": OLD}, "LLM722"), ({"admin": "else@x.org"}, "LLM729"), ({"image": NEW}, "")]
)
def test_newer_onto_older_is_refused_and_older_onto_newer_goes(node, places, params, change, rule):
    archive = make(config_of(node))["path"]
    bare = places()
    if not rule:
        put(core.Restore(params(bare, archive, **change)))
        return
    with pytest.raises(Refusal) as caught:
        core.Restore(params(bare, archive, **change)).judge()
    assert caught.value.rule == rule and list(bare.iterdir()) == []
    given = {"image": NOW, "admin": ADMIN, **change}
    with pytest.raises(Refusal) as caught:
        core.judged(Path(archive), given["image"], given["admin"], {})
    assert caught.value.rule == rule


def test_data_in_postgresql(node, places, params):
    (node / "data/webui.db").unlink()
    theirs = config_of(node)
    theirs["page"]["database"] = "postgresql"
    archive = make(theirs)["path"]
    bare = places()
    with pytest.raises(Refusal) as caught:
        core.Restore(params(bare, archive)).judge()
    assert caught.value.rule == "LLM727"
    given = params(bare, archive)
    given["config"]["page"]["database"] = "postgresql"
    put(core.Restore(given))
    assert (bare / "data/uploads/plan.txt").exists() and (bare / "secrets/open-webui-session").exists()


def test_what_people_are_told(node):
    told = core.judged(Path(make(config_of(node))["path"]), NOW, ADMIN, config_of(node))
    assert told["page"] and told["version"] == "0.12.4" and told["counts"]["chats"] == 3
    assert "open-webui-oidc" in told["secrets"] and told["bytes"] > 0


def test_a_rehearsal_touches_nothing(node, params):
    archive = make(config_of(node))["path"]
    before = texts(node, "secrets", "tls", "data")
    assert core.Restore(params(node, archive)).rehearse()["chats"] == 3
    assert texts(node, "secrets", "tls", "data") == before and not list(node.glob("data.*"))


def test_a_machine_on_which_no_folder_of_ours_is(node, places, params):
    """As root works there, with a umask of 077: services' users still pass through what is above their folders."""
    archive = make(config_of(node))["path"]
    bare = places()
    given = params(bare, archive)
    config = given["config"]
    config["page"]["data_dir"] = str(bare / "var/lib/yitiji/open-webui")
    config.update(secrets_dir=str(bare / "etc/yitiji/secrets"), tls_dir=str(bare / "etc/yitiji/tls"))
    config["state"]["open-webui.json"] = str(bare / "var/lib/yitiji/open-webui.json")
    mask = os.umask(0o077)
    try:
        core.Restore({**given, "archive": ""}).replaces_nothing()
        assert list(bare.iterdir()) == []
        put(core.Restore(given))
    finally:
        os.umask(mask)
    modes = {"var/lib/yitiji": 0o755, "etc/yitiji": 0o755, "etc/yitiji/tls": 0o755, "etc/yitiji/secrets": 0o700}
    assert {name: (bare / name).stat().st_mode & 0o777 for name in modes} == modes
    assert data.info(bare / "var/lib/yitiji/open-webui")["chats"] == 3
