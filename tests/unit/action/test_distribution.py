# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
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


@pytest.mark.parametrize(
    ("release", "architecture", "kernel", "controller"),
    [
        ("bookworm", "amd64", "amd64", "python3-venv"), ("trixie", "arm64", "arm64", "python3-venv"),
        ("noble", "amd64", "generic", "python3-venv"), ("jammy", "amd64", "generic", "python3.11-venv"),
    ],
)  # fmt: skip
def test_a_targets_newest_kernel_and_its_controllers_python(release, architecture, kernel, controller):
    done = act("bundle_target", "", target={"release": release, "architecture": architecture})
    assert done["kernel"] == kernel
    assert done["distribution"]["bundle"]["controller"] == [controller, "openssh-client"]


@pytest.mark.parametrize(
    ("release", "package"),
    [("noble", "linux-modules-nvidia-580-server-open-generic"), ("bookworm", "linux-headers-amd64")],
)
def test_what_a_bundle_holds_of_the_driver(release, package):
    """As roles/nvidia_driver/tasks/bundle.yml plans it where no kernel is named."""
    hardware = {"gpus": [{"model": "rtx-4090-24g", "count": 4}]}
    done = act("bundle_target", "", target={"release": release, "architecture": "amd64"}, hardware=hardware)
    planned = act("nvidia_driver_plan", "", node=done["node"], kernels=[done["kernel"]])
    assert package in planned["plan"]["packages"], planned


def test_a_target_with_rpms_has_the_familys_names():
    done = act("bundle_target", "", target={"release": "rocky-9", "architecture": "x86_64"})
    found = done["distribution"]
    assert (found["key"], found["manager"], found["packages"]["docker"]) == ("rocky-9", "dnf", None)
    assert (done["name"], done["ansible_facts"]["os_family"]) == ("rocky-9-amd64", "RedHat")
    mixed = {"release": "x", "distribution": "rocky", "version": "9", "sources": ["deb http://m x main"]}
    assert act("bundle_target", "", target=mixed)["rule"] == "LLM925"


def reached(answer, script=KYLIN, **task_vars):
    """What `reach` makes of a module's answer and of the script's."""
    task = mock.Mock(args={}, async_val=0, diff=False, check_mode=False)
    action = importlib.import_module(f"{PLUGINS}.reach").ActionModule(task, *(mock.Mock() for _other in range(5)))
    action._execute_module = mock.Mock(return_value=answer)
    action._low_level_execute_command = mock.Mock(return_value={"rc": 0, "stdout": script, "stderr": ""})
    return action.run(None, {"inventory_hostname": "n1", "ansible_host": "192.0.2.1", **task_vars})


def test_a_python_that_the_modules_can_not_run_on_is_named_before_they_crash():
    old = {"discovered_interpreter_python": "/usr/bin/python3"}
    done = reached({"ping": "pong", "ansible_facts": old})
    assert (done["rule"], done["host"]) == ("LLM106", "n1") and "/opt/app/bin/python3" in done["msg"]
    said = "ansible-core requires a minimum of Python version 3.8. Current version: 3.7.9"
    assert reached({"module_stdout": said, "ansible_facts": old})["rule"] == "LLM106"
    assert "failed" not in reached({"ping": "pong"}, ansible_python_interpreter="/opt/app/bin/python3")
    assert reached({"module_stderr": "sudo: a password is required"})["rule"] == "LLM107"
