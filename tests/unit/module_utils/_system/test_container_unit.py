# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of a container unit: hardened, quoted the way systemd reads it, from the plan alone."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_unit as unit
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.module_utils.sample_unit import HEAD, PLAN, ROLE, settings_of


def command(**change):
    plan = copy.deepcopy(PLAN)
    plan["engine"].update(change)
    return unit.container(settings_of(plan))


def systemd_words(text):
    """How systemd splits an ExecStart line: double quotes, backslashes, %% and $$."""
    words, word, quoted, i, started = [], "", False, 0, False
    while i < len(text):
        c = text[i]
        if c == "\\" and quoted:
            word += text[i + 1]
            i += 1
        elif c == '"':
            quoted, started = not quoted, True
        elif c == " " and not quoted:
            if started or word:
                words.append(word)
            word, started = "", False
        elif c in "%$":
            assert text[i + 1] == c, "a specifier or a variable is left open"
            word += c
            i += 1
        else:
            word += c
        i += 1
    return words + ([word] if started or word else [])


def test_hardening_is_always_there():
    text = " ".join(command())
    for part in (
        "--user 10001:10001",
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--publish 127.0.0.1:8000:8000",
        "type=bind,source=/srv/models,target=/models,readonly",
        "--shm-size 2147483648",
        "--tmpfs /tmp:rw,exec",
    ):
        assert part in text
    for part in ("--privileged", "0.0.0.0:", "--net host", "--ipc"):
        assert part not in text


def test_secrets_are_mounted_and_never_named():
    words = command()
    at = words.index("sha256:abc")
    assert words[at - 2 :][:2] == ["--entrypoint", "/bin/sh"]
    assert words[at + 1 : at + 4] == ["-c", '. /run/yitiji/secret.env; exec "$@"', "yitiji-vllm"]
    assert words[at + 4 :] == ["vllm", "serve", *HEAD["args"]]
    assert not [w for w in words if w.startswith("VLLM_API_KEY")]


def test_without_secrets_the_entrypoint_is_the_images_own():
    plan = {**PLAN, "run": {"key_variable": "", "secrets": {}}}
    words = unit.container(settings_of(plan))
    at = words.index("sha256:abc")
    assert words[at - 2 :] == ["--entrypoint", "vllm", "sha256:abc", "serve", *HEAD["args"]]
    bare = {**settings_of(plan), "entrypoint": [], "args": []}
    assert unit.container(bare)[-1] == "sha256:abc"


def test_gpus_only_on_cuda():
    assert "--gpus" not in command()
    words = command(device="cuda")
    assert words[words.index("--gpus") + 1] == '"device=0,1"'
    assert "memlock=-1" in words


@pytest.mark.parametrize(
    ("gpus", "mode", "want"),
    [
        ("all", "runtime", ["--gpus", "all"]),
        ([1], "runtime", ["--gpus", '"device=1"']),
        ("all", "cdi", ["--device", "nvidia.com/gpu=all"]),
        ([0, 2], "cdi", ["--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=2"]),
        ([], "cdi", []),
        (None, "runtime", []),
    ],
)
def test_gpu_options(gpus, mode, want):
    assert unit.gpu_options(gpus, mode) == want


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("--port", "--port"),
        ("100%", '"100%%"'),
        ("$HOME", '"$$HOME"'),
        ('{"a": 1}', '"{\\"a\\": 1}"'),
        ("a\\b", '"a\\\\b"'),
        ("", '""'),
        ("管理员", '"管理员"'),
    ],
)
def test_quote(word, text):
    assert unit.quote(word) == text


def test_line_breaks_are_refused():
    with pytest.raises(Refusal, match="line break"):
        unit.quote("a\nb")
    with pytest.raises(Refusal, match="comma"):
        unit.container({**settings_of(PLAN, {**ROLE, "models_dir": "/a,b"})})


@settings(deadline=None)
@given(st.lists(st.text(st.characters(blacklist_characters="\n\0", blacklist_categories=["Cs"])), min_size=1))
def test_systemd_reads_back_what_was_meant(words):
    line = unit.exec_line(words).replace(" \\\n  ", " ")
    assert systemd_words(line) == words


def test_an_option_stands_with_its_value():
    assert unit.exec_line(["a", "--b", "c", "--d", "-e", "f"]).split(" \\\n  ") == ["a", "--b c", "--d", "-e", "f"]


def test_on_the_hosts_network_nothing_is_published():
    plan = copy.deepcopy(PLAN)
    plan["container"]["network"] = "host"
    words = unit.container(settings_of(plan))
    assert words[words.index("--network") + 1] == "host"
    assert "--publish" not in words and "--hostname" not in words


def test_a_value_stands_beside_the_option_before_it_wherever_that_is():
    assert unit.exec_line(["--a", "1", "2", "--b", "3"]).split(" \\\n  ") == ["--a 1", "2", "--b 3"]
    assert unit.exec_line(["x", "y", "--a", "1"]).split(" \\\n  ") == ["x", "y", "--a 1"]
