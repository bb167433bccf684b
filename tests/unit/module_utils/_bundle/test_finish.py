# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages, licences, volumes, bill of materials, and what roles ask for."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import finish
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core

from tests.unit.module_utils._bundle.samples import BUNDLE, LICENCES


def test_bill_of_materials():
    document = json.loads(finish.sbom(BUNDLE, LICENCES))
    names = {package["name"]: package for package in document["packages"]}
    assert set(names) == {"nginx", "a/b"} and document["spdxVersion"] == "SPDX-2.3"
    other = json.loads(finish.sbom(BUNDLE._replace(files=BUNDLE.files[:1]), LICENCES))
    assert document["documentNamespace"].startswith("urn:uuid:")  # no site of ours stands behind it
    assert document["documentNamespace"] != other["documentNamespace"]
    assert document["documentNamespace"] == json.loads(finish.sbom(BUNDLE, LICENCES))["documentNamespace"]
    assert names["nginx"]["checksums"][0]["checksumValue"] == "a" * 64
    assert names["nginx"]["licenseDeclared"] == "BSD-2-Clause" and names["a/b"]["licenseDeclared"] == "NOASSERTION"


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
    assert own == finish.public_key(str(key))
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


def test_a_bundle_is_closed_once_and_stays_as_it_is(tmp_path):
    key = str(tmp_path / "key")
    folder = tmp_path / "b"
    folder.mkdir()
    finish.ensure_key(key)
    first, changed = finish.close(str(folder), BUNDLE, "#!/bin/sh\n", key, LICENCES)
    signature = (folder / core.SIGNATURE).read_bytes()
    assert changed and {finish.CHECK, finish.SBOM} <= {file.path for file in first.files}
    later = BUNDLE._replace(made="2026-02-02T00:00:00Z")
    assert finish.close(str(folder), later, "#!/bin/sh\n", key, LICENCES) == (first, False)
    assert (folder / core.SIGNATURE).read_bytes() == signature
    for other, check in ((later._replace(files=later.files[:1]), "#!/bin/sh\n"), (later, "#!/bin/sh\ntrue\n")):
        assert finish.close(str(folder), other, check, key, LICENCES)[1]
        assert finish.judge(str(folder)) == finish.public_key(key)


def test_only_a_licence_that_spdx_knows_is_declared_the_rest_is_a_comment():
    def described(**more):
        file = core.File("f", 1, "a" * 64, "archive", **more)
        return json.loads(finish.sbom(BUNDLE._replace(files=(file,)), LICENCES))["packages"][0]

    assert described(licence="MIT")["licenseDeclared"] == "MIT" and "licenseComments" not in described(licence="MIT")
    for odd in ("See its page", "GPL-2+; MIT", "MIT or so", "ISC", "LicenseRef-two words"):
        assert described(licence=odd)["licenseDeclared"] == "NOASSERTION"
        assert described(licence=odd)["licenseComments"] == odd
    assert "licenseComments" not in described() and described()["name"] == "f"
    assert described(source="/srv/x")["downloadLocation"] == "NOASSERTION"
    assert described(source="https://x/y")["downloadLocation"] == "https://x/y"
    assert described(version="3")["versionInfo"] == "3" and "versionInfo" not in described()


def test_what_describes_a_bundle_is_readable_by_all(tmp_path):
    folder, key = tmp_path / "b", str(tmp_path / "key")
    folder.mkdir()
    finish.ensure_key(key)
    finish.close(str(folder), BUNDLE, "#!/bin/sh\n", key, LICENCES)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes.pop(finish.CHECK) == 0o755 and set(modes.values()) == {0o644}


def test_names_stay_readable_in_the_bill_of_materials():
    file = core.File("f", 1, "a" * 64, "archive", name="配置")
    assert "配置" in finish.sbom(BUNDLE._replace(files=(file,)), LICENCES)


def test_a_machine_without_ssh_keygen_is_told_its_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for call in (lambda: finish.public_key(str(tmp_path / "key")), lambda: finish.sign(str(tmp_path), "key")):
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.rule == "LLM920" and "openssh-client" in refused.value.reason.en + refused.value.remedy.en
