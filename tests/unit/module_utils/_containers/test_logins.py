# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private registries: logins, authorities, and what is not checked."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import image as image_
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import logins as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import registry

from tests.unit.module_utils._containers.anyone import anyone

LOGIN = base64.b64encode(b"u:p").decode()


def write(folder, found):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(found))
    return str(folder)


def test_what_is_written_is_what_docker_reads(tmp_path):
    text = core.config([core.Registry("r:5000", "u", "p"), core.Registry("open"), core.Registry("docker.io", "h", "x")])
    assert json.loads(text)["auths"]["r:5000"] == {"auth": LOGIN}
    assert set(json.loads(text)["auths"]) == {"r:5000", core.HUB_KEY}
    (tmp_path / "config.json").write_text(text)
    assert core.login("r:5000", (str(tmp_path),)) == (str(tmp_path), LOGIN)
    assert core.login(registry.HUB, (str(tmp_path),))[1]
    assert core.known(str(tmp_path)) == ["docker.io", "r:5000"]
    assert core.config([core.Registry("open")]) == ""


def test_ours_first_then_roots(tmp_path):
    ours = write(tmp_path / "ours", {"auths": {"a": {"auth": "1"}}})
    roots = write(
        tmp_path / "roots", {"auths": {"a": {"auth": "2"}, "b": {"auth": "3"}, "s": {}}, "credsStore": "pass"}
    )
    assert core.login("a", (ours, roots)) == (ours, "1")
    assert core.login("b", (ours, roots)) == (roots, "3")
    assert core.login("s", (ours, roots)) == (roots, "")
    assert core.login("c", (ours, roots, str(tmp_path / "none"))) == ("", "")


def test_a_broken_config_is_no_login(tmp_path):
    write(tmp_path / "x", [])
    assert core.login("a", (str(tmp_path / "x"),)) == ("", "")
    (tmp_path / "x" / "config.json").write_text("{")
    assert core.login("a", (str(tmp_path / "x"),)) == ("", "")


@pytest.mark.parametrize(
    ("host", "names", "insecure"),
    [
        ("127.0.0.1:5000", ["127.0.0.0/8"], True),
        ("localhost:5000", ["127.0.0.0/8"], True),
        ("10.0.0.5:5000", ["10.0.0.0/24"], True),
        ("r.lan:5000", ["r.lan:5000"], True),
        ("r.lan:5000", ["r.lan"], True),
        ("r.lan", ["10.0.0.0/24", "other"], False),
        ("ghcr.io", [], False),
    ],
)
def test_insecure(host, names, insecure):
    assert core.is_insecure(host, names) is insecure


def test_how_the_engine_speaks(tmp_path, monkeypatch):
    ours = write(tmp_path / "ours", {"auths": {"r:5000": {"auth": LOGIN}}})
    (tmp_path / "certs/r:5000").mkdir(parents=True)
    (tmp_path / "certs/r:5000/a.crt").write_text("x")
    monkeypatch.setattr(core, "authorities", lambda h: tuple(map(str, sorted((tmp_path / "certs" / h).glob("*.crt")))))
    engine = {"proxy": "http://p:1", "no_proxy": "r,.lan", "insecure_registries": ["i"]}
    reach = core.reach(engine, 3, (ours,))
    assert reach("r:5000") == registry.Access(3, None, LOGIN, (str(tmp_path / "certs/r:5000/a.crt"),), True)
    assert reach("x.lan").proxy is None
    assert reach("ghcr.io") == registry.Access(3, "http://p:1", "", (), True)
    assert reach("i").verify is False


def test_authorities_are_those_of_dockers_folder(tmp_path):
    (tmp_path / "r:5000").mkdir()
    for name in ("b.crt", "a.crt", "client.key"):
        (tmp_path / "r:5000" / name).write_text("")
    found = core.authorities("r:5000", str(tmp_path))
    assert [path.rsplit("/", 1)[1] for path in found] == ["a.crt", "b.crt"]
    assert core.authorities("other", str(tmp_path)) == ()


@pytest.mark.parametrize("host", ["", "https://r", "r/a", ".."])
def test_a_name_that_is_none(host):
    with pytest.raises(Refusal) as caught:
        core.check_host(host)
    assert caught.value.rule == "LLM314"


def test_half_a_login_is_refused():
    core.check_login("r", "u", "p")
    core.check_login("r", "", "")
    for username, password, lacks in (("u", "", "password"), ("", "p", "username")):
        with pytest.raises(Refusal) as caught:
            core.check_login("r", username, password)
        assert f"lacks its {lacks}" in caught.value.reason.en


def test_an_authority_must_be_pem():
    pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    core.check_authority("r", pem + pem)
    for text in ("/etc/ca.crt", pem.replace("END", "end")):
        with pytest.raises(Refusal):
            core.check_authority("r", text)


def test_password_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("geheim\n")
    path.chmod(0o600)
    assert core.read_password("r", str(path)) == "geheim"
    for mode, text, why in ((0o640, "geheim", "others than root"), (0o600, "", "is empty")):
        path.write_text(text)
        path.chmod(mode)
        with pytest.raises(Refusal) as caught:
            core.read_password("r", str(path))
        assert why in caught.value.message() and "geheim" not in caught.value.message()
    with pytest.raises(Refusal) as caught:
        core.read_password("r", str(tmp_path / "none"))
    assert "cannot be read" in caught.value.reason.en


def test_removing_takes_an_empty_folder_along(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("x", "y"):
        (tmp_path / "a" / name).write_text("")
    core.remove(str(tmp_path / "a/x"))
    assert (tmp_path / "a").exists()
    core.remove(str(tmp_path / "a/y"))
    assert not (tmp_path / "a").exists()


def test_a_login_that_a_helper_knows_is_left_to_docker(monkeypatch):
    said = {"https://r": "the login is missing or wrong: HTTP 401"}
    monkeypatch.setattr(registry, "locate", lambda *_: (None, said))
    image = image_.Image("r/a:1")
    assert image_.check_registry(image, [], anyone, True) is None
    with pytest.raises(Refusal) as caught:
        image_.check_registry(image, [], anyone, False)
    assert caught.value.rule == "LLM302" and "https://r" in caught.value.reason.en
