# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest: what is read back is what was written, what cannot be is refused, differences are named."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core

from tests.unit.module_utils._bundle.samples import BOOKWORM, BUNDLE, FILES, NODE


def changed(**more):
    data = json.loads(core.dump(BUNDLE))
    data.update(more)
    return json.dumps(data)


def row(**more):
    return changed(files=[{**FILES[0]._asdict(), **more}])


def test_reads_what_it_wrote():
    assert core.parse(core.dump(BUNDLE), "x") == BUNDLE


def test_one_file_a_line():
    lines = [line for line in core.dump(BUNDLE).splitlines() if line.startswith(' {"path": ')]
    assert len(lines) == len(FILES)


@pytest.mark.parametrize("text", [
    "", "no", "[]", "{}", "null", '{"schema": 2}', changed(schema=0), changed(targets="all"), changed(targets=[{}]),
    changed(targets=[{**BOOKWORM, "architecture": ""}]), changed(holds=[]), changed(files=[]), changed(files={}),
    changed(files=["x"]), changed(files=[[1]]), row(path=""), row(path="/etc/passwd"), row(path="../x"),
    row(path="a/../b"),
    row(path="a//b"), row(path="a/./b"), row(path='a"b'), row(path="a\\b"), row(path="a\nb"), row(path="a\x00b"),
    row(path=core.MANIFEST), row(path=core.SUMS), row(path=".yitiji-work/x"), row(path="x" * 2000), row(path=3),
    row(size=-1), row(size=True), row(size="5"), row(size=1.5), row(size=None), row(sha256=""), row(sha256="A" * 64),
    row(sha256="a" * 63), row(sha256=7), row(kind="virus"), row(kind=None), row(more=1),
    changed(files=[FILES[0]._asdict(), FILES[0]._asdict()]),
    changed(files=[FILES[0]._asdict(), {**FILES[0]._asdict(), "path": "apt"}]),
])  # fmt: skip
def test_refuses_what_cannot_be(text):
    with pytest.raises(Refusal) as refused:
        core.parse(text, "here")
    assert refused.value.rule == "LLM913" and "here" in refused.value.reason.en


def laid_out(folder):
    for file in FILES:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * file.size)
    for name in core.OUTSIDE:
        (folder / name).write_text("")
    (folder / "models/a/b/.yitiji-verified.json").write_text("{}")
    return folder


def test_whole(tmp_path):
    assert not core.differences(BUNDLE, str(laid_out(tmp_path))).any()


@pytest.mark.parametrize("kind, harm", [
    ("missing", lambda d: (d / FILES[0].path).unlink()),
    ("wrong", lambda d: (d / FILES[0].path).write_bytes(b"xx")),
    ("wrong", lambda d: ((d / FILES[0].path).unlink(), (d / FILES[0].path).symlink_to("/etc/passwd"))),
    ("superfluous", lambda d: (d / "apt/more.deb").write_text("x")),
    ("superfluous", lambda d: (d / "link").symlink_to("/etc")),
    ("superfluous", lambda d: (d / "models/empty").mkdir()),
    ("superfluous", lambda d: (d / ".yitiji-work").mkdir()),
    ("superfluous", lambda d: (d / "models/a/b/more.safetensors").write_text("x")),
])  # fmt: skip
def test_names_what_differs(tmp_path, kind, harm):
    harm(laid_out(tmp_path))
    found = core.differences(BUNDLE, str(tmp_path))
    assert [name for name in found._fields if getattr(found, name)] == [kind]
    assert kind in core.damaged("d", found).reason.en


@pytest.mark.parametrize("more, rule", [
    ({}, ""), ({"architecture": "amd64"}, ""), ({"architecture": "aarch64"}, "LLM916"),
    ({"architecture": "riscv64"}, "LLM916"),
    ({"version": "13", "release": "trixie"}, "LLM917"), ({"distribution": "Ubuntu", "version": "24.04"}, "LLM917"),
    ({"distribution": "openEuler", "version": "22.03"}, "LLM917"),
])  # fmt: skip
def test_is_for_the_node(more, rule):
    found = core.check_node(BUNDLE, "gpu01", {**NODE, **more})
    assert (found.rule if found else "") == rule
    assert core.target_name(core.target_of(BUNDLE, NODE)) == "bookworm-amd64"


ROWS = [
    ("rocky", "9", "dnf"),
    ("rhel", "9", "dnf"),
    ("debian", "9", "apt"),
    ("kylin", "V11", "dnf"),
    ("rocky", "10", "dnf"),
]


def test_systems_of_one_version_are_told_apart():
    targets = [
        {
            "distribution": name,
            "release": f"{name}-{version}",
            "version": version,
            "architecture": "amd64",
            "manager": how,
        }
        for name, version, how in ROWS
    ]
    bundle = BUNDLE._replace(targets=tuple(targets))
    for target in targets:
        node = {"distribution": target["distribution"], "version": target["version"], "architecture": "x86_64"}
        assert core.target_of(bundle, node) is target and core.check_node(bundle, "h", node) is None
    other = {"distribution": "almalinux", "version": "9", "architecture": "x86_64"}
    assert core.check_node(bundle, "h", other).rule == "LLM917" and core.target_of(bundle, other) is None
    assert core.manager_of(BOOKWORM) == "apt" and core.manager_of(targets[0]) == "dnf"


def test_debs_are_not_offered_to_a_node_with_rpms():
    found = core.check_node(BUNDLE, "gpu01", {"distribution": "rocky", "version": "9", "architecture": "x86_64"})
    assert found.rule == "LLM917" and "bookworm-amd64" in found.reason.en and "rocky 9 amd64" in found.remedy.en


def test_says_what_a_plan_lacks():
    assert core.lacking(BUNDLE, [{"ref": "x/vllm:1", "id": None}], ["a/b"]) == []
    assert core.lacking(BUNDLE, [{"ref": "other", "id": "sha256:1"}], ["a/b"]) == []
    assert core.lacking(BUNDLE, [{"ref": "y:2", "id": "sha256:2"}], ["c/d"]) == ["y:2", "c/d"]


def test_names_stay_readable_in_the_manifest():
    holds = {"images": [], "models": [{"model": "深/度"}], "downloads": []}
    text = core.dump(core.Bundle("m", "中", ({**BUNDLE.targets[0], "release": "麒麟"},), holds, BUNDLE.files))
    assert all(word in text for word in ("深/度", "麒麟", "配置", "中")) and core.parse(text, "x").holds == holds


def test_of_many_differences_five_are_named_and_the_others_counted():
    paths = [f"f{number}" for number in range(7)]
    found = core.Differences(paths[:5], paths, [])
    english, chinese = found.texts()
    assert english == "wrong: f0, f1, f2, f3, f4 (+2); missing: f0, f1, f2, f3, f4"
    assert chinese == "内容不符：f0、f1、f2、f3、f4 (+2)；缺少：f0、f1、f2、f3、f4"
