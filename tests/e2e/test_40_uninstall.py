# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uninstall leaves what belongs to the users, removes the rest, and works twice."""

from __future__ import annotations

import labctl
import sitectl


def test_uninstall():
    run = sitectl.site("uninstall", playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert labctl.node("ls /etc/systemd/system | grep -c ^yitiji", check=False).strip() == "0"
    assert labctl.node("ss -Hltn '( sport = :443 or sport = :80 or sport = :8000 or sport = :8080 )'").strip() == ""
    assert labctl.node("command -v docker >/dev/null && docker ps -aq --filter name=yitiji", check=False).strip() == ""
    # kept unless asked for: the weights and the users' conversations
    assert labctl.node(f"ls {labctl.WEIGHTS}/config.json", check=False).strip()
    assert labctl.node("ls /var/lib/yitiji/open-webui/webui.db", check=False).strip()


def test_uninstall_again_changes_nothing():
    run = sitectl.site("uninstall-again", playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert run.changes() == []
