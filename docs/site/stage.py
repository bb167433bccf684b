# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out the pages of the documentation site: those of the repository, with links that lead inside the site, and the
reference, which is written from argument specs and from the plugins' documentation.

A link to a file that is no page is left as its text; one that leads nowhere is refused.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = (
    "README.md",
    "README.zh.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "CHANGELOG.md",
    "lab/README.md",
)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
PICTURES = {".png", ".svg"}
# Between two lines of Chinese a browser would show a gap; lists, tables, quotes and headings begin lines of their own.
GAP = re.compile(r"(?<=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])\n *(?=[\u3008-\u303f\u4e00-\u9fff\uff00-\uffef])")
# the site has a switch for this
OTHER_LANGUAGE = re.compile(
    r"^(?:\*\*\[(?:中文|English)\]\([^)]*\)\*\*(?: · )?|(?:English: |中文：)\[[^\]]*\]\([^)]*\)$)", re.MULTILINE
)


class Nowhere(Exception):
    """A link to no file."""


def places() -> dict[str, str]:
    """Path in the repository -> path in the site."""
    found = {name: f"project/{name.replace('lab/README', 'lab')}" for name in PROJECT}
    for path in sorted((ROOT / "docs").rglob("*")):
        name = path.relative_to(ROOT / "docs").as_posix()
        if path.suffix in {".md", *PICTURES} and not name.startswith("site/"):
            found[f"docs/{name}"] = name
    for path in sorted((ROOT / "docs/site/pages").glob("*.md")):
        found[f"docs/site/pages/{path.name}"] = path.name
    for path in sorted((ROOT / "roles").glob("*/README.md")):
        found[path.relative_to(ROOT).as_posix()] = f"reference/roles/{path.parent.name}.md"
    return found


def linked(text: str, source: str, known: dict[str, str]) -> str:
    """A page's text with its links as the site has them."""

    def turned(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if re.match(r"^(?:[a-z]+:|#)", target):
            return found[0]
        path, _, anchor = target.partition("#")
        goal = os.path.normpath(os.path.join(os.path.dirname(source), path))
        if goal in known:
            # a page has one name for both languages; which one is shown is the site's matter
            there = os.path.relpath(known[goal].replace(".zh.md", ".md"), os.path.dirname(known[source]) or ".")
            return f"{picture}[{words}]({there}{'#' + anchor if anchor else ''})"
        if not (ROOT / goal).exists():
            raise Nowhere(f"{source}: {target}")
        return words if "`" in words or picture else f"{words} (`{goal}`)"

    text = OTHER_LANGUAGE.sub("", text)
    code = [found.span() for found in CODE.finditer(text)]

    def kept(found: re.Match[str]) -> str:
        """What stands in code is no link; a link may have code in its words."""
        inside = any(begin <= found.start() < end for begin, end in code)
        return found[0] if inside else turned(found)

    return LINK.sub(kept, text)


def closed(text: str) -> str:
    """A Chinese page without gaps at the ends of its lines; what stands in code stays."""
    code = [found.span() for found in CODE.finditer(text)]

    def joined(at: re.Match[str]) -> str:
        heading = text[text.rfind("\n", 0, at.start()) + 1 :].startswith("#")
        return at[0] if heading or any(begin <= at.start() < end for begin, end in code) else ""

    return GAP.sub(joined, text)


CHINESE = re.compile(r"[\u4e00-\u9fff]")
RULE = re.compile(r"rules/LLM\d+\.md$")


def one_language(text: str, chinese: bool) -> str:
    """A page of a rule, which has both languages, for readers of one (`English / 中文`, or lines of each)."""
    shown = []
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.split("\n")
        start = next((at for at, line in enumerate(lines) if CHINESE.match(line.removeprefix("**"))), len(lines))
        if start < len(lines):
            lines = lines[start:] if chinese else lines[:start]
        shown.append("\n".join(_of_line(line, chinese) for line in lines))
    return "\n\n".join(shown) + "\n"


def _of_line(line: str, chinese: bool) -> str:
    english, slash, other = line.rpartition(" / ")
    if not slash or not CHINESE.search(other) or CHINESE.search(english):
        return line
    if not chinese:
        _label, colon, rest = other.partition(": ")  # Silence / 忽略: `…`
        return f"{english}: {rest}" if colon and not CHINESE.search(rest) else english
    number = re.match(r"# LLM\d+: ", english)
    return (number[0] if number else "") + other


def pages(folder: Path) -> None:
    known = places()
    for source, name in known.items():
        goal = folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if goal.suffix in PICTURES:
            shutil.copyfile(ROOT / source, goal)
        else:
            if RULE.search(name):
                both = linked((ROOT / source).read_text(encoding="utf-8"), source, known)
                goal.write_text(one_language(both, False), encoding="utf-8")
                goal.with_suffix(".zh.md").write_text(closed(one_language(both, True)), encoding="utf-8")
                continue
            text = linked((ROOT / source).read_text(encoding="utf-8"), source, known)
            goal.write_text(closed(text) if goal.name.endswith(".zh.md") else text, encoding="utf-8")


# reference


def said(text: Any) -> str:
    """A description with the markup of Ansible's documentation as Markdown has it."""
    joined = " ".join(text) if isinstance(text, list) else str(text or "")
    joined = re.sub(r"\b[CVOEP]\(((?:[^()]|\([^()]*\))*)\)", r"`\1`", joined)
    joined = re.sub(r"\bM\(([\w.]+)\)", lambda found: f"`{found[1].rpartition('.')[2]}`", joined)
    joined = re.sub(r"\b[BI]\(([^)]*)\)", r"*\1*", joined)
    return joined.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def row(name: str, spec: dict[str, Any]) -> str:
    default = "required" if spec.get("required") else ""
    if not default and spec.get("default") not in (None, "", [], {}):
        value = spec["default"]
        default = (
            "`" + (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).replace("|", "\\|") + "`"
        )
    choices = f" One of {', '.join(f'`{choice}`' for choice in spec['choices'])}." if spec.get("choices") else ""
    return f"| `{name}` | {spec.get('type', 'str')} | {default} | {said(spec.get('description'))}{choices} |"


TABLE = ["| name | type | default | meaning |", "|---|---|---|---|"]


def of_role(path: Path) -> Iterator[str]:
    role = path.parent.parent.name
    yield f"# Variables of role {role}\n\nFrom its argument specs; how it works: [role {role}](../roles/{role}.md).\n"
    specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    for entry, spec in specs.items():
        yield f"## {entry}\n\n{said(spec.get('description') or spec.get('short_description'))}\n"
        options = spec.get("options") or {}
        if options:
            yield "\n".join([*TABLE, *(row(name, told) for name, told in options.items())]) + "\n"


def fragments(name: str) -> dict[str, Any]:
    """Options of a fragment of ours."""
    file, _, part = name.removeprefix("yitiji.deepseek.").partition(".")
    source = ast.parse((ROOT / f"plugins/doc_fragments/{file}.py").read_text(encoding="utf-8"))
    wanted = part.upper() or "DOCUMENTATION"
    for node in ast.walk(source):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == wanted:
            return yaml.safe_load(ast.literal_eval(node.value)).get("options") or {}
    return {}


def documented(path: Path) -> dict[str, Any]:
    """DOCUMENTATION, EXAMPLES and RETURN of a plugin."""
    if path.suffix == ".yml":
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {
            "doc": found["DOCUMENTATION"],
            "examples": found.get("EXAMPLES", ""),
            "returns": found.get("RETURN") or {},
        }
    texts = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            texts[getattr(node.targets[0], "id", "")] = node.value.value
    doc = yaml.safe_load(texts["DOCUMENTATION"])
    returns = yaml.safe_load(texts.get("RETURN") or "{}") or {}
    return {"doc": doc, "examples": texts.get("EXAMPLES", ""), "returns": returns}


def of_plugin(path: Path, kind: str) -> Iterator[str]:
    found = documented(path)
    doc = found["doc"]
    name = doc.get("module") or doc.get("name") or path.stem
    yield f"# {kind} {name}\n\n{said(doc['short_description'])}.\n"
    yield "\n".join(f"- {said(line)}" for line in doc["description"]) + "\n"
    options = dict(doc.get("options") or {})
    for fragment in doc.get("extends_documentation_fragment") or []:
        options.update(fragments(fragment))
    if options:
        yield "\n".join(["## Options\n", *TABLE, *(row(key, told) for key, told in options.items())]) + "\n"
    if str(found["examples"]).strip():
        yield f"## Examples\n\n```yaml\n{str(found['examples']).strip()}\n```\n"
    if found["returns"]:
        rows = [
            f"| `{key}` | {told.get('type', '')} | {said(told.get('description'))} |"
            for key, told in found["returns"].items()
        ]
        yield "\n".join(["## Returns\n", "| name | type | meaning |", "|---|---|---|", *rows]) + "\n"


def reference(folder: Path) -> None:
    kinds: list[tuple[str, str, list[Path], Callable[[Path], Iterator[str]]]] = [
        ("Variables by role", "variables", sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")), of_role),
        ("Modules", "modules", sorted((ROOT / "plugins/modules").glob("[a-z]*.py")), partial(of_plugin, kind="Module")),
        ("Filters", "filters", sorted((ROOT / "plugins/filter").glob("*.yml")), partial(of_plugin, kind="Filter")),
    ]  # fmt: skip
    for title, kind, paths, written in kinds:
        place = folder / "reference" / kind
        place.mkdir(parents=True, exist_ok=True)
        rows = []
        for path in paths:
            name = path.parent.parent.name if kind == "variables" else path.stem
            text = "\n".join(written(path))
            (place / f"{name}.md").write_text(text, encoding="utf-8")
            told = "" if kind == "variables" else ": " + text.splitlines()[2]
            rows.append(f"- [{name}]({name}.md){told}")
        (place / "index.md").write_text(f"# {title}\n\n" + "\n".join(rows) + "\n", encoding="utf-8")
    roles = sorted(path.stem for path in (folder / "reference/roles").glob("*.md"))
    has = {path.stem for path in (folder / "reference/variables").glob("*.md")}
    rows = [
        f"- [{name}]({name}.md)" + (f" · [variables](../variables/{name}.md)" if name in has else "") for name in roles
    ]
    listed = "\n".join(rows)
    (folder / "reference/roles/index.md").write_text(f"# Roles\n\n{listed}\n", encoding="utf-8")


def stage(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages(folder)
    shutil.copyfile(ROOT / "docs/site/extra.css", folder / "extra.css")
    reference(folder)
