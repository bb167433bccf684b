# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No link leads out of a folder."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside


@pytest.fixture
def base(tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/file").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/file").write_text("secret")
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    (tmp_path / "in/sub/linked").symlink_to(tmp_path / "out/file")
    os.mkfifo(tmp_path / "in/pipe")
    return str(tmp_path / "in")


def test_plain_files(base):
    assert inside.look(base, "sub/file").st_size == 1
    with os.fdopen(inside.open_file(base, "sub/file")) as stream:
        assert stream.read() == "x"


@pytest.mark.parametrize("path", ["link/file", "sub/linked", "pipe", "sub", "none", "sub/../../out/file", "sub/file/x"])
def test_everything_else(base, path):
    assert inside.look(base, path) is None
    with pytest.raises(OSError):
        inside.open_file(base, path)


def test_the_folder_itself_may_be_a_link(base, tmp_path):
    (tmp_path / "way").symlink_to(base)
    assert inside.look(str(tmp_path / "way"), "sub/file")


def test_put_and_delete(base, tmp_path):
    (tmp_path / "new").write_text("new")
    inside.put(base, "a/b/c", str(tmp_path / "new"))
    assert (tmp_path / "in/a/b/c").read_text() == "new"
    (tmp_path / "new").write_text("new")
    with pytest.raises(OSError):
        inside.put(base, "link/x", str(tmp_path / "new"))
    assert not inside.delete(base, "link/file") and (tmp_path / "out/file").exists()
    assert inside.delete(base, "a/b/c") and not inside.delete_folder(base, "a") and inside.delete_folder(base, "a/b")
    assert inside.delete(base, "sub/linked") and (tmp_path / "out/file").exists()
