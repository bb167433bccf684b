# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every unit that the collection installs can do little beside its work (`systemd-analyze security`: 4.0 or less)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall_trial
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.sandbox import sandbox

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 4.0
TEMPLATES = sorted([*ROOT.glob("roles/*/templates/*.service.j2"), *ROOT.glob("playbooks/templates/*.service.j2")])
# They set a machine up from its disk image: packages, drivers, modules, mounts, names, networks. They are root, with
# Ansible; a sandbox around that would be one in name only. Both run on machines made from an image, before they serve.
ANSIBLE_ITSELF = {"yitiji-first-boot.service.j2", "yitiji-identity.service.j2"}
# Lines for units of others; none starts a service of its own.
DROP_INS = {
    "roles/docker/templates/come-back.conf.j2",
    "roles/docker/templates/stale-ports.conf.j2",
    "roles/gateway/templates/come-back.conf.j2",
    "roles/first_boot/templates/online.conf.j2",
    "roles/gateway/tasks/acme.yml",
    "roles/host_tuning/tasks/memlock.yml",
}


class Anything(jinja2.ChainableUndefined):
    """A variable of a role: whatever it is, it is no part of a sandbox."""

    def __str__(self) -> str:
        return "/var/lib/x"

    def __iter__(self):
        return iter(())

    def __int__(self) -> int:
        return 1

    def __call__(self, *_args, **_more):
        return self

    __add__ = __radd__ = __call__


def rendered(path: Path) -> str:
    environment = jinja2.Environment(undefined=Anything, keep_trailing_newline=True)
    # The lines of [Service] that count come from this filter; all others of Ansible make names, paths and commands.
    known = environment.filters
    names = set(re.findall(r"\|\s*([a-z_.]+\.[a-z_.]+)", path.read_text(encoding="utf-8")))
    known.update({name: lambda *_args, **_more: "/bin/true" for name in names})
    known.update({name: lambda value, *_args, **_more: value for name in ("ternary", "combine", "bool", "dirname")})
    known["yitiji.deepseek.unit_sandbox"] = lambda lifted, **more: sandbox([str(w) for w in lifted], **plain(more))
    return environment.from_string(path.read_text(encoding="utf-8")).render()


def plain(settings: dict) -> dict:
    return {
        name: {} if isinstance(value, Anything) else [str(v) for v in value] if isinstance(value, list) else value
        for name, value in settings.items()
        if name != "limits"
    }


UNITS = {path.name: rendered(path) for path in TEMPLATES if path.name not in ANSIBLE_ITSELF}
UNITS["firewall_trial.py"] = firewall_trial.Trial(firewall_trial.Places())._service()


def exposure(text: str, folder: Path) -> float:
    """Of the directives alone: what a unit starts does not lie on this machine."""
    kept = [line for line in text.splitlines() if not line.startswith(("Exec", "Condition", "EnvironmentFile"))]
    kept = [re.sub(r"^(User|Group)=.*", r"\1=daemon", line) for line in kept]
    service = ["ExecStart=/bin/true" if line == "[Service]" else line for line in kept]
    place = service.index("ExecStart=/bin/true")
    unit = folder / "unit.service"
    unit.write_text("\n".join([*service[:place], "[Service]", *service[place:]]) + "\n")
    words = ["systemd-analyze", "security", "--no-pager", "--offline=yes", str(unit)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found.group(1))


def can_measure() -> bool:
    if not shutil.which("systemd-analyze"):
        return False
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=False).stdout
    return int((re.findall(r"systemd (\d+)", said) or ["0"])[0]) >= 250


@pytest.mark.skipif(not can_measure(), reason="systemd-analyze of systemd 250 or newer measures it")
@pytest.mark.parametrize("name", sorted(UNITS))
def test_a_unit_is_hardly_exposed(name, tmp_path):
    assert exposure(UNITS[name], tmp_path) <= LIMIT


@pytest.mark.skipif(not can_measure(), reason="systemd-analyze of systemd 250 or newer measures it")
def test_the_measure_finds_a_unit_that_is(tmp_path):
    assert exposure("[Unit]\n[Service]\nExecStart=/usr/bin/docker run x\n", tmp_path) > 9


def test_every_unit_is_measured():
    texts = [*ROOT.glob("roles/*/*/*"), *(ROOT / "plugins/module_utils").rglob("*.py"), *ROOT.glob("playbooks/**/*")]
    told = {str(p.relative_to(ROOT)) for p in texts if p.is_file() and "\n[Service]\n" in p.read_text(errors="replace")}
    measured = {str(path.relative_to(ROOT)) for path in TEMPLATES}
    own = {"plugins/module_utils/_system/firewall_trial.py"}
    assert told - measured - own - DROP_INS == set()
