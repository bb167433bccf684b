# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packages, licences, volumes, bill of materials, and what roles ask for."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, finish, make, use, work
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import licences as licence
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import volumes as split

from .test_manifest import BUNDLE, HOLDS, NODE

URIS = """\
'http://u:p@m/pool/n/nginx_1%3a1.22-9%2bdeb12u1_amd64.deb' nginx_1%3a1.22-9+deb12u1_amd64.deb 527388 SHA256:aa
NOTE: this is no address
'http://m/pool/a/a_1_all.deb' a_1_all.deb 10
'http://m/dists/x/InRelease' m_InRelease 10
"""
LICENCES = {
    "nv": {"title": {"en": "NV", "zh": "NV"}, "url": "u", "consent": True, "packages": ["nvidia-[!c]*"]},
    "mit": {"title": {"en": "MIT", "zh": "MIT"}, "url": "u", "models": ["a/*"], "spdx": "MIT"},
}  # fmt: skip


def test_reads_what_apt_tells():
    found = apt.parse_uris(URIS)
    assert [(one.file, one.size) for one in found] == [
        ("nginx_1%3a1.22-9+deb12u1_amd64.deb", 527388),
        ("a_1_all.deb", 10),
    ]
    assert apt.plain_uri(found[0].uri).startswith("http://m/pool")
    assert apt.repository_name(found[0].file) == "nginx_1.22-9+deb12u1_amd64.deb"


@pytest.mark.parametrize("text, expected", [
    ("Debian|x|http://m/\nDebian|x-security|http://s/\n", {"main": "http://m/", "security": "http://s/"}),
    ("Debian|oldstable|http://m/debian/\nOther|x|http://o/", {"main": "http://m/debian/", "security": ""}),
    ("Ubuntu|noble|http://u/", {}), ("", {}), ("Debian|x|cdrom:[x]", {}),
])  # fmt: skip
def test_finds_the_machines_mirrors(text, expected):
    assert apt.mirrors(text, "debian") == expected


def test_sources_of_a_target():
    target = {"release": "bookworm", "architecture": "amd64", "keyring": "/k",
              "suites": ["{release}", "{release}-security"], "components": ["main"]}  # fmt: skip
    assert apt.sources(target, {"main": "http://m", "security": ""}) == [
        "deb [arch=amd64 signed-by=/k] http://m bookworm main"
    ]
    assert apt.sources({**target, "sources": ["deb x"]}, {}) == ["deb x"]


def test_licences_of_a_copyright_file():
    text = "Format: https://x\nFiles: *\nLicense: GPL-2+\n text\nLicense: MIT\nLicense: GPL-2+\n"
    assert apt.licences(text) == "GPL-2+; MIT" and apt.licences("This package was debianized") == ""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        info = tarfile.TarInfo("./usr/share/doc/x/copyright")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    assert apt.read_copyright(io.BytesIO(data.getvalue()), "x") == text
    assert apt.read_copyright(io.BytesIO(data.getvalue()), "y") == ""


@pytest.mark.parametrize("accepted, names, missing", [
    ([], [("packages", "nvidia-driver")], ["nv"]), (["nv"], [("packages", "nvidia-driver")], []),
    ([], [("packages", "nvidia-container-toolkit"), ("models", "a/b"), ("images", "nvidia-driver")], []),
])  # fmt: skip
def test_consent(accepted, names, missing):
    found = licence.wanting(LICENCES, accepted, names)
    assert sorted(found) == missing
    if found:
        refusal = licence.refusal(LICENCES, found)
        assert refusal.rule == "LLM910" and "bundle_licences: [nv]" in refusal.fix.en


@pytest.mark.parametrize("text", ["", "4", "G", "-1G", "1.5G", "900K", "4 G x"])
def test_refuses_a_size_that_is_none(text):
    with pytest.raises(Refusal) as refused:
        split.size_of(text)
    assert refused.value.rule == "LLM923"


def test_sizes():
    assert [split.size_of(one) for one in ("4G", "700M", "1GiB", "2gb", "1048576")] == [
        4 << 30,
        700 << 20,
        1 << 30,
        2 << 30,
        1 << 20,
    ]


@pytest.mark.parametrize("size", [1, 511, 512, 513, 3000, 10240, 10**6])
def test_volumes_join_to_the_tar(tmp_path, size):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_bytes(b"x" * 1000)
    (tmp_path / ("a/" + "l" * 150)).write_bytes(b"")
    (tmp_path / "y.sh").write_bytes(b"y" * 512)
    found = split.pieces(str(tmp_path), ["a/" + "l" * 150, "a/x", "y.sh"])
    total = sum(one.size for one in found)
    parts = [b"".join(split.cut(found, begin, min(total, begin + size))) for begin in range(0, total, size)]
    assert all(len(part) == size for part in parts[:-1])
    with tarfile.open(fileobj=io.BytesIO(b"".join(parts))) as tar:
        assert {m.name: m.size for m in tar} == {"bundle/a/x": 1000, "bundle/a/" + "l" * 150: 0, "bundle/y.sh": 512}
        assert tar.extractfile("bundle/a/x").read() == b"x" * 1000


def test_bill_of_materials():
    document = json.loads(finish.sbom(BUNDLE, LICENCES))
    names = {one["name"]: one for one in document["packages"]}
    assert set(names) == {"nginx", "a/b"} and document["spdxVersion"] == "SPDX-2.3"
    assert names["nginx"]["checksums"][0]["checksumValue"] == "a" * 64
    assert names["nginx"]["licenseDeclared"] == "BSD-2-Clause" and names["a/b"]["licenseDeclared"] == "NOASSERTION"


def test_wants_each_thing_once():
    needs = [
        {"target": "t", "role": "docker", "packages": ["a", "b"]},
        {"target": "t", "role": "docker", "packages": ["b", "c"]},
        {
            "target": "t",
            "role": "engine",
            "images": [{"ref": "i", "id": "1", "archives": [{"url": "u"}], "entrypoint": []}],
        },
        {"target": "u", "role": "engine", "images": [{"ref": "i", "id": "1"}]},
        {"target": "t", "role": "weights", "models": [{"model": "m", "include": ["x"]}]},
        {"target": "t", "role": "weights", "models": [{"model": "m", "include": ["y"]}]},
        {"target": "t", "role": "ollama", "downloads": [{"name": "ollama", "url": "u"}]},
    ]
    found = use.wants(needs)
    assert found["packages"] == [{"target": "t", "role": "docker", "names": ["a", "b", "c"]}]
    assert [(one["ref"], one["archives"]) for one in found["images"]] == [("i", [{"url": "u"}])]
    assert found["models"][0]["include"] == ["x", "y"] and len(found["downloads"]) == 1


def test_settings_of_a_node(tmp_path):
    (tmp_path / "apt/bookworm-amd64").mkdir(parents=True)
    (tmp_path / "apt/bookworm-amd64/key.asc").write_text("KEY")
    told = {"made": "x", "targets": [dict(BUNDLE.targets[0])], "holds": HOLDS}
    found = use.use(told, NODE, "http://c:1", "/n", str(tmp_path), {"vllm-cpu": {"ref": "r"}})
    assert found["archives"] == [{"url": "http://c:1/images/a.tar"}]
    assert found["images"] == {"vllm-cpu": {"ref": "r", "id": "sha256:1"}}
    assert [one["content"] for one in found["files"]][1:] == [
        "deb [signed-by=/n/key.asc] http://c:1/apt/bookworm-amd64/ ./\n",
        "KEY",
    ]
    assert use.problem(told, "h", NODE, None) == ""
    assert "LLM917" in use.problem(told, "h", {**NODE, "version": "13"}, None)
    plan = {
        "images": [{"ref": "z", "id": None}],
        "model": {"id": "a/b"},
        "engine": {"name": "ollama"},
        "release": {"version": "9"},
    }
    assert "z, ollama 9" in use.problem(told, "h", None, plan)


def test_a_node_that_is_only_declared():
    gpus = {
        "h20": {"vendor": "nvidia", "capability": "9.0", "nvlink": True, "pci_ids": ["10de:2329"]},
        "npu": {"vendor": "huawei"},
    }
    target = {"distribution": "debian", "version": "12"}
    node = use.pretended(target, {"gpus": [{"model": "h20", "count": 8}]}, gpus)
    assert len(node["gpus"]) == 8 and node["gpus"][0]["architecture"] == "Hopper" and node["nvswitch"]
    assert use.pretended(target, {"gpus": [{"model": "npu", "count": 8}]}, gpus)["gpus"] == []
    assert use.pretended(target, {}, gpus)["os"] == {"id": "debian", "version": "12"}


def test_a_target_is_completed():
    known = {"bookworm": {"distribution": "debian", "version": "12", "suites": ["x"]}}
    assert work.target_of({"release": "bookworm", "architecture": "arm64"}, known)["version"] == "12"
    with pytest.raises(Refusal) as refused:
        work.target_of({"release": "sid"}, known)
    assert refused.value.rule == "LLM923"


def signed(folder, key):
    finish.ensure_key(str(key))
    (folder / core.SIGNER).write_text(finish.public_key(str(key)))
    (folder / core.MANIFEST).write_text(core.dump(BUNDLE))
    finish.sign(str(folder), str(key))


def test_a_signature_is_judged(tmp_path):
    key, folder = tmp_path / "key", tmp_path / "b"
    folder.mkdir()
    signed(folder, key)
    assert key.stat().st_mode & 0o777 == 0o600
    own = finish.judge(str(folder))
    assert finish.judge(str(folder), own + " comment") == own
    text = core.dump(BUNDLE).replace("1.22", "1.23")
    harms = [
        (folder / core.SIGNATURE).unlink,
        (folder / core.SIGNER).unlink,
        lambda: (folder / core.MANIFEST).write_text(text),
    ]
    for harm in harms:
        signed(folder, key)
        harm()
        with pytest.raises(Refusal) as refused:
            finish.judge(str(folder))
        assert refused.value.rule == "LLM914"
    signed(folder, key)
    with pytest.raises(Refusal):
        finish.judge(str(folder), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHother")


def test_a_bundle_is_closed_once_and_stays_as_it_is(tmp_path):
    key = str(tmp_path / "key")
    folder = tmp_path / "b"
    folder.mkdir()
    finish.ensure_key(key)
    first, changed = finish.close(str(folder), BUNDLE, "#!/bin/sh\n", key, LICENCES)
    signature = (folder / core.SIGNATURE).read_bytes()
    assert changed and {finish.CHECK, finish.SBOM} <= {one.path for one in first.files}
    later = BUNDLE._replace(made="2026-02-02T00:00:00Z")
    assert finish.close(str(folder), later, "#!/bin/sh\n", key, LICENCES) == (first, False)
    assert (folder / core.SIGNATURE).read_bytes() == signature
    for other, check in ((later._replace(files=later.files[:1]), "#!/bin/sh\n"), (later, "#!/bin/sh\ntrue\n")):
        assert finish.close(str(folder), other, check, key, LICENCES)[1]
        assert finish.judge(str(folder)) == finish.public_key(key)


def test_an_archive_of_several_images_has_the_terms_of_all(tmp_path):
    """In whatever order the roles ask: else a second run would sign another manifest."""
    archive = tmp_path / "images.tar"
    with tarfile.open(archive, "w") as tar:
        text = json.dumps([{"Config": f"{one * 64}.json", "RepoTags": [f"v/{one}:1"], "Layers": []} for one in "ab"])
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    terms = {one: {"title": {"en": one, "zh": one}, "url": "u", "images": [f"v/{one}:*"], "spdx": one} for one in "ab"}
    listed = []
    for order in ("ab", "ba"):
        images = [{"ref": f"v/{one}:1", "archives": [{"path": str(archive)}]} for one in order]
        maker = make.Maker(work.Spec(str(tmp_path / order), [], [], images, [], [], terms, []), lambda *_said: None)
        maker.work.open()
        maker._images()
        listed += maker.work.files
    assert listed[0] == listed[1] and (listed[0].name, listed[0].licence) == ("v/a; v/b", "a; b")
