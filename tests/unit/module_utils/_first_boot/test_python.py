# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python of the first boot's modules: what was compiled is kept, and nothing else is another."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
import zipimport

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import python as python_


@pytest.fixture
def program(tmp_path):
    """As the first boot lays it down, with a folder of this test."""
    with open(python_.__file__, encoding="utf-8") as stream:
        text = stream.read().replace(python_.CODE, str(tmp_path / "code"))
    path = tmp_path / "python"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o700)
    return path


def said(program, *words, stdin=""):
    done = subprocess.run([program, *words], input=stdin, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr


def archive(folder, text):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "a.zip", "w") as made:
        made.writestr("told.py", text)
    return folder / "a.zip"


def test_from_an_archive_once_compiled(program, tmp_path):
    script = "import sys; sys.path.insert(0, {!r}); import told; print(told.WORD)"
    packed = archive(tmp_path / "one", "WORD = 'a'")
    assert said(program, stdin=script.format(str(packed)))[1] == "a"
    kept = sorted(os.listdir(tmp_path / "code"))
    again = archive(tmp_path / "two", "WORD = 'a'")
    assert said(program, stdin=script.format(str(again)))[1] == "a"
    assert len(kept) == 1 and sorted(os.listdir(tmp_path / "code")) == kept, "another place, the same source"
    assert (tmp_path / "code").stat().st_mode & 0o777 == 0o700
    assert said(program, stdin=script.format(str(archive(tmp_path / "two", "WORD = 'b'"))))[1] == "b"


def test_what_was_kept_is_used(tmp_path):
    calls = []
    kept = python_.keeping(lambda path, source: calls.append(path) or compile(source, path, "exec"), str(tmp_path))
    for place in ("/tmp/x.zip/a.py", "/tmp/y.zip/a.py", "/tmp/x.zip/b.py"):
        values = {}
        exec(kept(place, b"WORD = 1"), values)
        assert values["WORD"] == 1
    assert calls == ["/tmp/x.zip/a.py", "/tmp/x.zip/b.py"]


@pytest.mark.parametrize("harm", [b"", b"nonsense", b"\xe9\x01\x00\x00\x00"])
def test_a_harmed_one_is_made_anew(tmp_path, harm):
    compile_ = zipimport._compile_source
    python_.keeping(compile_, str(tmp_path))("/a.zip/a.py", b"WORD = 1")
    (file,) = tmp_path.iterdir()
    file.write_bytes(harm)
    assert python_.keeping(compile_, str(tmp_path))("/a.zip/a.py", b"WORD = 1").co_names == ("WORD",)
    assert file.read_bytes() != harm


def test_as_python_itself(program, tmp_path):
    look = "import sys; print(sys.argv, __name__, sys.path[0], globals().get('__file__')); sys.exit(3)"
    assert said(program, stdin=look)[:2] == (3, "[''] __main__  None")
    file = tmp_path / "m.py"
    file.write_text(look)
    assert said(program, str(file), "x")[:2] == (3, f"['{file}', 'x'] __main__ {tmp_path} {file}")
    assert said(program, "-c", look, "x", "-y")[:2] == (3, "['-c', 'x', '-y'] __main__  None")
    assert said(program, "-I", "-c", look)[:2] == (3, said(sys.executable, "-I", "-c", look)[1])
    assert said(program, "-m", "json.tool", stdin="{}")[1] == "{}"
    assert said(program, "-c")[0] == 2
    assert "ZeroDivisionError" in said(program, stdin="1/0")[2]
    # nothing of this program's own reaches the other one
    assert said(program, stdin="def f(x: 1): pass\nprint(f.__annotations__)")[1] == "{'x': 1}"
