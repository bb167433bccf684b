# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artefact's builder: no address that leads nowhere, no gap left, links that follow.

What it builds is looked at by tests/integration/test_artefact.py."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import tarfile

import pytest
import yaml

from release import bare, dist

REAL = "https://code.yitiji.internal/yitiji/deepseek"
VALUES = dist.addresses(REAL)


@pytest.mark.parametrize(
    "url",
    [
        *["", "x", "@REPOSITORY@", "http://code.yitiji.internal/a/b", "git@code.yitiji.internal:a/b"],
        *["https://example.invalid/a/b", "https://example.org/a/b", "https://git.example.com/a/b"],
        *["https://host/a/b", "https://localhost/a/b", "https://machine.local/a/b"],
        *["https://code.yitiji.internal/", "https://code.yitiji.internal", "https://code.yitiji.internal/a/b?c=d"],
        "https://u:p@code.yitiji.internal/a/b",
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url):
    with pytest.raises(dist.Wrong, match="REPOSITORY"):
        dist.addresses(url)
    if url:
        with pytest.raises(dist.Wrong, match="ISSUES"):
            dist.addresses(REAL, issues=url)


@pytest.mark.parametrize("given", [REAL, REAL + "/", REAL + ".git"])
def test_the_others_follow_from_the_repository(given):
    assert dist.addresses(given) == {
        "REPOSITORY": REAL, "HOMEPAGE": REAL, "ISSUES": f"{REAL}/issues", "DOCUMENTATION": f"{REAL}/tree/HEAD/docs",
    }  # fmt: skip
    assert (
        dist.addresses(REAL, homepage="https://www.yitiji.internal/home")["HOMEPAGE"]
        == "https://www.yitiji.internal/home"
    )


def test_the_checkouts_own_file_has_all_gaps_and_nothing_else():
    text = (dist.ROOT / "galaxy.yml").read_text(encoding="utf-8")
    assert sorted(dist.GAP.findall(text)) == sorted(f"@{name}@" for name in VALUES)
    assert f'repository: "{REAL}"' in dist.filled(text, VALUES)


def test_a_gap_that_nothing_fills_is_refused():
    with pytest.raises(dist.Wrong, match="@WIKI@"):
        dist.filled("a: @REPOSITORY@\nb: @WIKI@\n", VALUES)


INSIDE = {"README.md", "docs", "docs/a.md"}
KNOWN = INSIDE | {"lab", "lab/README.md", "docs/images/x.png", "docs/rules/LLM101.md", "ansible.cfg"}


@pytest.mark.parametrize(
    ("page", "text", "becomes"),
    [
        ("README.md", "[a](docs/a.md#part) [b](#here) [c](https://x.cn/y)", None),
        ("README.md", "[a](lab/README.md)", f"[a]({REAL}/blob/1.0.0/lab/README.md)"),
        ("README.md", "[a](lab)", f"[a]({REAL}/tree/1.0.0/lab)"),
        ("docs/a.md", "[a](../lab/README.md#top)", f"[a]({REAL}/blob/1.0.0/lab/README.md#top)"),
        ("docs/a.md", "![p](images/x.png)", f"![p]({REAL}/raw/1.0.0/docs/images/x.png)"),
        ("docs/a.md", "| [LLM101](rules/LLM101.md) |", f"| [LLM101]({REAL}/blob/1.0.0/docs/rules/LLM101.md) |"),
        ("README.md", "```\n[a](nowhere.md)\n```\n", None),
    ],
)
def test_links_follow(page, text, becomes):
    assert dist.linked(text, page, INSIDE, KNOWN, VALUES, "1.0.0") == (becomes or text)


@pytest.mark.parametrize("target", ["gone.md", "../x.md", "docs/b.md"])
def test_a_link_to_no_file_stops_the_build(target):
    with pytest.raises(dist.Wrong, match=r"README\.md"):
        dist.linked(f"[a]({target})", "README.md", INSIDE, KNOWN, VALUES, "1.0.0")


def test_nothing_is_built_without_an_address(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(dist, "build", lambda *_a: pytest.fail("built"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert dist.main(["--out", str(tmp_path)]) == 1
    assert "REPOSITORY" in capsys.readouterr().err


def test_uncommitted_changes_are_refused(monkeypatch):
    class Said:
        stdout = " M galaxy.yml\n"

    monkeypatch.setattr(dist.subprocess, "run", lambda *_a, **_k: Said)
    with pytest.raises(dist.Wrong, match=r"commit first.*\n M galaxy"):
        dist.commit_time()


def test_the_order_and_the_time_are_fixed(tmp_path):
    for number, order in enumerate((("b.py", "a.yml", "c.py"), ("c.py", "b.py", "a.yml"))):
        for name in order:
            (tmp_path / name).write_text(name, encoding="utf-8")
            (tmp_path / name).touch()
        with tarfile.open(tmp_path / f"in{number}", "w:gz") as tar:
            for name in order:
                tar.add(tmp_path / name, name)
    made = [dist.packed(tmp_path / f"in{n}", tmp_path / f"out{n}", 5).read_bytes() for n in (0, 1)]
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "out0") as tar:
        assert [(m.name, m.mtime, m.uid) for m in tar] == [("b.py", 5, 0), ("c.py", 5, 0), ("a.yml", 5, 0)]


def test_the_list_of_files_says_the_same_in_less():
    named = {".": "dir", "b.yml": "file", "a": "dir", "a/x.d": "dir", "c.py": "file", "a/d.py": "file"}
    rows = [{"name": name, "ftype": kind, "chksum_sha256": None, "format": 1} for name, kind in named.items()]
    before = json.dumps({"files": rows, "format": 1}, indent=True).encode()
    texts = {
        "FILES.json": before,
        "MANIFEST.json": b'{"file_manifest_file": {"name": "FILES.json"}, "format": 1}',
        "x": b"x",
    }
    dist.listed(texts)
    after = json.loads(texts["FILES.json"])
    assert [row["name"] for row in after["files"]] == [".", "a", "a/x.d", "a/d.py", "c.py", "b.yml"]
    assert after["format"] == 1 and {json.dumps(row) for row in after["files"]} == {json.dumps(row) for row in rows}
    assert len(texts["FILES.json"]) < len(before) and texts["x"] == b"x"
    told = json.loads(texts["MANIFEST.json"])["file_manifest_file"]
    assert told == {"name": "FILES.json", "chksum_sha256": hashlib.sha256(texts["FILES.json"]).hexdigest()}


def test_like_folders_of_the_roles_stand_side_by_side():
    names = ["roles/a/meta/main.yml", "roles/b/tasks/main.yml", "roles/a/tasks/main.yml", "plugins/b/c/x.yml",
             "roles/b/meta/main.yml", "plugins/a/d/x.yml", "README.md"]  # fmt: skip
    assert [m.name for m in sorted(map(tarfile.TarInfo, names), key=dist.alike)] == [
        "README.md", "plugins/a/d/x.yml", "plugins/b/c/x.yml",
        "roles/a/meta/main.yml", "roles/b/meta/main.yml", "roles/a/tasks/main.yml", "roles/b/tasks/main.yml",
    ]  # fmt: skip


def test_files_stand_as_in_the_known_order_and_new_ones_beside_what_they_repeat():
    texts = {
        "a": b"one\ntwo",
        "b": b"x",
        "c": b"three\nfour",
        "new/d": b"three\nfive",
        "new/e": b"six",
        "new/f": b"six",
    }
    assert dist.ordered(texts, ["c", "gone", "a", "b"]) == ["c", "new/d", "new/e", "new/f", "a", "b"]
    assert dist.ordered({"a": b"", "b": b""}, []) == ["a", "b"] and dist.ordered({}, ["gone"]) == []


CHANGES = """\
- <a href="#v2">v2</a>
    - <a href="#bugfixes">Bugfixes</a>
- <a href="#v1">v1</a>
    - <a href="#release-summary">Release summary</a>
    - <a href="#removed">Removed</a>

<a id="v2"></a>
## v2

<a id="bugfixes"></a>
### Bugfixes

* one

<a id="v1"></a>
## v1

<a id="release-summary"></a>
### Release summary

The first; more stands below

"""


def test_the_changelog_tells_of_the_first_version_in_short():
    """And all of later ones, as of them there is somebody who has the one before."""
    less = dist.summarized(CHANGES + '<a id="removed"></a>\n### Removed\n\n* two\n', "https://a/b")
    topic = '    - <a href="#removed">Removed</a>\n'
    assert less == CHANGES.replace(topic, "") + "The list: [https://a/b](https://a/b)\n"
    assert dist.summarized(CHANGES, "https://a/b") == CHANGES
    page = dist.plain_words((dist.ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert len(dist.summarized(page, "https://a/b")) < len(page)


def test_yaml_loses_its_comments_and_says_the_same():
    assert bare.bare("# SPDX\n# why\na: 1  # source\nb:\n  # none\n  c: x\n") == "# SPDX\na: 1\nb:\n  c: x\n"
    for text in ("# SPDX\nc: 'x  # y'\n", "# SPDX\nd: |\n  # not one\n", "# SPDX\n- name: x # noqa: y\n"):
        assert bare.bare(text) == text
    mixed = "# SPDX\n# one\nd: |\n  # not one\n  e # not one\n# one\nf: 1 # one\n"
    assert bare.bare(mixed) == "# SPDX\nd: |\n  # not one\n  e # not one\nf: 1\n"
    assert bare.bare("# SPDX\n---\n# what\n- 1 # source\n", head=True) == "# SPDX\n---\n# what\n- 1\n"


def test_only_what_is_not_for_readers_loses_its_comments():
    names = [name for name in dist.tracked() if dist.COMMENTED.match(name)]
    assert not [name for name in names if name.startswith("inventories/") or "/defaults/" in name or "/meta/" in name]
    shorter = []
    for name in names:
        whole = (dist.ROOT / name).read_text(encoding="utf-8")
        less = bare.bare(whole, head=name.startswith("playbooks/"))
        assert yaml.safe_load(less) == yaml.safe_load(whole), name
        assert less.count("# noqa") == whole.count("# noqa") and less.startswith(whole.split("\n", 1)[0]), name
        assert "\n\n\n" not in less and not less.endswith("\n\n"), name
        shorter += [name] if len(less) < len(whole) else []
    assert {"plugins/catalog/gpus/nvidia.yml", "plugins/catalog/engines/vllm.yml", "playbooks/site.yml"} <= {*shorter}


def places(tree: ast.AST, moved: set[int]) -> list[tuple[int, int, int, int]]:
    """Where each node begins and ends, but for the columns of lines in which something moved to the left."""
    return [
        (line, end, 0 if line in moved else node.col_offset, 0 if end in moved else node.end_col_offset)
        for node in ast.walk(tree)
        if hasattr(node, "lineno")
        for line, end in [(node.lineno, node.end_lineno)]
    ]


def test_programs_lose_their_remarks_and_do_the_same():
    text = '#!/bin/x\n# SPDX-\n"""W # 1"""\n\n# why\na = "#"  # this\nif a:\n    # noqa: X\n    b = 1  # type: ignore\n'
    less = '#!/bin/x\n# SPDX-\n"""W # 1"""\n\n\na = "#"\nif a:\n    # noqa: X\n    b = 1  # type: ignore\n'
    assert bare.bare_code(text) == less
    said = 'class _A:\n    """W\n    x"""\n    a = 1\n\n\ndef _f():\n    """W"""\n\n\ndef f():\n    """W"""\n    _f()\n'
    assert bare.bare_code(said) == said.replace('    """W\n    x"""\n', "\n\n")
    own = 'class A:\n    """W"""\n\n    def f(self):\n        """W"""\n        return main.__doc__\n'
    own += '\n\ndef main():\n    """Stays."""\n    f()\n'
    assert bare.bare_code(own) == own
    assert bare.bare_code(own, private=True) == own.replace('        """W"""\n', "\n")
    typed = 'def _f(a: str, *b: int, c: Dict[str, "A"] = {}, d="中") -> int:  # noqa: X\n    e: int = a\n    g: int\n'
    assert bare.bare_code(typed) == 'def _f(a, *b, c = {}, d="中"):  # noqa: X\n    e = a\n    g: int\n'
    public = "def f(a: int) -> int:\n    class A:\n        b: int = 1\n\n\nc: int = 1\n"
    assert bare.bare_code(public) == public
    assert bare.bare_code(public, private=True) == public.replace("a: int", "a").replace(" -> int", "")
    assert bare.is_private("plugins/module_utils/_plan/make.py") and bare.is_private("plugins/plugin_utils/_trip.py")
    assert not bare.is_private("plugins/modules/compliance.py") and not bare.is_private("plugins/action/__init__.py")
    otherwise = "def _f(a: str)->int: ...\n"
    assert bare.bare_code(otherwise) == otherwise
    words = re.compile(r"# (SPDX|noqa|type:|nosec|pylint|fmt:)")
    for name in (name for name in dist.tracked() if name.startswith("plugins/") and name.endswith(".py")):
        whole = (dist.ROOT / name).read_text(encoding="utf-8")
        less = bare.bare_code(whole, bare.is_private(name))
        does = bare.does(whole, bare.is_private(name))
        assert ast.dump(ast.parse(less)) == ast.dump(does), name
        walk = bare.Untyped(bare.is_private(name))
        walk.visit(ast.parse(whole))
        moved = {line for line, *_ in walk.spots}
        assert places(ast.parse(less), moved) == places(does, moved), name  # as a traceback names them
        assert words.findall(less) == words.findall(whole), name
        assert less.splitlines()[:2] == whole.splitlines()[:2], name


def test_scripts_lose_lines_of_remarks():
    text = "// SPDX-\n// why\na = `\n// not one\n`; // stays\n  // why\nb('//');\n"
    assert bare.bare_script(text) == "// SPDX-\na = `\n// not one\n`; // stays\nb('//');\n"
    for path in (dist.ROOT / "roles").rglob("*.js"):
        whole = path.read_text(encoding="utf-8").splitlines()
        less = bare.bare_script(path.read_text(encoding="utf-8")).splitlines()
        works = [[line for line in lines if not line.strip().startswith("//")] for lines in (whole, less)]
        assert works[0] == works[1] and len(less) < len(whole), path.name
