# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a backup, by name and by content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import contents as core

from tests.unit.module_utils._backup.conftest import PEM, config_of

ROOT = Path(__file__).resolve().parents[4]


def test_all_that_a_node_cannot_make_again_and_nothing_that_is_made_of_it(node):
    assert sorted(core.members(config_of(node))) == [
        "secrets/engine-key", "secrets/gateway-key-default", "secrets/open-webui-admin", "secrets/open-webui-oidc",
        "secrets/open-webui-session", "secrets/open-webui-users/li@example.org", "site/certificate.crt",
        "state/open-webui.json", "state/plan.json", "tls/ca.crt", "tls/ca.key", "tls/server.crt", "tls/server.key",
    ]  # fmt: skip


def test_every_secret_that_a_role_makes_is_in_it():
    """A role's new secret would be missed on the day of the restore."""
    made = set()
    for path in ROOT.glob("roles/*/tasks/*.yml"):
        text = path.read_text(encoding="utf-8")
        made |= set(re.findall(r"secret_file:\n\s+name: ([a-z][a-z-]+)\n", text))
        made |= set(re.findall(r"'([a-z][a-z-]+-key)'", text))  # one of two, as the plan wants it
        made |= set(re.findall(r"secrets_dir \}\}/([a-z][a-z-]+)\"", text))
    made = {name for name in made if not name.startswith(("registry-", "backup-"))}
    assert {"open-webui-session", "cluster-key"} <= made
    assert [name for name in sorted(made) if not core.is_secret(name) and name != "open-webui-users"] == []


def test_links_are_not_taken(node):
    for name in ("tls/ca.key", "secrets/engine-key"):
        (node / name).unlink()
        (node / name).symlink_to("/etc/passwd")
    found = core.members(config_of(node))
    assert "tls/ca.key" not in found and "secrets/engine-key" not in found


NOT_OURS = [
    "secrets/x", "secrets/vllm.env", "secrets/gateway-", "secrets/gateway-key-A", "secrets/engine-key/x", "tls/x",
    "tls/live.crt", "tls/ca.crt/x", "site/x", "site/../x", "state/x", "state/doctor.json", "etc/x", "data", "tls", "",
    "secrets/engine-key\n",
]  # fmt: skip


@pytest.mark.parametrize("name", NOT_OURS)
def test_other_names_are_not_ours(name):
    assert not core.may(name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tls/ca.crt", PEM.format("CERTIFICATE") * 2), ("tls/ca.key", PEM.format("EC PRIVATE KEY")),
        ("tls/ca.key", PEM.format("EC PARAMETERS") + PEM.format("EC PRIVATE KEY")), ("state/plan.json", "{}"),
        ("state/open-webui.json", '{"ref": "x"}'), ("secrets/engine-key", "x"), ("data/anything", "\0"),
        ("tls/server.crt", PEM.format("CERTIFICATE").replace("\n", "\r\n")),
    ],
)  # fmt: skip
def test_what_is_accepted(name, content):
    assert core.may(name) and (name.startswith("data/") or core.look(name, content.encode()) is None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tls/ca.crt", PEM.format("PRIVATE KEY")), ("tls/ca.key", PEM.format("CERTIFICATE")), ("tls/ca.crt", ""),
        ("tls/ca.key", PEM.format("PRIVATE KEY") * 2), ("tls/ca.crt", "#!/bin/sh\n" + PEM.format("CERTIFICATE")),
        ("tls/ca.crt", PEM.format("CERTIFICATE").replace("TUlJ", "T=lJ")), ("tls/ca.crt", "é"),
        ("state/plan.json", "[]"),
        ("state/plan.json", "{"), ("state/open-webui.json", '{"x": "y"}'), ("state/open-webui.json", '{"ref": 7}'),
        ("state/open-webui.json", '{"ref": "a\\nb"}'), ("secrets/engine-key", "a\nb\n"),
        ("state/plan.json", "[" * 99999),
    ],
)  # fmt: skip
def test_what_is_something_else_is_refused(name, content):
    assert core.may(name) and core.look(name, content.encode()) is not None


def test_places_are_this_nodes_own(node):
    config = config_of(node)
    assert core.target("secrets/engine-key", config) == node / "secrets/engine-key"
    assert core.target("tls/ca.key", config) == node / "tls/ca.key"
    assert core.target("site/certificate.crt", config) == node / "site/own.crt"
    assert core.target("site/certificate.key", config) is None
    assert core.target("state/open-webui.json", config) == node / "open-webui.json"
    assert core.target("state/plan.json", config) == node / "restored-plan.json"


def test_secrets_that_only_a_module_makes(node):
    """The gateway's for devices was missed by the first list: it stood in no task."""
    (node / "secrets/gateway-device").write_text("x\n")
    assert "secrets/gateway-device" in core.members(config_of(node)) and core.missed(config_of(node)) == []


def test_a_secret_that_is_not_taken_is_named(node):
    (node / "secrets/somebody.json").write_text("{}")
    assert core.missed(config_of(node)) == ["secrets/somebody.json"]
