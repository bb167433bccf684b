# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory as a source, and what the hub says about a model."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    Entry,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import hub
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.hub import (
    Hub,
    describe,
    directory_listing,
    directory_of,
    entries,
    unproven,
)


def test_directory_as_source(tmp_path, installed):
    assert directory_of(str(installed), "o/m") == str(installed)
    assert [entry.path for entry in directory_listing(str(installed), "o/m")] == ["b", "sub/a"]
    with pytest.raises(Refusal, match="manifest is of o/m"):
        directory_listing(str(installed), "o/other")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Refusal) as caught:
        directory_of(str(tmp_path / "nothing"), "o/m")
    assert caught.value.rule == "LLM615"


def test_quantisation_that_stands_beside_config_json():
    beside = {"quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}}
    documents = {"config.json": b'{"model_type": "qwen2"}', "hf_quant_config.json": json.dumps(beside).encode()}
    listing = [Entry(name, 1, "a" * 64) for name in documents]
    assert describe(listing, documents.get)["config"]["quantization_config"] == {"quant_method": "modelopt", **beside}
    documents["config.json"] = b'{"quantization_config": {"quant_method": "fp8"}}'
    assert describe(listing, documents.get)["config"] == {"quantization_config": {"quant_method": "fp8"}}


def test_description():
    index = {"metadata": {"total_size": 7}, "weight_map": {"x": "s1", "y": "s2"}}
    documents = {"config.json": b'{"model_type": "qwen2"}', "m.safetensors.index.json": json.dumps(index).encode()}
    listing = [Entry(name, 1, "a" * 64) for name in [*documents, "s1"]]
    found = describe(listing, documents.get)
    assert found["config"] == {"model_type": "qwen2"} and found["index"]["shards"] == ["s1", "s2"]
    assert [warning["id"] for warning in found["warnings"]] == ["LLM603"]
    assert describe([Entry("config.json", 1, "")], lambda _name: b"no")["config"] is None


def test_files_without_a_sha256_are_a_doubt_of_its_own():
    """Not LLM601, which says that a file is not the listed one."""
    listing = [Entry("config.json", 2, ""), Entry("a.safetensors", 9, "0" * 64)]
    found = describe(listing, {"config.json": b"[]"}.get)
    assert [warning["id"] for warning in found["warnings"]] == ["LLM602", "LLM567"]
    assert "config.json" in found["warnings"][1]["en"] and found["warnings"][1]["zh"].startswith("模型站点")
    assert unproven(listing[1:], "x") == []


def test_sizes_that_a_hub_sends_as_text():
    rows = [{"Path": "b", "Size": "26", "Sha256": "b" * 64, "Type": "blob"}, {"Path": "a", "Size": 26.0},
            {"Path": "sub", "Size": "", "Type": "tree"}]  # fmt: skip
    assert entries("o/m", rows) == [Entry("a", 26, ""), Entry("b", 26, "b" * 64)]
    with pytest.raises(Refusal, match="26 bytes"):
        entries("o/m", [{"Path": "a", "Size": "26 bytes"}])


class Answers:
    """A hub's connection: answers by query, in turn; an error there is raised."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def json(self, url):
        self.asked.append(url)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def hub_with(*answers, slept=None):
    made = Hub(Client("http://hub"), "o/m", "v1", sleep=(slept if slept is not None else []).append)
    made._connection = Answers(*answers)
    return made


def rows(*paths, kind="blob"):
    return [{"Path": path, "Size": 1, "Type": kind} for path in paths]


def listed(files):
    return {"Data": {"Files": files}}


def test_a_listing_that_the_hub_cuts_is_walked(monkeypatch):
    monkeypatch.setattr(hub, "LISTING_LIMIT", 4)
    top = [*rows("a"), *rows("sub", "../up", kind="tree")]
    below = [*rows("sub/b"), *rows("sub", "other/x", kind="tree")]  # neither itself nor what lies elsewhere
    walked = hub_with(listed(rows("a", "b", "c", "d")), listed(top), listed(below))
    assert [entry.path for entry in walked.listing()] == ["a", "sub/b"]
    query = "http://hub/api/v1/models/o/m/repo/files?Revision=v1&Recursive="
    assert walked._connection.asked == [f"{query}True", f"{query}False", f"{query}False&Root=sub"]


def test_as_many_folders_as_are_looked_into_and_no_more(monkeypatch):
    monkeypatch.setattr(hub, "LISTING_LIMIT", 3)
    for most, wrong in ((2, False), (1, True)):
        monkeypatch.setattr(hub, "MOST_FOLDERS", most)
        walked = hub_with(listed(rows("sub", kind="tree")), listed(rows("sub/a")))
        if wrong:
            with pytest.raises(Refusal, match="more than 1 directories"):
                walked._walk("")
        else:
            assert [row["Path"] for row in walked._walk("")] == ["sub", "sub/a"]


def test_a_folder_that_is_cut_too_is_refused(monkeypatch):
    monkeypatch.setattr(hub, "LISTING_LIMIT", 2)
    with pytest.raises(Refusal, match="directory '/' lists 2 entries, where the hub cuts"):
        hub_with(listed(rows("a", "b")))._walk("")
    with pytest.raises(Refusal, match="directory 'deep' lists 1 entries"):
        hub_with(listed(rows("a")))._walk("deep", 17)
    assert hub_with(listed(rows("a")))._walk("deep", 16) == rows("a")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"Success": False, "Message": "no access"}, "no access"),
        ({"Data": {"Files": None}}, "no file list"),
        ({"Data": {"Files": ["a"]}}, "no file list"),
        ([1], "no file list"),
    ],
)
def test_an_answer_that_is_no_list(answer, says):
    with pytest.raises(Refusal, match=says) as caught:
        hub_with(answer).listing()
    assert caught.value.rule == "LLM610"


def test_a_hub_that_stumbles_is_asked_again():
    slept = []
    made = hub_with(Broken("reset"), Broken("busy", wait=99.0, status=429), listed(rows("a")), slept=slept)
    assert [entry.path for entry in made.listing()] == ["a"] and slept == [hub.PAUSES[0], 99.0]
    made = hub_with(Broken("bad", status=400), slept=slept)
    with pytest.raises(Refusal):
        made.listing()
    assert len(made._connection.asked) == 1 and len(slept) == 2


def test_revisions_are_branches_and_tags():
    answer = {"Data": {"RevisionMap": {"Branches": [{"Revision": "master"}], "Tags": [{"Revision": "v1"}, {}, 7]}}}
    assert hub_with(answer).revisions() == ["master", "v1"]
    assert hub_with({"Data": {"Branches": [{"Revision": "x"}]}}).revisions() == ["x"]
    assert hub_with([]).revisions() == [] and hub_with({"Data": []}).revisions() == []
