# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import seal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signature

from tests.unit.module_utils._acceptance.test_report import document


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        seal, "sheet", lambda report, language, python, _vendor: f"%PDF {language} {report['signer']}".encode()
    )
    key = str(tmp_path / "keys" / "key")
    names = seal.write(str(tmp_path / "report"), document(), key, "python")
    return tmp_path / "report", names, signature.public_key(key), key


def test_a_report_is_read_back_with_the_key_that_signed_it(written):
    folder, names, public, key = written
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert seal.read(str(folder), public)["verdict"] == "pass"
    assert (folder / "report.en.pdf").read_text() == f"%PDF en {signature.fingerprint(public)}"
    seal.write(str(folder), document(), key)  # again, with the same key, without PDFs: none of the first is left
    assert not list(folder.glob("*.pdf"))
    assert seal.read(str(folder), public)["deployment"] == "campus"


@pytest.mark.parametrize(
    "name", ["report.json", "report.zh.html", "report.en.html", "report.zh.pdf", "report.en.pdf", "report.json.sig"]
)
def test_one_changed_byte_is_found(written, name):
    folder, _names, public, _key = written
    whole = bytearray((folder / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (folder / name).write_bytes(whole)
    with pytest.raises(Refusal) as caught:
        seal.read(str(folder), public)
    assert caught.value.rule == "LLM854"


@pytest.mark.parametrize("name", ["report.json", "report.zh.html", "report.zh.pdf", "report.json.sig"])
def test_a_missing_file_is_found(written, name):
    folder, _names, public, _key = written
    (folder / name).unlink()
    with pytest.raises(Refusal, match="was changed"):
        seal.read(str(folder), public)


def test_a_report_signed_anew_by_somebody_else_is_refused_whatever_lies_beside_it(written, tmp_path):
    folder, _names, public, _key = written
    seal.write(str(folder), {**document(), "verdict": "pass"}, str(tmp_path / "other"))
    with pytest.raises(Refusal, match="another key"):
        seal.read(str(folder), public)
    with pytest.raises(Refusal, match="whose signature counts"):
        seal.read(str(folder), "")


def test_a_file_that_no_signature_covers_is_refused(written):
    folder, _names, public, key = written
    seal.write(str(folder), document(), key)
    (folder / "report.zh.pdf").write_bytes(b"%PDF forged")
    with pytest.raises(Refusal, match="no signature covers"):
        seal.read(str(folder), public)


@pytest.mark.parametrize("name", ["Report.zh.pdf", "REPORT.json"])
def test_a_name_that_differs_in_its_letters_size_alone_is_refused(written, name):
    folder, _names, public, _key = written
    (folder / name).write_bytes(b"forged")
    with pytest.raises(Refusal, match="no signature covers"):
        seal.read(str(folder), public)


def test_a_folder_in_a_files_place_is_refused_and_what_no_judgement_needs_is_not(written):
    folder, _names, public, _key = written
    (folder / "report.pub").write_bytes(b"\xff\xfe")  # the key that counts comes by another way
    assert seal.read(str(folder), public)["verdict"] == "pass"
    (folder / "report.zh.html").unlink()
    (folder / "report.zh.html").mkdir()
    with pytest.raises(Refusal, match="was changed"):
        seal.read(str(folder), public)


def test_a_signed_file_that_is_no_report_is_refused(written):
    folder, _names, public, key = written
    for text in ("[]", "no json", json.dumps({"kind": "other"})):
        (folder / seal.REPORT).write_text(text)
        signature.sign(str(folder / seal.REPORT), key, seal.NAMESPACE)
        with pytest.raises(Refusal, match="no report"):
            seal.read(str(folder), public)


def test_a_key_that_cannot_sign_is_named(tmp_path):
    (tmp_path / "key").write_text("no key")
    with pytest.raises(Refusal) as caught:
        seal.write(str(tmp_path / "report"), document(), str(tmp_path / "key"))
    assert caught.value.rule == "LLM924"


def test_a_comparison_is_a_page_in_each_language_beside_the_report(written):
    folder, _names, public, _key = written
    report = {**seal.read(str(folder), public), "against": {"number": "N-1", "made": "2026", "rows": []}}
    assert seal.compared(str(folder), report) == ["changes.zh.html", "changes.en.html"]
    assert "N-1" in (folder / "changes.en.html").read_text(encoding="utf-8")
    assert seal.read(str(folder), public)["verdict"] == "pass"  # no file of the report
