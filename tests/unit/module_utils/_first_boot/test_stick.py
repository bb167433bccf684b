# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stick may change, at the first boot and later."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import stick
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot.stick import Stick

from tests.unit.module_utils._first_boot.samples import KEY

KNOWN = {"hostname": "ai01", "address": "10.0.0.5/24", "ssh_key": KEY}
NEW = {"hostname": "ai02", "ssh_key": KEY + "2"}


@pytest.mark.parametrize("known, found, completed, settings", [
    ({}, Stick(NEW), False, NEW), (KNOWN, Stick(NEW), False, NEW), (KNOWN, Stick(NEW, own=True), True, NEW),
    (KNOWN, Stick(dict(KNOWN)), True, KNOWN),
    (KNOWN, Stick({"hostname": "ai02"}), True, {"hostname": "ai02", "ssh_key": KEY}),
    ({}, Stick({}, error="E"), False, {"error": "E"}),
    (KNOWN, Stick({}, own=True, error="E"), True, {**KNOWN, "error": "E"}),
    (KNOWN, Stick({}, error="E"), True, {**KNOWN, "notice": "E"}),
    (KNOWN, Stick({**NEW, "serial": "1"}, signed=True), True, {**NEW, "serial": "1"}),
    ({**KNOWN, "serial": "3"}, Stick({**NEW, "serial": "4"}, signed=True), True, {**NEW, "serial": "4"}),
])  # fmt: skip
def test_settings_from_now_on(known, found, completed, settings):
    assert stick.merge(known, found, completed) == settings


@pytest.mark.parametrize("known, found, names", [
    (KNOWN, Stick(NEW), "ssh_key"), ({}, Stick({"ssh_key": KEY}), "ssh_key"),
    (KNOWN, Stick({"admin_networks": ["0.0.0.0/0"], "profile": "basic"}), "admin_networks, profile"),
    (KNOWN, Stick(NEW, signed=True), "ssh_key"),
    ({**KNOWN, "serial": "4"}, Stick({**NEW, "serial": "4"}, signed=True), "ssh_key"),
    (KNOWN, Stick({**NEW, "serial": "9"}), "ssh_key, serial"),
])  # fmt: skip
def test_what_is_not_taken_is_named(known, found, names):
    merged = stick.merge(known, found, True)
    assert "LLM963" in merged["notice"] and names in merged["notice"]
    assert [merged.get(name) for name in stick.GUARDED] == [known.get(name) for name in stick.GUARDED]


def test_who_may_sign():
    text = f'# no\n{KEY}\nrestrict {KEY}\ncommand="x" {KEY}\n\nssh-rsa\nno-key AAAA\n'
    assert stick.administrators(text, ["ssh-rsa AAAA vendor"]) == [KEY.rsplit(" ", 1)[0], "ssh-rsa AAAA"]
