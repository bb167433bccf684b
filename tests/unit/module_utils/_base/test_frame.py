# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody caught is told as a refusal."""

from __future__ import annotations

import errno
import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base import frame
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


def failing(number: int, path: str | None = "/etc/yitiji/x") -> OSError:
    return OSError(number, os.strerror(number), path)


@pytest.mark.parametrize(
    ("number", "rule", "word"),
    [
        (errno.ENOSPC, "LLM190", "no space"),
        (errno.EDQUOT, "LLM190", "no space"),
        (errno.EROFS, "LLM191", "read-only"),
        (errno.EIO, "LLM192", "disk"),
        (errno.EPERM, "LLM193", "Operation not permitted"),
        (errno.EACCES, "LLM193", "Permission denied"),
    ],
)
def test_each_kind_has_its_rule_and_names_the_path(number, rule, word):
    refusal = frame.refused(failing(number), "gpu01")
    assert (refusal.rule, refusal.host) == (rule, "gpu01")
    english, chinese = refusal.message().splitlines()[:2]
    assert word in english and "/etc/yitiji/x" in english and "/etc/yitiji/x" in chinese and "Fix: " in english
    assert frame.of_the_disk(failing(number)) is (rule != "LLM193")


def test_a_path_may_be_bytes_or_a_number_or_none():
    assert "/srv/y" in frame.refused(failing(errno.EROFS, b"/srv/y")).message()
    assert "a file that it does not name" in frame.refused(failing(errno.EROFS, None)).message()
    assert "a file that it does not name" in frame.refused(failing(errno.EROFS, 3)).message()  # an open file


def test_an_error_without_a_number():
    refusal = frame.refused(OSError("no answer"))
    assert refusal.rule == "LLM193" and "no answer" in refusal.message()


def test_where_no_path_is_named_the_full_file_systems_are(tmp_path, monkeypatch):
    room, no_room = tmp_path / "room", tmp_path / "no room"
    seen = {
        str(room): (100, 5, 10, 5, 0),
        str(no_room): (100, 0, 10, 5, 0),
        "/inodes": (100, 5, 10, 0, 0),
        "/proc": (0, 0, 0, 0, 0),
        "/cd": (100, 0, 0, 0, os.ST_RDONLY),
    }

    def statvfs(place):
        if place not in seen:
            raise OSError(errno.EACCES, "no")
        names = ("f_blocks", "f_bavail", "f_files", "f_favail", "f_flag")
        return type("Seen", (), dict(zip(names, seen[place], strict=True)))

    mounts = tmp_path / "mounts"
    mounts.write_text(
        "".join(f"dev {place} ext4 rw 0 0\n".replace("no room", "no\\040room") for place in [*seen, "/x"])
    )
    monkeypatch.setattr(os, "statvfs", statvfs)
    assert frame.full(str(mounts)) == [str(no_room), "/inodes"]
    assert frame.full(str(tmp_path / "none")) == []
    monkeypatch.setattr(frame, "full", lambda: ["/a", "/b"])
    assert "write /a, /b" in frame.refused(failing(errno.ENOSPC, None)).message()


@pytest.mark.parametrize("error", [failing(errno.ENOSPC), Refusal("LLM145", name="x")])
def test_a_module_ends_as_ansible_expects(error, capsys):
    @frame.framed
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        main()
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1 and told["failed"] is True and told["host"]
    assert told["msg"].startswith(f"[{told['rule']}] ")


def test_the_line_is_told_for_a_report():
    try:
        os.stat("/nothing/here")
    except OSError as error:
        refusal = frame.refused(error)
    assert refusal.evidence[-1].startswith("test_frame.py:")


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(0), KeyError("x")])
def test_nothing_else_is_caught(error):
    def main() -> None:
        raise error

    with pytest.raises(type(error)):
        frame.framed(main)()


def test_folders_of_ours_can_be_passed_whatever_umask_root_has(tmp_path):
    """With umask 077 /var/lib/yitiji was made for root alone: nginx could not read the users' instructions in it."""

    @frame.framed
    def main() -> None:
        os.makedirs(tmp_path / "state/secrets", mode=0o700)

    before = os.umask(0o077)
    try:
        main()
        assert os.umask(0o077) == 0o077, "the caller's own is as before"
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("state", "state/secrets")]
    assert modes == [0o755, 0o700]
