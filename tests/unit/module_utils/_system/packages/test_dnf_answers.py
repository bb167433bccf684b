# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf's answers mean; each is a real one."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_answers as core

from tests.unit.module_utils._system.packages.dnf_said import FOLDER, said

TABLES = {
    "install-with-dependencies": ({"app": "1.1-1", "lib": "1.0-1", "extra": "1.0-1"}, {}, {}, []),
    "install-long-name": ({"a-very-long-package-name-that-does-not-fit-into-the-column": "1.0-1"}, {}, {}, []),
    "empty-root": ({"web": "1:1.26.1-1.el9", "libfoo": "2.0~rc1-1.el9", "web-core": "1.26.1-1.el9"}, {}, {}, []),
    "install-epoch": ({"epoch": "5:2.0-3"}, {}, {}, []),
    "install-there": ({}, {}, {}, []),
    "install-erasing": ({"enemy": "1.0-1"}, {}, {}, ["app"]),
    "install-obsoleting": ({"newname": "2.0-1"}, {}, {}, ["oldname"]),
    "install-older": ({}, {}, {"app": "1.0-1"}, []),
    "upgrade": ({}, {"app": "1.1-1"}, {}, []),
    "remove": ({}, {}, {}, ["app", "other", "lib"]),
    "remove-unknown": ({}, {}, {}, []),
    "reinstall-duplicates": ({"multi": "2.0-1"}, {}, {}, []),
}
REASONS = {
    "install-broken": [
        "Problem: conflicting requests",
        "- nothing provides nothing-has-this needed by broken-1.0-1.noarch",
    ],
    "install-unknown": ["No match for argument: nosuch", "Error: Unable to find a match: nosuch"],
    "install-script-fails": ["error: %prein(badscript-0:1.0-1.noarch) scriptlet failed, exit status 1"],
    "refresh-fails": [
        "bad: Curl error (7): Couldn't connect to server for http://127.0.0.1:9/x/repodata/repomd.xml "
        "[Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server]"
    ],
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    status, text = said(name)
    assert core.declined(status, text)
    assert tuple(core.parse_table(text)) == TABLES[name]


@pytest.mark.parametrize("name", [path.stem for path in FOLDER.glob("*.txt") if path.stem not in TABLES])
def test_what_is_no_table_is_not_taken_for_one(name):
    status, text = said(name)
    assert not core.declined(status, text) or name == "refresh-dead-repository", name


@pytest.mark.parametrize("name", REASONS)
def test_reasons(name):
    assert core.complaints(said(name)[1])[: len(REASONS[name])] == REASONS[name]


def test_the_problem_of_a_conflict_is_told():
    assert any("conflicts with app" in line for line in core.complaints(said("install-conflict")[1]))


def test_a_repository_that_is_down_does_not_spoil_the_answer():
    status, text = said("upgrade")
    down = said("refresh-dead-repository")[1].partition("lab  ")[0]
    assert "Error: Failed to download metadata" in down and core.declined(status, down + text)
    assert core.parse_table(down + text).upgraded == {"app": "1.1-1"}
    (told,) = core.unreadable(down)
    assert told.startswith("bad: Curl error (7)")


def test_what_an_unknown_error_leaves():
    assert core.complaints("a\n\nb\n") == ["a", "b"] and not core.declined(1, "Error: disk full\nOperation aborted.\n")


def test_protected():
    assert core.protected(said("remove-protected")[1]) == ["app"] and core.protected(said("remove")[1]) == []


def test_installed():
    rows = core.parse_installed(
        "kernel\tx86_64\t0:5.14.0-427.el9\nglibc\ti686\t0:2.34-100.el9\ndocker-ce\tx86_64\t3:28.0.1-1.el9\n"
        "gpg-pubkey\t(none)\t0:8a828aad-616025d8\nwarning: something\n"
    )
    assert [(row.name, row.arch, row.version) for row in rows] == [
        ("kernel", "x86_64", "5.14.0-427.el9"),
        ("glibc", "i686", "2.34-100.el9"),
        ("docker-ce", "x86_64", "3:28.0.1-1.el9"),
    ]  # fmt: skip
    assert rows[0].whole == "kernel-5.14.0-427.el9.x86_64" and rows[2].whole == "docker-ce-28.0.1-1.el9.x86_64"


def test_saved_configuration():
    text = "warning: /etc/nginx/nginx.conf saved as /etc/nginx/nginx.conf.rpmsave\nComplete!\n"
    assert core.saved(text) == ["/etc/nginx/nginx.conf.rpmsave"]


def test_what_comes_with_its_architecture_and_its_repository():
    rows = [(row.whole, row.arch, repository) for row, repository in core.coming(said("empty-root")[1])]
    assert rows == [
        ("web-1.26.1-1.el9.x86_64", "x86_64", "vendor"),
        ("libfoo-2.0~rc1-1.el9.x86_64", "x86_64", "os"),
        ("web-core-1.26.1-1.el9.noarch", "noarch", "vendor"),
    ]
    assert core.coming(said("remove")[1]) == []


def test_a_repository_is_told_with_its_own_last_words():
    text = ("Errors during downloading metadata for repository 'a':\n  - first\n  - last\nError: x\n  - of nobody\n"
            "Errors during downloading metadata for repository 'b':\n\n  - none of it\n")  # fmt: skip
    assert core.unreadable(text) == ["a: last"]
    assert core.unreadable("Errors during downloading metadata for repository 'c':\n a note\n  - said\n") == ["c: said"]


def test_a_long_row_goes_on_in_the_next_lines_wherever_it_stands():
    text = "Installing:\n a  noarch  1-1  repo  1 k\n b-long\n    noarch  2-1  repo  1 k\nTransaction Summary\n"
    assert core.parse_table(text).new == {"a": "1-1", "b-long": "2-1"}
