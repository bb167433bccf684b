# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two controllers and a node, bare; what a reader has in hand is the page and the release's file."""

from __future__ import annotations

import labctl
import pytest
from reading import PAGE, Page, Terminal, bare, bring, speaks_chinese

from release import dist

REPOSITORY = "https://code.yitiji.internal/yitiji/deepseek"


@pytest.fixture(scope="session", name="page")
def fixture_page() -> Page:
    return Page(PAGE)


@pytest.fixture(scope="session", autouse=True)
def lab_as_before():
    yield
    labctl.lab("egress", "on", check=False)


@pytest.fixture(scope="session", name="desk")
def fixture_desk(tmp_path_factory) -> Terminal:
    """The controller, with the release's file in an empty folder; the node is bare."""
    labctl.hub_reset()
    bare(labctl.NODE)
    bare("desk")
    speaks_chinese("desk")
    artefact = dist.build(tmp_path_factory.mktemp("artefact"), dist.addresses(REPOSITORY))
    bring(artefact, "desk")
    return Terminal("desk")
