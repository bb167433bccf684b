# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as people get it: its tools installed from a bundle's folder without a network, its pages as pictures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import labctl
import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import seal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.acceptance.example import PARTIES, ROOT, compared

PICTURES = labctl.OUTPUT / "acceptance-pages"
SHARED = yaml.safe_load((ROOT / "roles/shared_variables/vars/main.yml").read_text(encoding="utf-8"))
# Something small stands for the load generator, which is 0.2 GB; PDFs are made by what is really pinned.
PLAY = """
- hosts: localhost
  gather_facts: false
  roles: [yitiji.deepseek.shared_variables]
  tasks:
    - ansible.builtin.include_role: {name: yitiji.deepseek.bundle, tasks_from: controller}
    - ansible.builtin.include_role: {name: yitiji.deepseek.acceptance, tasks_from: tools}
"""
WIDE, MARGIN = 595.3, 16 / 25.4 * 72  # points
LANGUAGES = {
    "zh": (
        "大模型一体机验收报告",
        "验收结论：不合格",
        "代表（签字）：",
        "二、验收对象",
        "21A00002",
        "稳定性长测",
        "与此前报告相比",
        "570.86.15",
        "<|im_end|>",
    ),
    "en": (
        "LLM appliance: acceptance report",
        "Verdict: failed",
        "name, signature:",
        "2. What is accepted",
        "21A00002",
    ),
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory) -> Path:
    """The Python that makes PDFs, as the roles bundle it and install it again."""
    place = tmp_path_factory.mktemp("tools")
    given = {
        "appliance_source": "bundle", "appliance_bundle": str(place / "bundle"), "bundle_out": str(place / "bundle"),
        "bundle_pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
        "bundle_requirements": ["packaging==26.0"], "acceptance_tools_dir": str(place / "tools"),
        "acceptance_plan": {"deployment": "campus"}, "ansible_python_interpreter": sys.executable,
        "__appliance_acceptance_tools": {**SHARED["__appliance_acceptance_tools"], "generator": "packaging==26.0"},
    }  # fmt: skip
    (place / "given.json").write_text(json.dumps(given))
    (place / "play.yml").write_text(PLAY)
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(place / "play.yml"), "-e"]
    done = subprocess.run(
        [*command, f"@{place / 'given.json'}"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    wheels = {path.name.split("-")[0] for path in (place / "bundle/controller/acceptance").glob("*.whl")}
    assert {"typst", "pylopdf_fonts_zh_cn", "packaging"} <= wheels
    return place / "tools/pdf/bin/python"


@pytest.fixture(scope="module")
def written(tools, tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("report")
    seal.write(str(folder), compared(), str(folder / "key"), str(tools))
    return folder, (folder / "report.pub").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_says_it_all_in_an_embedded_font(written, language):
    path = written[0] / f"report.{language}.pdf"
    said = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    for text in (*LANGUAGES[language], *PARTIES.values(), "GPU-5f2c77a1-9d3b-4c02-8e1f-000000000007"):
        assert text in said, text
    assert "\ufffd" not in said
    assert compared()["plan_sha256"] in said  # can be copied whole
    boxes = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True).stdout
    assert max(float(x) for x in re.findall(r'<word [^>]*xMax="([\d.]+)"', boxes)) <= WIDE - MARGIN + 0.5
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts and all(re.search(r"NotoSansSC.* yes yes yes ", line) for line in fonts), fonts
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert re.search(r"PDF subtype: +PDF/A-2b", told) or b"pdfaid:part>2<" in path.read_bytes(), told


def test_the_data_fits_its_schema(written):
    schema = json.loads((ROOT / "docs/acceptance.schema.json").read_text(encoding="utf-8"))
    found = json.loads((written[0] / "report.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(found)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_become_pictures_to_look_at(written, language):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in PICTURES.glob(f"{language}*"):
        name.unlink()
    subprocess.run(
        ["pdftoppm", "-r", "80", "-png", written[0] / f"report.{language}.pdf", PICTURES / language], check=True
    )
    shot = PICTURES / f"{language}-page.png"
    page = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,4800"]
    target = f"file://{written[0]}/report.{language}.html"
    subprocess.run(["chromium", *page, f"--screenshot={shot}", target], capture_output=True, timeout=120, check=True)
    assert shot.stat().st_size > 50_000 and len(list(PICTURES.glob(f"{language}-*.png"))) >= 5


@pytest.mark.parametrize("name", ["report.json", "report.zh.html", "report.en.html", "report.zh.pdf", "report.en.pdf"])
def test_a_changed_byte_is_refused(written, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(written[0], folder)
    assert seal.read(str(folder), written[1])["verdict"] == "fail"
    whole = bytearray((folder / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (folder / name).write_bytes(whole)
    with pytest.raises(Refusal, match="was changed") as caught:
        seal.read(str(folder), written[1])
    assert caught.value.rule == "LLM854"
