# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module other_firewalls: preflight tells what becomes of an active ufw, before anything is changed."""

from __future__ import annotations

import os

import pytest

from tests.unit.modules.run_module import run

UFW = """#!/bin/sh
case "$*" in
status) echo "Status: $(cat {home}/status)" ;;
"show added") cat {home}/rules ;;
disable) echo inactive >{home}/status ;;
*) echo "ufw $*" >>{home}/rules ;;
esac
"""


@pytest.fixture
def ufw(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for name, text in (("ufw", UFW.format(home=tmp_path)), ("firewall-cmd", "#!/bin/sh\nexit 252\n")):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "status").write_text("active\n")
    (tmp_path / "rules").write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path


def asked(folder, state):
    return {"state": state, "ports": [{"ports": ["443"]}], "state_dir": str(folder / "state")}


@pytest.mark.parametrize(("state", "says"), [("beside", "is opened for the appliance"), ("instead", "is switched off")])
def test_an_active_ufw_is_told_with_what_will_be_done(ufw, state, says):
    answer = run("other_firewalls", asked(ufw, state), check=True)
    (told,) = map(str, answer["warnings"])
    assert "[LLM159]" in told and f"ufw filters here, and {says}" in told and answer["done"][0] in told
    assert (ufw / "rules").read_text() == "" and (ufw / "status").read_text() == "active\n"
    (ufw / "state").mkdir()
    assert "warnings" not in run("other_firewalls", asked(ufw, state)), "it is done now, and told before"
    assert "warnings" not in run("other_firewalls", asked(ufw, state), check=True), "nothing is left to do"


def test_one_that_lets_everything_pass_is_not_told(ufw):
    (ufw / "status").write_text("inactive\n")
    answer = run("other_firewalls", asked(ufw, "beside"), check=True)
    assert answer["active"] == [] and "warnings" not in answer
