# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner's verbs on the controller: resolve, plan, save, calibrate."""

from __future__ import annotations

import importlib
import json
from unittest import mock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import nodes as lock
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _locked

from tests.sizing.common import declared, first_unit

PLUGINS = "ansible_collections.yitiji.deepseek.plugins.action"
WISH = {"deployment": "demo", "profile": "basic"}
CARDS = declared("rtx-4090-24g", 2)


def act(verb, check=False, known=None, **options):
    """What the action returns, and what it showed the operator."""
    task = mock.Mock(args=options, async_val=0, diff=True, check_mode=check)
    action = importlib.import_module(f"{PLUGINS}.{verb}").ActionModule(task, *(mock.Mock() for _other in range(5)))
    action._display = mock.Mock()
    return action.run(None, {"inventory_hostname": "n1", **(known or {})}), action._display


@pytest.fixture(scope="module")
def plan():
    return act("serving_plan", **WISH, nodes=CARDS)[0]["plan"]


def test_names_are_resolved_before_any_node_is_known():
    done, _shown = act("plan_resolve", **WISH, beside=[{"model": "deepseek-r1-1.5b"}])
    wanted = done["wanted"]
    assert not done["changed"] and wanted["engine"] == "vllm" and wanted["gguf"] == []
    assert wanted["model"].endswith("7B") and wanted["beside"][0]["model"].endswith("1.5B")


def test_an_unknown_name_is_refused_with_the_deployment_beside_the_host():
    done, _shown = act("plan_resolve", **{**WISH, "profile": "none"})
    assert done["failed"] and done["rule"] in done["msg"] and "demo: n1" in done["msg"]
    assert done["host"] == "n1" and "refusal" not in done, "its words stand in the message alone"


def test_a_folder_that_cannot_be_written_is_refused_first(tmp_path, plan):
    (tmp_path / "file").write_text("")
    for verb, options in (("plan_resolve", WISH), ("plan_save", {"plan": plan})):
        with pytest.raises(AnsibleActionFail, match="LLM541"):
            act(verb, **options, save_to=str(tmp_path / "file" / "plans"))


@pytest.mark.parametrize(("language", "count"), [("both", 2), ("en", 1), ("zh", 1)])
def test_a_plan_is_shown_in_the_operators_language(language, count):
    done, shown = act("serving_plan", **WISH, nodes=CARDS, language=language, show=True)
    assert shown.display.call_count == count and done["explanation"] and not done["changed"]


def test_a_node_that_is_no_longer_listed_is_told(tmp_path, plan):
    kept = {**plan, "nodes": {**plan["nodes"], "n7": {**plan["nodes"]["n1"], "head": False}}}
    (tmp_path / "plan.json").write_text(json.dumps(kept))
    _done, shown = act("serving_plan", **WISH, nodes=CARDS, show=True, kept_plan=str(tmp_path / "plan.json"))
    (told,) = shown.warning.call_args.args
    assert told.count("[LLM189] demo") == 2 and "--limit n7" in told
    _done, shown = act("serving_plan", **WISH, nodes=CARDS, show=True, kept_plan=str(tmp_path / "none.json"))
    assert not shown.warning.called


def test_what_does_not_fit_is_refused():
    done, _shown = act("serving_plan", **{**WISH, "profile": "flagship"}, nodes=CARDS)
    assert done["failed"] and done["rule"] == "LLM504" and "plan" not in done and "demo: n1" in done["msg"]


def test_a_plan_is_kept_once(tmp_path, plan):
    folder = tmp_path / "plans" / "demo"
    would, _shown = act("plan_save", check=True, plan=plan, save_to=str(folder))
    assert would["changed"] and len(would["diff"]) == 4 and not folder.exists()
    done, _shown = act("plan_save", plan=plan, save_to=str(folder))
    assert done["changed"] and done["files"] == ["plan.en.txt", "plan.html", "plan.json", "plan.zh.txt"]
    assert json.loads((folder / "plan.json").read_text()) == plan
    again, _shown = act("plan_save", plan=plan, save_to=str(folder))
    assert not again["changed"] and again["files"] == []


def test_a_start_is_compared_with_the_plan(tmp_path, plan):
    unit, kept = first_unit(plan), tmp_path / "calibration.json"
    tokens = unit["capacity"]["kv_tokens_best"] // 2
    logs = {unit["name"]: f"non-default args: x\nGPU KV cache size: {tokens:,} tokens\n"}
    would, _shown = act("plan_calibrate", check=True, plan=plan, engine_logs=logs, calibration_file=str(kept))
    assert would["changed"] and not kept.exists()
    done, shown = act("plan_calibrate", plan=plan, engine_logs=logs, calibration_file=str(kept))
    assert done["changed"] and [row["id"] for row in done["mismatches"]] == ["LLM535"]
    assert shown.warning.call_count == 1 and json.loads(kept.read_text()) == done["calibration"]
    again, _shown = act("plan_calibrate", plan=plan, engine_logs=logs, calibration_file=str(kept))
    assert not again["changed"]
    careful = act("serving_plan", **WISH, nodes=CARDS, calibration_file=str(kept))[0]["plan"]
    assert first_unit(careful)["capacity"]["kv_tokens"] < unit["capacity"]["kv_tokens"]


SHORT = {"kind": "free", "free_gib": 18.5, "total_gib": 23.5, "line": "Free memory on device cuda:0"}


def test_a_plan_is_made_smaller_from_what_an_engine_said(tmp_path, plan):
    kept, ended = tmp_path / "calibration.json", {"n1": {first_unit(plan)["name"]: SHORT}}
    again = {**WISH, "nodes": CARDS, "calibration_file": str(kept)}
    done, shown = act("serving_plan", **again, ended=ended, ended_plan=plan, show=True)
    assert [row["id"] for row in done["plan"]["warnings"]].count("LLM580") == 1 and not kept.exists()
    printed = " ".join(call.args[0] for call in shown.display.call_args_list)
    assert "an earlier start ended" in printed and "上次启动" in printed
    rows = done["learned"]
    would, _shown = act("plan_calibrate", check=True, plan=done["plan"], rows=rows, calibration_file=str(kept))
    assert would["changed"] and not kept.exists()
    assert act("plan_calibrate", plan=done["plan"], rows=rows, calibration_file=str(kept))[0]["changed"]
    assert not act("plan_calibrate", plan=done["plan"], rows=rows, calibration_file=str(kept))[0]["changed"]
    assert act("serving_plan", **again)[0]["plan"] == done["plan"], "the next run plans the same"


def test_below_the_floor_nothing_is_learned(plan):
    ended = {"n1": {first_unit(plan)["name"]: {**SHORT, "free_gib": 3.0}}}
    done, _shown = act("serving_plan", **WISH, nodes=CARDS, ended=ended, ended_plan=plan)
    assert done["failed"] and done["rule"] == "LLM581" and "learned" not in done
    assert done["need"]["kv_gib"] > done["have"]["kv_gib"] and "reason" not in done
    assert "内存" in done["msg"] and "memory" in done["msg"]


def test_logs_without_a_figure_are_refused(plan):
    done, _shown = act("plan_calibrate", plan=plan, engine_logs={"yitiji-vllm": "nothing"})
    assert done["failed"] and done["rule"] == "LLM536"


def test_a_plan_is_exported_once(tmp_path, plan):
    folder = tmp_path / "plans" / "demo"
    would, _shown = act("plan_export", check=True, plan=plan, save_to=str(folder))
    assert would["changed"] and len(would["diff"]) == 1 and not folder.exists()
    done, _shown = act("plan_export", plan=plan, save_to=str(folder), node_selector={"zone": 1})
    written = list(yaml.safe_load_all((folder / "kserve.yaml").read_text()))
    assert done["changed"] and done["path"] == str(folder / "kserve.yaml") and written == done["manifests"]
    assert written[1]["spec"]["template"]["nodeSelector"] == {"zone": "1"}
    assert not act("plan_export", plan=plan, save_to=str(folder), node_selector={"zone": 1})[0]["changed"]
    with pytest.raises(AnsibleActionFail, match="LLM591"):
        act("plan_export", plan={**plan, "engine": {**plan["engine"], "name": "sglang"}}, save_to=str(folder))


DEBIAN = {"ids": ["debian"], "versions": ["12"], "architecture": "x86_64"}
ASKED = {"ansible_facts": {lock.FIRST: {"nginx": "1.22"}}, "appliance_distribution": DEBIAN}
NODES = {"n1": {"system": "debian 12 x86_64", "packages": {"nginx": "1.22"}}}
DIGEST = "sha256:" + "a" * 64


def pinned(plan):
    return lock.pinned(plan, {"n1": {"images": {row["ref"]: {"digest": DIGEST} for row in plan["images"]}}})


def keep(path, plan, hostvars=None, check=False, **options):
    hostvars = {"n1": ASKED} if hostvars is None else hostvars
    options = {"path": str(path), "plan": plan, "hosts": list(hostvars), **options}
    return act("appliance_lock", check, {"hostvars": hostvars}, **options)


def test_a_plan_is_locked_and_followed(tmp_path, plan):
    path = str(tmp_path / "lock.yml")
    done, _shown = keep(path, pinned(plan))
    assert done["changed"] and f"images.open-webui.digest: - -> {DIGEST}" in done["differences"]
    assert not keep(path, pinned(plan))[0]["changed"]
    again, _shown = act("serving_plan", **WISH, nodes=CARDS, lock=path)
    assert again["plan"] == pinned(plan) and again["locked"]["nodes"] == NODES
    other, _shown = act("serving_plan", **{**WISH, "profile": "standard"}, nodes=declared("h20-96g", 8), lock=path)
    assert other["failed"] and other["rule"] == "LLM592"
    kept, _shown = act("serving_plan", **WISH, nodes=CARDS)
    assert kept["locked"] == {} and kept["plan"] == plan


def test_images_are_pinned_by_what_the_checks_found(plan):
    images = {f"{lock.IMAGE}{row['key']}": {"ref": row["ref"], "digest": DIGEST} for row in plan["images"]}
    found = {**ASKED, "ansible_facts": {**ASKED["ansible_facts"], **images}}
    known = {"hostvars": {"n1": found, "n2": {}}}
    done, _shown = act("appliance_lock", False, known, state="pinned", plan=plan, hosts=["n1", "n2"])
    assert done["plan"] == pinned(plan) and not done["changed"]


def test_a_node_that_the_run_left_out_keeps_its_packages(tmp_path, plan):
    path = tmp_path / "lock.yml"
    keep(path, pinned(plan))
    done, shown = keep(path, pinned(plan), {"n1": {}, "n2": ASKED})
    assert done["differences"] == ["nodes.n2.packages.nginx: - -> 1.22", "nodes.n2.system: - -> debian 12 x86_64"]
    assert shown.display.call_count == 2 and "diff" in done


def test_an_image_without_a_digest_is_said_to_be_left_out(tmp_path, plan):
    path = tmp_path / "lock.yml"
    done, shown = keep(path, plan)
    said = [str(call.args[0]) for call in shown.display.call_args_list]
    assert done["changed"] and len(said) == len(plan["images"]) and all("left out" in line for line in said)
    assert "images: {}" in path.read_text()
    assert not keep(path, plan)[0]["changed"]


def test_in_check_mode_it_says_what_differs_and_writes_nothing(tmp_path, plan):
    path = tmp_path / "lock.yml"
    keep(path, plan)
    before = path.read_text()
    done, _shown = keep(path, pinned(plan), check=True)
    assert f"images.open-webui.digest: - -> {DIGEST}" in done["differences"] and path.read_text() == before


def test_the_controllers_own_packages_change_in_a_renewal_alone(tmp_path, plan, monkeypatch):
    path = tmp_path / "lock.yml"
    keep(path, plan)
    monkeypatch.setattr(_locked.metadata, "version", lambda name: "0.0.1")
    assert not keep(path, plan)[0]["changed"]
    told = keep(path, plan, renew=True)[0]["differences"]
    assert any(line.startswith("wheels.ansible-core: 2.") and line.endswith(" -> 0.0.1") for line in told)


def test_a_lock_that_is_no_yaml_is_refused(tmp_path):
    (tmp_path / "lock.yml").write_text("schema: [")
    done, _shown = act("serving_plan", **WISH, nodes=CARDS, lock=str(tmp_path / "lock.yml"))
    assert done["failed"] and done["rule"] == "LLM593"
