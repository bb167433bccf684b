# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle before a scanner: what it is given, how its answers are read, and when that is refused.

The scanners here are scripts that write down how they were called; tests/scan has a real one.
"""

from __future__ import annotations

import json
import os
import tarfile

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import scan

from tests.unit.module_utils._bundle.samples import BUNDLE

JINJA = "pkg:pypi/jinja2@3"
ANSWER = {
    "components": [{"bom-ref": "1", "name": "openssl", "version": "3.0"}, {"purl": JINJA, "name": "jinja2"}],
    "vulnerabilities": [
        {"id": "CVE-1", "ratings": [{"severity": "low"}, {"severity": "high"}], "affects": [{"ref": JINJA}]},
        {"id": "CVE-2", "ratings": [{"severity": "critical"}], "affects": [{"ref": "1"}, {"ref": "1"}],
         "recommendation": "Update\nto 3.1."},
        {"id": "CVE-3", "ratings": [{"severity": "none"}], "affects": [{"ref": "elsewhere"}]},
        {"id": "CVE-4"},
    ],
}  # fmt: skip
GRYPE = """#!/bin/sh
for word; do out=$previous; previous=$word; printf '%s\\n' "$word" >>"$LOG"; done
printf '%s\\n' "$GRYPE_DB_CACHE_DIR $GRYPE_DB_AUTO_UPDATE" >>"$LOG"
printf '%s' "$ANSWER" >"$out"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A bundle with a manifest alone, and no scanner anywhere."""
    place = tmp_path / "bundle"
    place.mkdir()
    (place / core.MANIFEST).write_text(core.dump(BUNDLE))
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(scan, "path", lambda: f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("ANSWER", json.dumps(ANSWER))
    return place


def program(folder, name, text):
    file = folder.parent / "bin" / name
    file.write_text(text)
    file.chmod(0o755)


def database(folder, file):
    place = folder.parent / "db"
    (place / file).parent.mkdir(parents=True, exist_ok=True)
    (place / file).write_text("data")
    return place


def refused(*arguments):
    with pytest.raises(Refusal) as caught:
        scan.scan(*arguments)
    return caught.value


def test_grype_reads_the_bill_and_each_image(folder):
    program(folder, "grype", GRYPE)
    place = database(folder, "6/vulnerability.db")
    report = scan.scan(str(folder), str(place), 20)
    log = (folder.parent / "log").read_text().splitlines()
    assert [word.rpartition("/")[2] for word in log if ":" in word] == ["bill.cdx.json", "a.tar"]
    assert log.count(f"{place} false") == 2  # its database, and no network
    assert report["scanner"] == "grype" and report["unseen"] == []
    assert {row["image"] for row in report["findings"]} == {"", "images/a.tar"}
    rows = [(row["severity"], row["id"], row["part"]) for row in report["findings"] if not row["image"]]
    assert rows == [
        ("critical", "CVE-2", "openssl 3.0"),
        ("high", "CVE-1", "jinja2"),
        ("unknown", "CVE-3", "elsewhere"),
        ("unknown", "CVE-4", ""),
    ]
    assert report["findings"][0]["advice"] == "Update to 3.1."
    (bill,) = [word for word in log if word.startswith("sbom:")]
    assert not os.path.exists(bill.partition(":")[2])


def test_a_tar_of_a_database_is_unpacked_and_gone_afterwards(folder):
    program(folder, "grype", GRYPE)
    with tarfile.open(folder.parent / "db.tar", "w") as tar:
        tar.add(database(folder, "6/vulnerability.db"), ".")
    scan.scan(str(folder), str(folder.parent / "db.tar"), 20)
    (place, auto) = (folder.parent / "log").read_text().splitlines()[-1].split()
    assert auto == "false" and place.endswith("/database") and not os.path.exists(place)


def test_the_bundles_own_database_is_used_where_none_is_named(folder):
    program(folder, "grype", GRYPE)
    (folder / "files").mkdir()
    with tarfile.open(folder / "files/db.tar", "w") as tar:
        tar.add(database(folder, "6/vulnerability.db"), ".")
    holds = {**BUNDLE.holds, "downloads": [{"name": scan.DATABASE, "path": "files/db.tar"}]}
    (folder / core.MANIFEST).write_text(core.dump(BUNDLE._replace(holds=holds)))
    scan.scan(str(folder), "", 20)
    assert (folder.parent / "log").read_text().splitlines()[-1].endswith("/database false")


def test_without_a_database_the_scanner_uses_its_own(folder, monkeypatch):
    monkeypatch.delenv("GRYPE_DB_CACHE_DIR", raising=False)
    program(folder, "grype", GRYPE)
    scan.scan(str(folder), "", 20)
    assert (folder.parent / "log").read_text().splitlines()[-1] == " "


@pytest.mark.parametrize(
    ("said", "code", "good"),
    [("INFO No vulnerabilities found!", 0, True), ("", 0, False), ("No vulnerabilities found", 1, False)],
)
def test_no_answer_is_no_finding_only_where_the_scanner_says_so(folder, said, code, good):
    program(folder, "depscan", f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    place = str(database(folder, "vdb.meta"))
    if good:
        report = scan.scan(str(folder), place, 20)
        assert report == {"scanner": "depscan", "findings": [], "unseen": ["images/a.tar"]}
    else:
        assert refused(str(folder), place, 20).rule == "LLM934"


def test_what_can_not_be_done_is_refused_with_what_helps(folder):
    none = refused(str(folder), "", 20)
    assert none.rule == "LLM933" and "grype, depscan" in none.reason.en and "owasp-depscan" in none.remedy.en
    program(folder, "depscan", "#!/bin/sh\nsleep 20\n")
    assert "VDB_HOME" in refused(str(folder), str(folder), 20).remedy.en  # no database in there
    (folder.parent / "no.tar").write_text("no archive")
    assert refused(str(folder), str(folder.parent / "no.tar"), 20).rule == "LLM934"
    assert "within 1 s" in refused(str(folder), str(database(folder, "vdb.meta")), 1).reason.en
    (folder / core.MANIFEST).unlink()
    program(folder, "grype", GRYPE)
    assert refused(str(folder), "", 20).rule == "LLM913"


def rows(*severities):
    return [
        {"severity": each, "id": f"CVE-{n}", "part": "p 1", "advice": "", "image": ""}
        for n, each in enumerate(severities)
    ]


def test_what_was_accepted_stays_with_its_reason_and_does_not_count(monkeypatch):
    monkeypatch.setenv("YITIJI_LANGUAGE", "en")
    found = {"scanner": "grype", "findings": rows("critical", "high", "low"), "unseen": []}
    accepted = [{"id": "CVE-0", "reason": "not reachable"}]
    for limit, over in (("", 0), ("critical", 0), ("high", 1), ("medium", 1), ("low", 2)):
        assert scan.judged(found, accepted, limit, "f")["over"] == over
    told = scan.judged(found, accepted, "", "f")
    assert told["findings"][0]["accepted"] == "not reachable" and "accepted" not in told["findings"][1]
    assert told["counts"] == {"critical": 0, "high": 1, "medium": 0, "low": 1, "unknown": 0}
    assert told["lines"] == [
        "grype knows of: 0 critical, 1 high, 0 medium, 1 low, 0 unknown",
        "high  CVE-1  p 1",
        "low  CVE-2  p 1",
    ]


def test_a_long_list_is_cut_for_people_and_whole_in_the_report():
    found = {"scanner": "depscan", "findings": rows(*["low"] * 50), "unseen": ["images/a.tar"]}
    told = scan.judged(found, [], "", "/b.json")
    assert len(told["findings"]) == 50 and len(told["lines"]) == scan.SHOWN + 3
    assert told["lines"][-2] == "(+10: /b.json)" and "images/a.tar" in told["lines"][-1]
