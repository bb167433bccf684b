# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file: what is written is read back, and what somebody has changed in it is refused."""

from __future__ import annotations

import multiprocessing
import re

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import file as core

from tests.unit.module_utils._lock.a_state import A, locked

STATE = locked()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "site" / "lock.yml")


def kept(path, state=STATE, deployment="demo", check=False):
    return core.keep(path, deployment, state, yaml.safe_load, check)


def written(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def test_read_back_as_written_and_not_written_twice(path):
    before, after = kept(path)
    assert before == "" and written(path) == after and core.read(path, yaml.safe_load) == {"demo": STATE}
    assert kept(path) == (after, after)


def test_in_check_mode_nothing_is_written(path):
    assert kept(path, check=True)[1] and core.read(path, yaml.safe_load) == {}


def test_no_lock_is_none(tmp_path):
    assert core.read("", yaml.safe_load) == core.read(str(tmp_path / "none"), yaml.safe_load) == {}


def test_a_thing_has_a_line_and_comments_in_both_languages(path):
    text = kept(path)[1]
    assert f'        digest: "{A}"' in text.splitlines()
    assert '          nginx: "1.22.1-9"' in text.splitlines()
    assert re.search(r'^          config\.json: \{bytes: 700, sha256: "1{64}"\}$', text, re.MULTILINE)
    assert "docs/lock.md" in text and "docs/lock.zh.md" in text


@pytest.mark.parametrize("name", ["1.0", "true", "a: b", "no", "-", "# x", "模型", "a'\"b"])
def test_any_name_comes_back(path, name):
    state = {**STATE, "wheels": {name: "1.10"}}
    kept(path, state)
    assert core.read(path, yaml.safe_load)["demo"]["wheels"] == {name: "1.10"}


def _one(path, name):
    core.keep(path, name, STATE, yaml.safe_load, False)


def test_deployments_that_write_at_once_all_stay(path):
    names = [f"site-{number}" for number in range(6)]
    context = multiprocessing.get_context("fork")
    running = [context.Process(target=_one, args=(path, name)) for name in names]
    for process in running:
        process.start()
    for process in running:
        process.join(30)
    assert sorted(core.read(path, yaml.safe_load)) == names


def parsed(text):
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("schema: 1", "schema: 2", "not a lock of schema 1"),
        ("deployments:\n", "deployments: 5\nmore:\n", "not a lock of schema 1"),
        ("schema: 1", "schema: [", "no YAML"),
        (f'digest: "{A}"', 'digest: "sha256:abc"', "demo: images."),
        ("bytes: 700", "bytes: 701", "its manifest is not that of the files below it"),
        ("config.json:", "../../config.json:", "path"),
        ("1" * 64, "4" * 64, "its manifest is not that of the files below it"),
        ('nginx: "1.22.1-9"', "nginx: 1.22", "demo: nodes.n1"),
        ("    images:", "    pictures:", "demo: KeyError"),
    ],
)
def test_what_somebody_changed_is_refused(path, old, new, why):
    text = kept(path)[1]
    assert old in text
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace(old, new, 1))
    with pytest.raises(Refusal) as caught:
        core.read(path, parsed)
    assert caught.value.rule == "LLM593" and why in caught.value.reason.en and path in caught.value.remedy.en
