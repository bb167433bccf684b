# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, downloads, weights and the controller's part: listed with their terms, and each fetched once."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import zipfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import make, work
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import manifest


def test_an_archive_of_several_images_has_the_terms_of_all(tmp_path):
    """In whatever order the roles ask: else a second run would sign another manifest."""
    archive = tmp_path / "images.tar"
    with tarfile.open(archive, "w") as tar:
        text = json.dumps(
            [{"Config": f"{letter * 64}.json", "RepoTags": [f"v/{letter}:1"], "Layers": []} for letter in "ab"]
        )
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    terms = {
        letter: {"title": {"en": letter, "zh": letter}, "url": "u", "images": [f"v/{letter}:*"], "spdx": letter}
        for letter in "ab"
    }
    listed = []
    for order in ("ab", "ba"):
        images = [{"ref": f"v/{row}:1", "archives": [{"path": str(archive)}]} for row in order]
        maker = make.Maker(work.Spec(str(tmp_path / order), [], [], images, [], [], terms, []), lambda *_said: None)
        maker.work.open()
        maker._images()
        listed += maker.work.files
    assert listed[0] == listed[1] and (listed[0].name, listed[0].licence) == ("v/a; v/b", "a; b")


CHECKED = hashlib.sha256(b"program").hexdigest()
BOOKWORM = {"release": "bookworm", "manager": "apt", "architecture": "arm64"}
MIT = {"title": {"en": "MIT", "zh": "MIT"}, "url": "u", "models": ["a/*"], "downloads": ["tool"], "spdx": "MIT"}
TERMS = {"mit": MIT}


def maker(tmp_path, said=None, **more):
    given = {"dest": str(tmp_path / "b"), "targets": [BOOKWORM], "packages": [], "images": [], "downloads": [],
             "models": [], "licences": TERMS, "accepted": []}  # fmt: skip
    say = (lambda *told: said.append(told)) if said is not None else (lambda *_told: None)
    return make.Maker(work.Spec(**{**given, **more}), say)


def download(tmp_path, **more):
    (tmp_path / "from").mkdir(exist_ok=True)
    (tmp_path / "from/tool 1.tgz").write_bytes(b"program")
    return {"name": "tool", "version": "1", "url": str(tmp_path / "from/tool 1.tgz"), "sha256": CHECKED, **more}


def model(tmp_path):
    folder = tmp_path / "b/models/a/b"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_bytes(b"{}")
    listed = manifest.Manifest("a/b", "main", [manifest.Entry("config.json", 2, hashlib.sha256(b"{}").hexdigest())])
    listed.save(str(folder / manifest.MANIFEST))
    manifest.write_stamp(str(folder), listed, [], [])
    return {"model": "a/b", "revision": "main", "source": "http://hub/a/b"}


def test_what_is_wanted_is_named_before_anything_comes(tmp_path):
    made = maker(tmp_path, packages=[{"names": ["x", "y"]}], images=[{"ref": "i:1"}], downloads=[{"name": "d"}],
                 models=[{"model": "a/b"}])  # fmt: skip
    assert made.named() == [
        ("packages", "x"), ("packages", "y"), ("images", "i:1"), ("downloads", "d"), ("models", "a/b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "rule"), [("580.1-1", ""), ("3%3a580.1-1", ""), ("595.1-1", "LLM231"), ("580.0", "LLM209")]
)
def test_a_driver_that_a_node_would_refuse_is_refused_here(tmp_path, monkeypatch, version, rule):
    fits = {"version_of": "smi", "branch": "580", "min_version": "580.1", "same_version": []}
    made = maker(tmp_path, packages=[{"target": "bookworm-arm64", "role": "d", "names": ["smi"], "driver": fits}])
    found = {"f": make.apt.Package("u", f"smi_{version}_arm64.deb", 1)}
    monkeypatch.setattr(made.debs, "resolve", lambda target: found)
    if not rule:
        assert made.resolve() == [(BOOKWORM, found)]
        return
    with pytest.raises(Refusal) as caught:
        made.resolve()
    assert caught.value.rule == rule


def test_a_bundle_of_a_download_and_weights_and_its_second_run(tmp_path):
    wanted = {"downloads": [download(tmp_path)], "models": [model(tmp_path)]}
    first = maker(tmp_path, **wanted)
    files = {file.path: file for file in first.make()}
    assert set(files) == {"files/tool_1.tgz", "models/a/b/config.json"}
    tool, weights = files["files/tool_1.tgz"], files["models/a/b/config.json"]
    assert (tool.kind, tool.name, tool.version, tool.licence, tool.sha256) == ("archive", "tool", "1", "MIT", CHECKED)
    assert (weights.kind, weights.name, weights.version, weights.licence, weights.source) == (
        "weights", "a/b", "main", "MIT", "http://hub/a/b",
    )  # fmt: skip
    assert first.holds == {
        "images": [],
        "downloads": [{"name": "tool", "version": "1", "path": "files/tool_1.tgz", "sha256": CHECKED}],
        "models": [{"model": "a/b", "revision": "main", "bytes": 2}],
    }
    assert first.work.fetched == len(b"program")
    again = maker(tmp_path, **wanted)
    assert again.make() == first.work.files and again.work.fetched == 0 and again.holds == first.holds


def test_a_file_of_the_makers_own_is_taken_again_when_it_changed(tmp_path):
    mine = tmp_path / "db.tar"
    for content in (b"old", b"new"):
        mine.write_bytes(content)
        made = maker(tmp_path, downloads=[{"name": "vulnerability-database", "url": str(mine), "sha256": ""}])
        (file,) = made.make()
        assert (tmp_path / "b/files/db.tar").read_bytes() == content
        assert (file.path, file.name, file.kind) == ("files/db.tar", "vulnerability-database", "archive")


def test_terms_that_nobody_recorded_are_said_to_be_so(tmp_path):
    made = maker(tmp_path, licences={}, downloads=[download(tmp_path)], models=[model(tmp_path)])
    assert {file.licence for file in made.make()} == {"NOASSERTION"}


def test_a_download_that_changed_or_is_wanted_otherwise_comes_again(tmp_path):
    maker(tmp_path, downloads=[download(tmp_path)]).make()
    (tmp_path / "b/files/tool_1.tgz").unlink()
    again = maker(tmp_path, downloads=[download(tmp_path)])
    again.make()
    assert again.work.fetched == len(b"program")
    os.utime(tmp_path / "b/files/tool_1.tgz", ns=(1, 1))
    touched = maker(tmp_path, downloads=[download(tmp_path)])
    touched.make()
    assert touched.work.fetched == len(b"program")
    with pytest.raises(Refusal) as refused:
        maker(tmp_path, downloads=[download(tmp_path, sha256="0" * 64)]).make()
    assert refused.value.rule == "LLM922"


def test_weights_that_are_not_as_they_were_verified_are_refused(tmp_path):
    row = model(tmp_path)
    (tmp_path / "b/models/a/b/config.json").write_bytes(b"{ }")
    with pytest.raises(Refusal) as refused:
        maker(tmp_path, models=[row]).make()
    assert "changed since it was verified" in refused.value.reason.en
    with pytest.raises(Refusal):
        maker(tmp_path, models=[{"model": "a/c"}]).make()


def test_what_an_earlier_run_added_goes_and_what_comes_in_pieces_stays(tmp_path):
    for name in ("files/old.tgz", "images/gone/x.tar", "models/a/b/.yitiji-download/piece", "models/z/y/old", "mine/x"):
        (tmp_path / "b" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / name).touch()
    maker(tmp_path, models=[model(tmp_path)]).make()
    kept = {path.relative_to(tmp_path / "b").as_posix() for path in (tmp_path / "b").rglob("*") if path.is_file()}
    records = {f"models/a/b/{name}" for name in (manifest.MANIFEST, manifest.STAMP)}
    assert kept == {"models/a/b/config.json", "models/a/b/.yitiji-download/piece", "mine/x", *records}
    assert not (tmp_path / "b/images").exists() and not (tmp_path / "b/models/z").exists()


def pulled(tmp_path, monkeypatch, said=None, **image):
    """An image that no archive holds: what was asked of the registry, the maker, the files."""
    asked = []

    def pull(ref, wanted, architecture, folder, access, tick):
        asked.append((f"{ref.host}/{ref.repository}:{ref.tag}", wanted, architecture))
        assert os.path.isdir(folder)
        tick(7)
        return "sha256:its-id", {}

    def archive(path, tag, config, blobs):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(f"{tag} {config}")

    monkeypatch.setattr(make.fetch, "pull", pull)
    monkeypatch.setattr(make.fetch, "archive", archive)
    made = maker(tmp_path, said, images=[{"key": "k", "ref": "reg.example/x:1", "bytes": 9, **image}])
    return asked, made, made.make()


def test_an_image_that_no_archive_holds_comes_from_its_registry_once(tmp_path, monkeypatch):
    said = []
    asked, made, (file,) = pulled(tmp_path, monkeypatch, said, digest="sha256:d")
    assert asked == [("reg.example/x:1", {"id": "", "digest": "sha256:d"}, "arm64")]
    assert (file.path, file.kind, file.name, file.version) == (
        "images/reg.example_x_1.tar", "image", "reg.example/x", "1",
    )  # fmt: skip
    assert (file.licence, file.source) == ("NOASSERTION", "reg.example/x:1")
    assert made.holds["images"] == [
        {"key": "k", "ref": "reg.example/x:1", "digest": "sha256:d", "id": "sha256:its-id", "path": file.path}
    ]
    assert made.work.fetched == 7 and not os.path.exists(os.path.join(made.work.folder, "blobs"))
    assert ("image reg.example/x:1", 7, 9) in said and not any("not pinned" in told[0] for told in said)
    asked, made, again = pulled(tmp_path, monkeypatch, digest="sha256:d")
    assert asked == [] and again == [file] and made.holds["images"][0]["id"] == "sha256:its-id"
    asked, made, _files = pulled(tmp_path, monkeypatch, digest="sha256:other")
    assert len(asked) == 1
    os.unlink(tmp_path / "b" / file.path)
    asked, made, _files = pulled(tmp_path, monkeypatch, digest="sha256:other")
    assert len(asked) == 1


def test_an_image_that_is_not_pinned_is_told_and_asked_for_each_time(tmp_path, monkeypatch):
    for _turn in range(2):
        said = []
        asked, _made, _files = pulled(tmp_path, monkeypatch, said)
        assert len(asked) == 1 and any("not pinned" in told[0] for told in said)
    said = []
    asked, _made, _files = pulled(tmp_path, monkeypatch, said, id="sha256:i")
    assert asked[0][1]["id"] == "sha256:i" and not any("not pinned" in told[0] for told in said)


def test_an_archive_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(Refusal) as refused:
        maker(tmp_path, images=[{"ref": "v/a:1", "archives": [{"path": str(tmp_path / "x.tar")}]}]).make()
    assert refused.value.rule == "LLM922" and "x.tar" in refused.value.reason.en


def built(folder, listed, time=0):
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "yitiji-deepseek-1.0.0.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("FILES.json")
        info.size, info.mtime = len(listed), time
        tar.addfile(info, io.BytesIO(listed))


def test_the_controllers_part_holds_wheels_with_their_terms_and_the_collection(tmp_path):
    place = tmp_path / "b/controller"
    place.mkdir(parents=True)
    for name, text in {
        "one-1.0-py3-none-any.whl": "Name: one\nLicense-Expression: MIT\n",
        "two-2.0-py3-none-any.whl": "Name: two\nClassifier: License :: OSI Approved :: BSD License\n"
                                    "Classifier: License :: Other\n",
        "three-3.0-py3-none-any.whl": "Name: three\n",
    }.items():  # fmt: skip
        with zipfile.ZipFile(place / name, "w") as wheel:
            wheel.writestr(name.split("-")[0] + ".dist-info/METADATA", text)
    (place / "install.sh").write_text("#!/bin/sh\n")
    built(tmp_path / "b.work/build", b"{}")
    files = {file.path.rpartition("/")[2]: file for file in maker(tmp_path).make()}
    collection, tool = files.pop("yitiji-deepseek-1.0.0.tar.gz"), files.pop("install.sh")
    assert (collection.kind, collection.name, collection.version) == ("collection", "yitiji.deepseek", "")
    assert tool.kind == "tool" and {collection.licence, tool.licence} == {"GPL-3.0-or-later"}
    assert {(file.kind, file.name, file.version) for file in files.values()} == {
        ("wheel", "one", "1.0"), ("wheel", "two", "2.0"), ("wheel", "three", "3.0"),
    }  # fmt: skip
    if shutil.which("unzip"):
        assert {file.name: file.licence for file in files.values()} == {
            "one": "MIT", "two": "BSD License; Other", "three": "see its METADATA",
        }  # fmt: skip


def test_a_collection_that_was_built_again_changes_the_bundle_only_if_its_files_differ(tmp_path):
    place = tmp_path / "b/controller"
    place.mkdir(parents=True)
    (place / "yitiji-deepseek-0.9.0.tar.gz").write_bytes(b"old")
    (place / "keep.whl").touch()
    built(tmp_path / "b.work/build", b"{}")
    new = place / "yitiji-deepseek-1.0.0.tar.gz"
    maker(tmp_path)._collection()
    first = new.read_bytes()
    assert sorted(path.name for path in place.iterdir()) == ["keep.whl", new.name]
    built(tmp_path / "b.work/build", b"{}", 5)
    maker(tmp_path)._collection()
    assert new.read_bytes() == first
    built(tmp_path / "b.work/build", b'{"files": []}', 5)
    maker(tmp_path)._collection()
    assert make.contents(str(new)) == b'{"files": []}'


def test_a_size_is_known_of_files_and_asked_of_servers(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(b"123")
    monkeypatch.setattr(make.fetch, "announced", lambda url, ca_path: (url, ca_path))
    assert make._size(str(tmp_path / "x"), "") == 3 and make._size(str(tmp_path / "y"), "") == 0
    assert make._size("https://x/y", "/ca") == ("https://x/y", "/ca")
