# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route of the pinned engine is decided; what is not, is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import routes as core

ROOT = Path(__file__).resolve().parents[4]


CATALOG = read_catalog([str(ROOT / "plugins/catalog")], yaml.safe_load)


ROUTES = CATALOG["routes"]


DECIDED = [(engine, str(version)) for engine, entry in ROUTES.items() for version in entry.get("decided", [])]


def pinned(engine):
    return {
        str(image["version"])
        for image in CATALOG["images"].values()
        if image.get("engine") == engine and "version" in image
    }


def listed(engine, version):
    return json.loads((ROOT / f"tests/fixtures/routes/{engine}-{version}.json").read_text())["routes"]


def undecided(catalog, engine, rows):
    """Rows of a list of all routes that nobody has put on either list yet."""
    own = catalog.get(engine) or {}
    known = {
        *(own.get("page") or []),
        *(str(route.method + " " + route.path) for route in core.published(catalog, engine, [])),
    }
    for group in own.get("refuse") or []:
        known |= set(group.get("routes") or [])
    return set(rows) - known


@pytest.mark.parametrize(("engine", "version"), DECIDED)
def test_every_route_is_on_a_list(engine, version):
    rows = listed(engine, version)
    assert len(rows) > 60
    assert undecided(ROUTES, engine, rows) == set()


def test_a_route_that_is_new_waits_for_a_decision_and_is_refused():
    new = "POST /v1/new_in_a_later_version"
    assert undecided(ROUTES, "vllm", [*listed("vllm", "0.32.0"), new]) == {new}
    assert core.parse(new) not in core.published(ROUTES, "vllm", [])


def test_nothing_stands_on_a_list_that_no_version_has():
    has = {row for version in ROUTES["vllm"]["decided"] for row in listed("vllm", version)}
    own = {row for group in ROUTES["vllm"]["refuse"] for row in group["routes"]} | set(ROUTES["vllm"]["page"])
    assert own - has == set()
    assert {f"{r.method} {r.path}" for r in core.published(ROUTES, "vllm", [])} <= has


def test_the_pinned_vllm_is_decided():
    decided = set(ROUTES["vllm"]["decided"])
    assert decided & pinned("vllm"), (
        "a new pin: look at its routes (tests/gateway/engine_routes.py), then name it in decided"
    )


@pytest.mark.parametrize(
    "row", ["/v1/x", "POST v1/x", "POST /pause", "TRACE /v1/x", "POST /v1/../x", "POST /v1/a b", "POST /v1/$x"]
)
def test_odd_rows_are_refused(row):
    with pytest.raises(Refusal) as caught:
        core.published(ROUTES, "vllm", [row])
    assert caught.value.rule == "LLM804"


def test_a_site_may_add_and_an_engine_without_an_entry_has_the_default():
    rows = core.published(ROUTES, "unheard-of", ["POST /v1/messages", "GET /v1/models/{model}"])
    assert core.Route("POST", "/v1/messages") in rows and core.Route("POST", "/v1/chat/completions") in rows
    assert core.refused_paths(ROUTES, "unheard-of") == []


@pytest.mark.parametrize("engine", sorted(CATALOG["engines"]))
def test_every_engine_has_the_same_four_routes(engine):
    """Whatever else it has (llama.cpp's /slots, SGLang's /flush_cache, Ollama's /api/pull) is not led to it."""
    rows = {f"{route.method} {route.path}" for route in core.published(ROUTES, engine, [])}
    assert rows == set(ROUTES["default"]["allow"]) and len(rows) == 4


def test_a_part_of_a_path_may_vary_and_leads_nowhere_else():
    plain, varies = core.parse("GET /v1/models"), core.parse("GET  /v1/files/{file_id}/content")
    assert not plain.varies and varies.varies and plain.pattern() == "/v1/models"
    pattern = re.compile(f"^{varies.pattern()}$")
    assert pattern.match("/v1/files/a-1.b/content")
    assert not any(pattern.match(f"/v1/files/{odd}/content") for odd in ("", "a/b", "a%2fb", "a b"))
    assert core.parse("GET /v1/a.b").pattern() == r"/v1/a\.b"


def test_an_engines_list_is_its_own_and_else_that_of_all():
    catalog = {"default": {"allow": ["GET /v1/b", "GET /v1/a"]}, "own": {"allow": ["POST /v1/c"]}}
    paths = [route.path for route in core.published(catalog, "other", ["GET /v1/a", "PUT /v1/z"])]
    assert paths == ["/v1/a", "/v1/b", "/v1/z"]
    assert [route.path for route in core.published(catalog, "own", [])] == ["/v1/c"]
    for odd in ("GET /v2/a", "EAT /v1/a", "GET /v1/a b", "GET /v1/../a", "GET v1/a"):
        with pytest.raises(Refusal):
            core.published(catalog, "own", [odd])


def test_refused_paths_are_those_outside_v1_each_once():
    catalog = {"e": {"refuse": [{"routes": ["GET /x", "POST /x", "GET /v1/y"]}, {"routes": ["GET /a"]}, {}]}}
    assert [route.path for route in core.refused_paths(catalog, "e")] == ["/a", "/x"]
    assert core.refused_paths(catalog, "f") == []
