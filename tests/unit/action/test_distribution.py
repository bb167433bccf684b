# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The distribution of a node, read over its connection without Python; and of a bundle's target."""

from __future__ import annotations

import importlib
from unittest import mock

import pytest

from tests.unit.module_utils._facts.test_basics import KYLIN

PLUGINS = "ansible_collections.yitiji.deepseek.plugins.action"
BOOKWORM = KYLIN.replace('"kylin"', "debian").replace('"V10"', '"12"').replace("/usr/bin/dnf", "/usr/bin/apt-get")


def act(verb, answer, **options):
    task = mock.Mock(args=options, async_val=0, diff=False, check_mode=False)
    action = importlib.import_module(f"{PLUGINS}.{verb}").ActionModule(task, *(mock.Mock() for _other in range(5)))
    action._low_level_execute_command = mock.Mock(return_value={"rc": 0, "stdout": answer, "stderr": ""})
    return action.run(None, {"inventory_hostname": "n1"})


def test_of_a_node():
    done = act("distribution", BOOKWORM)
    found = done["distribution"]
    assert not done["changed"] and (found["key"], found["package_architecture"]) == ("debian-12", "arm64")
    assert found["packages"]["njs"] == ["libnginx-mod-http-js"] and found["units"]["chrony"] == "chrony.service"


@pytest.mark.parametrize("answer", [KYLIN, "", "sh: not found"])
def test_refused_with_the_hosts_name(answer):
    done = act("distribution", answer)
    assert done["failed"] and done["rule"] == "LLM105" and done["host"] == "n1" and "Debian 12" in done["msg"]


def test_of_a_target_that_is_not_there():
    done = act("bundle_target", "", target={"release": "trixie", "architecture": "arm64"})
    assert done["distribution"]["key"] == "debian-13" and done["distribution"]["architecture"] == "aarch64"
    assert "docker-cli" in done["distribution"]["packages"]["docker"]
