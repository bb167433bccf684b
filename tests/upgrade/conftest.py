# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node with an earlier chat page; the files of this folder run in the order of their names."""

from __future__ import annotations

import json
import shutil

import asked
import labctl
import pytest
import yaml


@pytest.fixture(scope="session")
def before(tmp_path_factory) -> tuple[str]:
    """What the inventory says besides: the earlier page (`lab/lab serve --with webui_before`)."""
    path = tmp_path_factory.mktemp("before") / "hosts.yml"
    # the host's own: the group's in inventories/lab would win over those of a group here
    path.write_text(json.dumps({"all": {"hosts": {labctl.NODE: {
        "appliance_images": asked.images("webui_before"),
        "appliance_image_archives": asked.archives("webui_before"),
    }}}}))  # fmt: skip
    return (str(path),)


@pytest.fixture(scope="session")
def options(tmp_path_factory):
    """More models on the hub, of the same files under other names: one whose tokenizer none can read, one that talks
    of something else."""
    made = {}
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "models").mkdir()
    for name in (asked.B, asked.BROKEN, asked.ODD):
        made[name] = labctl.CACHE / "models" / asked.OWNER / name
        shutil.rmtree(made[name], ignore_errors=True)
        shutil.copytree(labctl.CACHE / "models" / labctl.MODEL, made[name])
    (made[asked.BROKEN] / "tokenizer.json").write_text('{"version": "1.0"}\n')
    template = made[asked.ODD] / "tokenizer_config.json"
    text = template.read_text(encoding="utf-8")
    assert "<think>\\\\n" in text
    template.write_text(text.replace("<think>\\\\n", "<think>"), encoding="utf-8")
    entries = {
        name: {"id": f"{asked.OWNER}/{name}", "served_name": name, "reasoning_parser": "deepseek_r1"} for name in made
    }
    (folder / "models/more.yml").write_text(yaml.safe_dump(entries))
    (folder / "vars.json").write_text(json.dumps({"appliance_catalog_dirs": [str(folder)]}))
    yield f"-e @{folder / 'vars.json'}"
    for there in made.values():
        shutil.rmtree(there, ignore_errors=True)
