# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of an image before it is pulled."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as image_
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import manifest, registry

# As NVIDIA writes it into the images of CUDA 12.8 (environment of nvidia/cuda:12.8.1-base), shortened.
CUDA_128 = (
    "cuda>=12.8 brand=unknown,driver>=470,driver<471 brand=grid,driver>=470,driver<471 "
    "brand=tesla,driver>=535,driver<536 brand=unknown,driver>=550,driver<551"
)


PLACE = registry.Place("https://r", registry.Access())


REF = registry.split("r:5000/a:1")


ONE = {"layers": [{"size": 5}, {"size": 7}], "config": {"digest": "sha256:c"}}


INDEX = {
    "manifests": [
        {"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": "sha256:amd", "platform": {"os": "linux", "architecture": "amd64"}},
    ]
}


def answers(monkeypatch, pages):
    monkeypatch.setattr(manifest.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(registry.Session, "json", lambda _self, path: pages[path])


def test_size_and_environment(monkeypatch):
    config = {"config": {"Env": ["PATH=/bin", "CUDA_VERSION=12.8.1", "odd"]}}
    answers(monkeypatch, {"a/manifests/1": ONE, "a/blobs/sha256:c": config})
    env = {"PATH": "/bin", "CUDA_VERSION": "12.8.1"}
    assert manifest.describe(PLACE, REF, "") == manifest.Description(12, env, "sha256:c")


def test_of_several_platforms_this_machines(monkeypatch):
    pages = {"a/manifests/1": INDEX, "a/manifests/sha256:amd": ONE, "a/blobs/sha256:c": {"config": None}}
    answers(monkeypatch, pages)
    assert manifest.describe(PLACE, REF, "").bytes == 12
    monkeypatch.setattr(manifest.platform, "machine", lambda: "riscv64")
    assert manifest.describe(PLACE, REF, "") is None


@pytest.mark.parametrize("page", [{}, {"layers": [], "config": {}}])
def test_what_is_not_told_is_no_error(monkeypatch, page):
    answers(monkeypatch, {"a/manifests/1": page})
    assert manifest.describe(PLACE, REF, "") is None


@pytest.mark.parametrize(
    ("cuda", "driver", "problem"),
    [
        ("12.8", "570.26", ""),
        ("13.0", "580.65.06", ""),
        ("12.4", "550.54.15", ""),  # the alternative for that branch
        ("12.2", "535.104.05", ""),  # one for a brand that we do not know: NVIDIA's own check decides
        ("12.6", "560.35", "cuda>=12.8"),
        (None, None, ""),
    ],
)
def test_the_drivers_cuda_against_what_the_image_requires(cuda, driver, problem):
    assert manifest.driver_problem({"NVIDIA_REQUIRE_CUDA": CUDA_128}, cuda, driver) == problem


@pytest.mark.parametrize(
    ("env", "cuda", "problem"),
    [
        ({"CUDA_VERSION": "13.0.1"}, "12.8", "cuda>=13"),
        ({"CUDA_VERSION": "12.9.0"}, "12.4", ""),  # minor versions run on the drivers of their major version
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=13.0", "NVIDIA_DISABLE_REQUIRE": "true"}, "12.8", ""),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=9.0 nonsense"}, "8.0", ""),
        ({}, "12.8", ""),
    ],
)
def test_without_that_the_major_version(env, cuda, problem):
    assert manifest.driver_problem(env, cuda, "550") == problem


@pytest.mark.parametrize(
    ("sign", "left", "right", "holds"),
    [
        (">=", "12.8", "12.8.0", True),
        (">", "12.8", "12.8", False),
        ("<", "9.9", "12", True),
        ("<=", "12", "11.9", False),
        ("=", "12", "12.0", True),
        ("!=", "12", "12", False),
    ],
)
def test_versions_are_compared_as_numbers(sign, left, right, holds):
    assert manifest._holds(f"cuda{sign}{right}", {"cuda": left}) is holds


def test_refusals_name_both_sides():
    image = image_.Image("r/a:1")
    with pytest.raises(Refusal) as caught:
        image_.check_driver(image, "cuda>=13.0", "550.54", "12.4")
    assert "cuda>=13.0" in caught.value.message() and "CUDA 12.4" in caught.value.message()
    assert caught.value.rule == "LLM209"
    with pytest.raises(Refusal) as caught:
        image_.check_space(image, 20 << 30, "/var/lib/docker", 5 << 30)
    assert "20.0 GiB" in caught.value.reason.en and "5.0 GiB" in caught.value.reason.zh
    assert caught.value.rule == "LLM321"
    image_.check_driver(image, "", "", "")
    image_.check_space(image, 20 << 30, "/", 20 << 30)
    image_.check_space(image, 0, "/", 0)
