# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories that can't be read: why, and where they stand. Reasons are spelt as libcurl and librepo spell them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_sources as core


def said(reason):
    return f"Errors during downloading metadata for repository 'third':\n  - {reason}\nError: Failed to download\n"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Curl error (6): Couldn't resolve host name for http://third.example/repodata/repomd.xml", "name"),
        ("Curl error (7): Couldn't connect to server for http://10.0.0.9/repodata/repomd.xml", "unreachable"),
        ("Curl error (7): Couldn't connect to server for http://x/repomd.xml [Network is unreachable]", "family"),
        ("Curl error (28): Timeout was reached for http://10.0.0.9/repodata/repomd.xml", "unreachable"),
        ("Curl error (60): SSL peer certificate or SSH remote key was not OK for https://x/repomd.xml", "tls"),
        ("Curl error (5): Couldn't resolve proxy name for http://x/repomd.xml", "proxy"),
        ("Status code: 404 for http://u:secret@x/repodata/repomd.xml (IP: 10.0.0.9)", "absent"),
        ("Status code: 403 for http://x/repodata/repomd.xml (IP: 10.0.0.9)", "denied"),
        ("Something new", "other"),
    ],
)
def test_each_cause_with_its_place(tmp_path, reason, kind):
    folder = tmp_path / core.FOLDER
    folder.mkdir(parents=True)
    (folder / "a.repo").write_text("[other]\nname=x\n")
    (folder / "b.repo").write_text("# ours\n[third]\nbaseurl=http://x\n")
    (found,) = core.judged(said(reason), str(tmp_path))
    assert (found.kind, found.source, found.place) == (kind, "third", "/etc/yum.repos.d/b.repo:2")
    assert "secret" not in found.said and found.refusal().rule == "LLM175"
    assert core.place("third", str(tmp_path / "none")) == ""


def test_none():
    assert core.judged("Metadata cache created.\n") == []
