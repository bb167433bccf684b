# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node with an earlier release of the chat page; the files of this folder run in the order of their names."""

from __future__ import annotations

import json

import labctl
import pytest


@pytest.fixture(scope="session")
def before(tmp_path_factory) -> tuple[str]:
    """What the inventory says besides: the earlier release (`lab/lab serve --with webui_before`)."""
    path = tmp_path_factory.mktemp("before") / "hosts.yml"
    made = json.loads((labctl.CACHE / "images/images.json").read_text())["images"]
    older = json.loads((labctl.CACHE / "images/webui_before/index.json").read_text())
    archives = [{"url": f"{labctl.HUB}/files/{name}"} for name in ("images.tar", f"webui_before/{older['archive']}")]
    path.write_text(json.dumps({"all": {"children": {"appliances": {"vars": {
        "appliance_images": {**made, "open-webui-slim": older["images"]["open-webui-before"]},
        "appliance_image_archives": archives,
    }}}}}))  # fmt: skip
    return (str(path),)
