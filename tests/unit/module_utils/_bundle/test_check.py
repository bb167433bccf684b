# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle is signed by whom it should be, and whole; read at the first check, and later as far as no node does it."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import check, finish, manifest, signers

from tests.unit.module_utils._bundle.samples import BUNDLE, LICENCES

KINDS = {"apt/x/a.deb": "package", "images/i.tar": "image", "models/a/b/w.bin": "weights", "files/r.tar": "archive"}
SIZE = 1000


class Made:
    """A signed bundle, and the machine that checks it."""

    def __init__(self, top):
        self.folder, self.key, self.told = top / "bundle", str(top / "key"), []
        self.stamps, self.known = top / "state/stamps", top / "state/signers"
        rows = []
        for path, kind in KINDS.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            data = path.encode().ljust(SIZE, b".")
            (self.folder / path).write_bytes(data)
            rows.append(manifest.File(path, SIZE, hashlib.sha256(data).hexdigest(), kind))
        finish.ensure_key(self.key)
        closed, _changed = finish.close(
            str(self.folder), BUNDLE._replace(files=tuple(rows)), "#!/bin/sh\n", self.key, LICENCES
        )
        self.bundle, self.signer = closed, finish.public_key(self.key)

    def check(self, rule=signers.FIRST_USE, signer="", **more):
        self.told.clear()
        trust = check.Trust(signer, str(self.known), rule, **more)
        return check.check(str(self.folder), trust, str(self.stamps), lambda *said: self.told.append(said))

    def bytes_of(self, *kinds):
        return sum(file.size for file in self.bundle.files if not kinds or file.kind in kinds)


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path)


def refused(call, rule):
    with pytest.raises(Refusal) as caught:
        call()
    assert caught.value.rule == rule, caught.value
    return caught.value.reason.en


def test_the_first_check_reads_every_byte_and_remembers_signer_and_files(made):
    found = made.check()
    assert found == (made.bundle, made.signer, "first_use", made.bytes_of())
    assert signers.known(str(made.known)) == [made.signer]
    [stamp] = made.stamps.glob("*.json")
    assert made.stamps.stat().st_mode & 0o777 == 0o700 and json.loads(stamp.read_text())["schema"] == 1
    assert made.told and {total for _done, total in made.told} == {made.bytes_of()}
    assert all(0 <= done <= made.bytes_of() for done, _total in made.told)


def test_a_second_check_reads_what_no_node_checks_again(made):
    made.check()
    found = made.check("known")
    later = made.bytes_of("weights", "image", "package")
    assert later == 3 * SIZE and (found.trust, found.hashed) == ("known", made.bytes_of() - later)
    path = made.folder / "images/i.tar"
    path.write_bytes(path.read_bytes())  # the same content at another time
    os.utime(path, (1, 1))
    assert made.check("known").hashed == found.hashed + SIZE
    assert made.check("known").hashed == found.hashed, "and the new time is remembered"


def test_the_only_signer_that_counts_is_not_remembered(made):
    assert made.check(signer=made.signer).trust == "set" and not made.known.exists()


def test_a_first_signer_is_remembered_only_where_that_is_wished(made):
    assert made.check(keep=False).trust == "first_use" and not made.known.exists()
    assert check.Trust("", "", signers.FIRST_USE).keep
    refused(lambda: made.check("known"), "LLM961")


def test_a_folder_without_a_bundle_says_so(made):
    (made.folder / manifest.MANIFEST).unlink()
    assert manifest.MANIFEST in refused(made.check, "LLM913")
    assert manifest.MANIFEST in refused(lambda: check.load(str(made.folder)), "LLM913")


def test_nothing_is_believed_without_the_signature(made):
    (made.folder / manifest.SIGNATURE).unlink()
    (made.folder / "images/i.tar").unlink()
    refused(made.check, "LLM914")


@pytest.mark.parametrize("path", KINDS)
def test_other_bytes_of_the_same_size_are_named(made, path):
    (made.folder / path).write_bytes(b"x" * SIZE)
    assert path in refused(made.check, "LLM915")
    assert not made.stamps.exists() and not made.known.exists(), "nothing of it is remembered"


def test_a_missing_file_ends_it_before_a_byte_is_read(made):
    (made.folder / "images/i.tar").unlink()
    assert "images/i.tar" in refused(made.check, "LLM915") and made.told == []


def test_a_file_that_cannot_be_read_is_a_wrong_one(made, monkeypatch):
    def read(path, *more):
        if path.endswith("w.bin"):
            raise OSError(5, "Input/output error")
        return finish_hash(path, *more)

    finish_hash = check.hash_file
    monkeypatch.setattr(check, "hash_file", read)
    assert "w.bin" in refused(made.check, "LLM915")


def test_each_folder_has_a_stamp_of_its_own(made, tmp_path):
    made.check()
    (tmp_path / "link").symlink_to(made.folder)
    made.folder = tmp_path / "link"
    assert made.check("known").hashed == made.bytes_of() - 3 * SIZE, "the same place by another name"
    made.folder = made.folder.resolve().rename(tmp_path / "other")
    assert made.check("known").hashed == made.bytes_of() and len(list(made.stamps.glob("*.json"))) == 2
