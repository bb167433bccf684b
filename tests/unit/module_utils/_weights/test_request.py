# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module is asked becomes a request; what came of it is told."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP, Entry, Manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec

DIGEST = "a" * 64


def asked(**more):
    return core.request_of({"model": "o/m", "dest": "/d", **more})


def test_what_is_not_said_is_the_default_and_files_are_judged():
    plain = asked(workers=None, files=None, update=False)
    assert plain == core.Request("o/m", "/d", files=[])
    assert (plain.workers, plain.prune, plain.check) == (8, True, False)
    assert (plain.verify, plain.validate_certs, plain.update, plain.lease) == ("stamp", True, False, 0.0)
    told = asked(workers=2, files=[{"path": "b", "size": 3, "sha256": DIGEST}, {"path": "a", "size": 0, "sha256": ""}])
    assert told.workers == 2 and set(told.files) == {Entry("b", 3, DIGEST), Entry("a", 0, "")}
    for wrong in ("../x", "/x", ""):
        with pytest.raises(Refusal) as caught:
            asked(files=[{"path": wrong, "size": 1, "sha256": ""}])
        assert caught.value.rule == "LLM610" and "as planned" in caught.value.reason.en


def test_a_request_and_the_modules_page_have_the_same_defaults():
    spec = argument_spec("modelscope_download")
    plain = core.Request("o/m", "/d")._asdict()
    both = {name: option["default"] for name, option in spec.items() if name in plain and "default" in option}
    assert {"timeout", "retries", "lock_timeout", "workers", "prune"} <= set(both)
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items() if name in both}
    assert given == both


def outcome(count=0, changed=True):
    found = core.Outcome(core.Request("o/m", "/d", revision="v1"))
    found.changed = changed
    found.to_fetch = [Entry(f"f{number:02d}", 2048, "") for number in range(count)]
    return found


def test_a_result_before_and_after_the_files_are_known():
    found = outcome()
    bare = found.result()
    assert (bare["revision"], bare["files"], bare["bytes_total"], bare["manifest"]) == ("v1", 0, 0, None)
    assert (bare["verified"], bare["bytes_fetched"], bare["bytes_to_fetch"]) == (False, 0, 0)
    found.manifest = Manifest("o/m", "commit", [Entry("x", 5, DIGEST), Entry("y", 7, DIGEST)])
    told = found.result()
    assert (told["revision"], told["files"], told["bytes_total"]) == ("commit", 2, 12)
    assert told["manifest"] == {"path": f"/d/{MANIFEST}", "sha256": found.manifest.digest()}
    assert told["stamp"] == f"/d/{STAMP}" and told["path"] == "/d" and told["model"] == "o/m"


@pytest.mark.parametrize(("count", "last"), [
    (1, "f00 (2.0 KiB)"), (50, "f49 (2.0 KiB)"), (51, "and 1 more"), (60, "and 10 more"),
])  # fmt: skip
def test_a_diff_shows_fifty_files_and_counts_the_rest(count, last):
    found = outcome(count, changed=False)
    found.removed = ["old"]
    assert found.diff()["after"].splitlines()[-1] == last and len(found.diff()["after"].splitlines()) == min(count, 51)
    assert found.diff()["before"] == "old\n" and found.diff()["before_header"] == "/d"


def test_a_diff_tells_that_all_is_verified_where_something_changed():
    found = outcome()
    assert found.diff()["after"] == "verified: 0 files\n" and outcome(changed=False).diff()["after"] == ""
    found.manifest = Manifest("o/m", "c", [Entry("x", 5, DIGEST)])
    assert found.diff()["after"] == "verified: 1 files\n"
