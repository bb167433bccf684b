# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every plugin keeps. Modules run on the node's own Python: 3.8, standard library only."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import pythons
import yaml
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec, documentation

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ROOT / "plugins"
CODE = sorted(p for p in PLUGINS.rglob("*.py") if p.name != "__init__.py")
CORES = sorted(p for p in (PLUGINS / "module_utils").rglob("*.py") if p.name != "__init__.py")
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
ON_NODE = [*CORES, *MODULES]
OWN = "ansible_collections.yitiji.deepseek.plugins.module_utils"
PYTHON38 = pythons.find("3.8")


class Taken(Exception):
    """What a module gave to AnsibleModule."""


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda p: "/".join(place(p)))


def place(path: Path):
    return path.relative_to(PLUGINS).with_suffix("").parts[1:]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 8))


def imports(tree: ast.Module):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def string(path: Path, name: str) -> str:
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    return ""


def runtime_nodes(node: ast.AST):
    """Every node that is evaluated: annotations are not, with the __future__ import."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from runtime_nodes(child)


@named(CODE)
def test_licence(path):
    head = path.read_text(encoding="utf-8").splitlines()[:6]
    assert any("GNU General Public License v3.0+" in line for line in head)
    assert any("SPDX-License-" + "Identifier: GPL-3.0-or-later" in line for line in head)


def test_cores_stand_in_private_rooms():
    rooms = PLUGINS / "module_utils"
    assert [p.name for p in rooms.glob("*.py") if p.name != "__init__.py"] == []
    assert CORES and [p for p in CORES if not p.relative_to(rooms).parts[0].startswith("_")] == []
    assert [p for p in rooms.rglob("__init__.py") if p.read_bytes()] == [], "nothing is re-exported"


@named(CORES)
def test_cores_are_pure(path):
    foreign = {
        n for n in imports(tree_of(path)) if not n.startswith(OWN) and n.split(".")[0] not in sys.stdlib_module_names
    }
    assert not foreign, "only the standard library and other cores"


@named(ON_NODE)
def test_python_38(path):
    tree = tree_of(path)
    code = [n for n in tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    assert isinstance(code[0], ast.ImportFrom) and code[0].module == "__future__"
    for node in runtime_nodes(tree):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("removeprefix", "removesuffix"), f"line {node.lineno}: Python 3.9"
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            assert node.value.id not in ("dict", "list", "tuple", "set", "type"), f"line {node.lineno}: Python 3.9"
        if isinstance(node, ast.keyword):
            assert node.arg != "strict", f"line {node.value.lineno}: Python 3.10"


@pytest.mark.skipif(not PYTHON38, reason="no python3.8 on this machine (set PYTHON38)")
def test_cores_import_with_python_38():
    names = ", ".join(".".join([OWN, *place(p)]) for p in CORES)
    run = [PYTHON38, "-c", f"import {names}"]
    done = subprocess.run(run, cwd=ROOT / ".collections", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@named(MODULES)
def test_modules_are_documented(path):
    doc = documentation(path.stem)
    assert doc["module"] == path.stem
    assert doc["short_description"] and doc["description"] and doc["author"] and doc["version_added"]
    attributes = doc.get("attributes", {})
    assert {"check_mode", "diff_mode", "platform"} <= set(attributes)
    assert [n for n, a in attributes.items() if not a.get("description") or "support" not in a] == []
    assert ("action" in attributes) == (PLUGINS / "action" / path.name).is_file()
    assert [n for n, o in (doc.get("options") or {}).items() if not o.get("description") or "type" not in o] == []
    examples = yaml.safe_load(string(path, "EXAMPLES"))
    assert any(f"yitiji.deepseek.{path.stem}" in e for e in examples)
    returned = yaml.safe_load(string(path, "RETURN"))
    assert returned and [n for n, r in returned.items() if "sample" not in r and "contains" not in r] == []


@named(MODULES)
def test_modules_take_what_they_document(path, monkeypatch):
    module = importlib.import_module(f"ansible_collections.yitiji.deepseek.plugins.modules.{path.stem}")
    if not hasattr(module, "main"):
        return  # an action does the work: its options are read from this documentation

    def taken(argument_spec, **_more):
        raise Taken(argument_spec)

    monkeypatch.setattr(module, "AnsibleModule", taken)
    with pytest.raises(Taken) as caught:
        module.main()
    spec, documented = caught.value.args[0], argument_spec(path.stem)
    assert set(spec) == set(documented)
    for name, option in spec.items():
        for key in ("type", "elements", "choices", "default"):
            assert option.get(key) == documented[name].get(key), f"{name}: {key}"
        assert bool(option.get("required")) == bool(documented[name].get("required")), name


@named(sorted(p for p in (PLUGINS / "action").glob("*.py") if p.stem != "__init__"))
def test_actions_have_a_module_of_the_same_name(path):
    assert (PLUGINS / "modules" / path.name).is_file()


@named(sorted(p for p in (PLUGINS / "filter").glob("*.py") if p.stem != "__init__"))
def test_filters_are_documented(path):
    """Several filters of one file have a page each, beside it; one alone may have it inside."""
    module = importlib.import_module(f"ansible_collections.yitiji.deepseek.plugins.filter.{path.stem}")
    offered = set(module.FilterModule().filters())
    inside = yaml.safe_load(string(path, "DOCUMENTATION") or "{}").get("name")
    beside = {name for name in offered if (path.parent / f"{name}.yml").is_file()}
    assert offered == beside | ({inside} if inside else set())
    for name in beside:
        page = yaml.safe_load((path.parent / f"{name}.yml").read_text(encoding="utf-8"))
        assert page["DOCUMENTATION"]["name"] == name and page["EXAMPLES"] and page["RETURN"]["_value"]["description"]


TEXT = {"read_text": 1, "write_text": 2}  # the encoding may be the argument of this number
STARTED = ("run", "Popen", "call", "check_call", "check_output")
OPENED = ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile")


def without_encoding(tree: ast.Module):
    """Calls that read or write text in whatever encoding the machine's locale has."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or {"encoding", None} & {k.arg for k in node.keywords}:
            continue
        method, name = isinstance(node.func, ast.Attribute), getattr(node.func, "attr", getattr(node.func, "id", ""))
        said = [c.value for a in [*node.args, *node.keywords] for c in ast.walk(a) if isinstance(c, ast.Constant)]
        modes = [str(value) for value in said if re.fullmatch("[rwax][bt+]*", str(value))]
        plain = name in ("open", "fdopen") and not (method and name == "open")  # these open text if no mode is given
        if (
            (method and name in TEXT and len(node.args) < TEXT[name])
            or (name in STARTED and {"text", "universal_newlines"} & {k.arg for k in node.keywords})
            or (name in OPENED and (plain or modes) and "b" not in "".join(modes) and not of_tar(node.func))
        ):
            yield node.lineno


def of_tar(function: ast.AST) -> bool:
    return isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "tarfile"


def test_what_has_no_encoding_is_found():
    text = """
open(a); open(a, "w"); path.open("w"); path.read_text(); path.write_text(b); os.fdopen(c); os.fdopen(c, "a")
run(d, text=True); NamedTemporaryFile("w"); open(a, encoding="utf-8"); path.read_text("utf-8", "x"); open(a, "rb")
os.open(a, 1); opener.open(url); path.open("rb"); run(d, encoding="utf-8"); NamedTemporaryFile(); read_text(a)
"""
    assert len(list(without_encoding(ast.parse(text)))) == 9


@named(CODE)
def test_text_has_an_encoding(path):
    assert list(without_encoding(tree_of(path))) == []


@named(CODE)
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
