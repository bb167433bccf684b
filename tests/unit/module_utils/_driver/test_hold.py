# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are held, and that the locks of others stay."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import hold
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import parse_names

CATALOG = yaml.safe_load(
    (Path(__file__).resolve().parents[4] / "plugins/catalog/drivers/distributions.yml").read_text()
)


def test_the_whole_set_is_held():
    installed = {
        name: "1"
        for name in (
            "nvidia-smi",
            "libnvidia-ml1",
            "linux-image-amd64",
            "linux-libc-dev",
            "vim",
            "nvidia-container-toolkit",
        )
    }
    patterns = CATALOG["debian-12"]["hold"]
    assert hold.chosen(installed, patterns) == ["libnvidia-ml1", "linux-image-amd64", "nvidia-smi"]
    assert hold.todo(["a", "b"], ["b", "c", "d"], ["d"]) == {"hold": ["a"], "lift": ["d"]}
    assert parse_names("nvidia-smi\nlibcuda1:amd64\n") == ["libcuda1", "nvidia-smi"]
    assert '"(lib)?nvidia-(?!container)";' in hold.blacklist(patterns)


class Manager:
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def hold(self, names):
        self.told.append(("hold", names))

    def unhold(self, names):
        self.told.append(("unhold", names))


def test_the_package_manager_is_told_only_what_changes():
    manager = Manager()
    hold.set_holds(manager, {"hold": ["kmod"], "lift": []})
    hold.set_holds(manager, {"hold": [], "lift": ["old"]})
    hold.set_holds(manager, {"hold": [], "lift": []})
    assert manager.told == [("hold", ["kmod"]), ("unhold", ["old"])]


def test_what_an_earlier_version_remembered_of_dnf():
    assert hold.names_of(["nvidia-driver-*:580.95-1.el9.*", "kmod"]) == ["nvidia-driver", "kmod"]
