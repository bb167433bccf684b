# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle's bill of materials: everything of the bundle is in it, and the maker of the format accepts it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import finish, sbom
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import SUMS, Bundle, File
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tests.unit.module_utils._bundle.samples import BOOKWORM, BUNDLE, LICENCES, ROCKY

SHA = "a" * 64
DIGEST = "sha256:" + "b" * 64
POOL, V = "http://m/debian/pool/main/o/openssl/libssl3_3.0.15-1~deb12u1_amd64.deb", "3.0.15-1~deb12u1"
FILES = (
    File("apt/bookworm-amd64/libssl3_amd64.deb", 5, SHA, "package", "libssl3", V + "+b2", "Apache-2.0", POOL),
    File("apt/bookworm-amd64/libcrypto3_amd64.deb", 5, SHA, "package", "libcrypto3", V, "", POOL),
    File("apt/bookworm-amd64/Packages", 5, SHA, "index"),
    File("dnf/rocky-9-amd64/nginx-1.20-1.el9.x86_64.rpm", 5, SHA, "package", "nginx", "10:1.20-1.el9", "BSD and GPL"),
    File("dnf/rocky-9-amd64/jq-1.6-1.el9.x86_64.rpm", 5, SHA, "package", "jq", "1.6-1.el9", "MIT"),
    File("controller/wheels/Jinja_2-3.1.0-py3-none-any.whl", 5, SHA, "wheel", "Jinja_2", "3.1.0", "BSD-3-Clause"),
    File("controller/yitiji-deepseek-1.tar.gz", 5, SHA, "collection", "yitiji.deepseek", "", "GPL-3.0-or-later"),
    File("controller/install.sh", 5, SHA, "tool", "", "", "GPL-3.0-or-later"),
    File("images/both.tar", 5, SHA, "image", "x/vllm; y/web", "1; 2", "NOASSERTION"),
    File("models/a/b/config.json", 5, SHA, "weights", "a/b", "v1", "MIT"),
    File("models/a/b/w.safetensors", 5, SHA, "weights", "a/b", "v1", "MIT"),
    File("files/llama.tar.gz", 5, SHA, "archive", "llama.cpp", "b123", "MIT", "https://x/y"),
)  # fmt: skip
REF = "reg.example:5000/x/vllm:1"
HOLDS = {
    "images": [
        {"key": "vllm", "ref": REF, "digest": DIGEST, "id": "sha256:1", "path": "images/both.tar"},
        {"key": "web", "ref": "y/web:2", "digest": "", "id": "sha256:2", "path": "images/both.tar"},
    ]
}  # fmt: skip
WHOLE = Bundle("2026-01-01T00:00:00Z", "1.0.0", (BOOKWORM, ROCKY), HOLDS, FILES)


def read(bundle):
    text = sbom.bill(bundle)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def test_all_of_a_bundle_is_in_it():
    """Every image with its digest, every package, wheel, release and model; and no file that only describes them."""
    parts = read(WHOLE)["components"]
    paths = {row["value"] for part in parts for row in part.get("properties", []) if row["name"] == "yitiji:path"}
    assert paths == {file.path for file in FILES if file.kind not in ("index", "tool", "document", "weights")}
    sums = {part["hashes"][0]["content"] for part in parts if "hashes" in part}
    assert sums == {SHA}
    assert [part["name"] for part in parts if part["type"] == "machine-learning-model"] == ["a/b"]
    images = {part["name"]: part for part in parts if part["type"] == "container"}
    assert images["reg.example:5000/x/vllm"]["version"] == DIGEST
    told = {row["name"]: row["value"] for row in images["y/web"]["properties"]}
    assert told["yitiji:id"] == "sha256:2" and "yitiji:digest" not in told  # not pinned: no digest is claimed


def test_package_urls_are_as_their_own_library_writes_them():
    urls = [part["purl"] for part in read(WHOLE)["components"] if "purl" in part]
    assert [PackageURL.from_string(url).to_string() for url in urls] == urls
    assert urls == [
        f"pkg:oci/vllm@{DIGEST}?repository_url=reg.example:5000/x/vllm&tag=1",
        "pkg:oci/web?repository_url=y/web&tag=2",
        "pkg:deb/debian/libssl3@3.0.15-1~deb12u1%2Bb2?arch=amd64&distro=debian-12&upstream=openssl",
        "pkg:deb/debian/openssl@3.0.15-1~deb12u1?arch=source&distro=debian-12",
        "pkg:deb/debian/libcrypto3@3.0.15-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl",
        "pkg:rpm/rocky/nginx@1.20-1.el9?arch=x86_64&distro=rocky-9&epoch=10",
        "pkg:rpm/rocky/jq@1.6-1.el9?arch=x86_64&distro=rocky-9",
        "pkg:pypi/jinja-2@3.1.0",
        f"pkg:generic/yitiji.deepseek?checksum=sha256:{SHA}",
        f"pkg:generic/llama.cpp@b123?checksum=sha256:{SHA}",
    ]


def test_licences_of_spdx_by_their_id_others_by_name():
    parts = {part["name"]: part.get("licenses") for part in read(WHOLE)["components"]}
    assert parts["jq"] == [{"license": {"id": "MIT"}}] and parts["nginx"] == [{"license": {"name": "BSD and GPL"}}]
    assert parts["libcrypto3"] is parts["y/web"] is None


def test_what_depends_on_what():
    document = read(WHOLE)
    names = {part["bom-ref"]: part["name"] for part in document["components"]}
    assert len(names) == len(document["components"])
    whole, collection = document["dependencies"]
    assert whole == {"ref": "bundle", "dependsOn": list(names)}
    assert names[collection["ref"]] == "yitiji.deepseek"
    assert [names[ref] for ref in collection["dependsOn"]] == ["Jinja_2"]


@pytest.mark.parametrize("other", [WHOLE._replace(files=FILES[:3]), WHOLE._replace(made="2026-02-01T00:00:00Z")])
def test_the_same_bundle_has_the_same_bill_and_another_one_another_number(other):
    assert sbom.bill(WHOLE) == sbom.bill(WHOLE)
    assert read(WHOLE)["serialNumber"] != read(other)["serialNumber"]


def test_a_made_bundle_lists_it_like_any_file(tmp_path):
    finish.ensure_key(str(tmp_path / "key"))
    folder = tmp_path / "b"
    folder.mkdir()
    made, _changed = finish.close(str(folder), BUNDLE, "#!/bin/sh\n", str(tmp_path / "key"), LICENCES)
    assert {file.path for file in made.files if file.kind == "document"} == {sbom.NAME, finish.SBOM}
    assert sbom.NAME in (folder / SUMS).read_text()
    assert (folder / sbom.NAME).read_text() == sbom.bill(BUNDLE)
