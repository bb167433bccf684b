# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of vendors in a bundle for apt: what they bring, with a real apt-get over repositories made here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, make, vendors, work
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signing_key import fingerprints

from tests.unit.module_utils._bundle.samples import BOOKWORM

NAME = "bookworm-amd64"
ROW = {"target": NAME, "role": "docker", "name": "docker", "url": "https://u:secret@d/$(ARCH)/", "suite": "/",
       "key_url": "https://d/key", "fingerprints": ["A" * 40], "packages": ["docker-ce"]}  # fmt: skip


@pytest.mark.parametrize(("more", "rule", "words"), [
    ({}, "", ""), ({"trusted": True, "key_url": ""}, "", ""), ({"key": "-----BEGIN", "fingerprints": []}, "", ""),
    ({"fingerprints": []}, "LLM929", "docker"), ({"key_url": ""}, "LLM929", "docker"),
    ({"url": ""}, "LLM912", "docker-ce (of docker) are not available for bookworm-amd64: the repository docker can't"),
])  # fmt: skip
def test_what_could_not_be_trusted_is_refused(more, rule, words):
    if not rule:
        return vendors.check(NAME, [{**ROW, **more}])
    with pytest.raises(Refusal) as caught:
        vendors.check(NAME, [{**ROW, **more}])
    assert caught.value.rule == rule and words in caught.value.reason.en
    return None


def test_a_targets_own_lines_win():
    rows = [ROW, {**ROW, "name": "nvidia", "url": "file:/v"}, {**ROW, "name": "x", "url": ""}]
    assert vendors.others(rows, [], "amd64") == rows
    lines = ["deb [signed-by=/k] https://u:secret@d/amd64 /", "deb copy:/v/ ./"]
    assert [row["name"] for row in vendors.others(rows, lines, "amd64")] == ["x"]
    assert [row["name"] for row in vendors.others(rows, lines, "arm64")] == ["docker", "x"]


def test_preferences_are_a_roles_own_then_what_is_asked_then_the_rest():
    pin = "# of\nPackage: *nvidia* libcuda*\nPin: version 580.*\nPin-Priority: 900\n"
    own = {**ROW, "name": "n", "url": "file:/v", "preferences": pin, "packages": ["nvidia-smi", "dkms"]}
    told = "Debian|http://m/\nDebian|http://s/\nDocker|https://u:secret@d/amd64/\nCards|copy:/v/\nA, B|http://b/\n"
    assert vendors.preferences([ROW, own], told, "amd64").split("\n\n") == [
        pin.strip(),
        "Package: docker-ce\nPin: release o=Docker\nPin-Priority: 500",
        "Package: dkms nvidia-smi\nPin: release o=Cards\nPin-Priority: 500",
        "Package: *\nPin: release o=Docker\nPin-Priority: 400",
        "Package: *\nPin: release o=Cards\nPin-Priority: 400",
        "",
    ]
    assert vendors.preferences([], told, "amd64") == ""


@pytest.mark.parametrize("origin", ["", "Debian", "A, B"])
def test_one_without_a_name_of_its_own_is_told_by_its_host(origin):
    told = f"Debian|http://m/\n{origin}|https://u:secret@d/amd64/"
    assert 'Package: *\nPin: origin "d"\nPin-Priority: 400' in vendors.preferences([ROW], told, "amd64")
    same = f"Debian|http://d/\n{origin}|https://u:secret@d/amd64/"
    assert vendors.preferences([ROW], same, "amd64") == "", "a mirror of both is not told from the distribution"


def test_a_complaint_is_of_the_repository_that_it_names():
    rows = [ROW, {**ROW, "name": "n", "url": "file:/v"}]
    told = "E: Failed to fetch https://u:secret@d/amd64/InRelease  Could not resolve 'd'"
    assert vendors.at_fault(rows, "amd64", told) == rows[:1]
    assert vendors.at_fault(rows, "amd64", "E: The repository 'copy:/v ./ InRelease' is not signed.") == rows[1:]
    assert vendors.at_fault(rows, "amd64", "E: no route to m") == []


# With a real apt.

apt_alone = pytest.mark.skipif(
    not all(map(shutil.which, ("apt-get", "dpkg-deb", "gpg"))), reason="of Debian and its family"
)
PIN = "Package: *nvidia*\nPin: version 580.*\nPin-Priority: 900\n"


def deb(folder: Path, name: str, version: str, depends: str = "") -> None:
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    more = f"Depends: {depends}\n" if depends else ""
    text = f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: t <t@t>\n{more}Description: t\n"
    (tree / "DEBIAN/control").write_text(text)
    command = ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(folder / f"{name}_{version}_amd64.deb")]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)


def repository(folder: Path, origin: str, packages, more: str = "") -> Path:
    """A signed one, its key beside it."""
    folder.mkdir()
    for row in packages:
        deb(folder, *row)
    index = ""
    for path in sorted(folder.glob("*.deb")):
        control = subprocess.run(["dpkg-deb", "-f", path], check=True, capture_output=True, text=True).stdout
        data = path.read_bytes()
        index += apt.stanza(control, path.name, len(data), hashlib.sha256(data).hexdigest()) + "\n"
    (folder / apt.INDEX).write_text(index)
    text = apt.release({"release": "x", "architecture": "amd64"}, index).replace("Origin: yitiji", f"Origin: {origin}")
    (folder / apt.RELEASE).write_text(text.replace("SHA256:", f"{more}SHA256:"))
    assert apt.sign(work.run, str(folder)) == ""
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    place = tmp_path_factory.mktemp("shelf")
    repository(place / "distribution", "Debian", [
        ("libc", "2.36"), ("openssl", "3.0"), ("web", "1.18", "libc"), ("nvidia-smi", "535.1"),
    ])  # fmt: skip
    repository(place / "backports", "Debian", [("libc", "2.98"), ("web", "1.27")], "NotAutomatic: yes\n")
    repository(place / "vendor", "Vendor", [
        ("libc", "2.99"), ("openssl", "3.9"), ("web", "1.28", "libc, openssl"), ("web-njs", "1.28", "web (= 1.28)"),
        ("toolkit", "1.18.2-1", "libtoolkit"), ("toolkit", "1.19.0-1", "libtoolkit"), ("libtoolkit", "1.19.0-1"),
    ])  # fmt: skip
    repository(place / "cards", "Cards", [
        ("nvidia-smi", "580.1", "nvidia-libs (= 580.1), libc"), ("nvidia-smi", "595.1", "nvidia-libs (= 595.1), libc"),
        ("nvidia-libs", "580.1"), ("nvidia-libs", "595.1"), ("libc", "2.99"),
    ])  # fmt: skip
    yield place


def named(shelf: Path, which: str, role: str, packages, **more):
    """As a role says of its repository: its key by address and fingerprint."""
    key = (shelf / which / "key.asc").read_text()
    row = {"target": NAME, "role": role, "name": which, "url": f"file://{shelf / which}", "suite": "./"}
    row.update({"key_url": f"file:{shelf / which}/key.asc", "fingerprints": fingerprints(key), "packages": packages})
    return {**row, **more}


def needed(role, *names, **more):
    return {"target": NAME, "role": role, "names": list(names), **more}


def maker(tmp_path, shelf, needs, rows, **target):
    line = f"deb [signed-by={shelf}/distribution/key.asc] file:{shelf}/distribution ./"
    wanted = {**BOOKWORM, "manager": "apt", "sources": [line], **target}
    found = make.Maker(work.Spec(str(tmp_path / "b"), [wanted], needs, [], [], [], {}, [], "", rows), lambda *_: None)
    found._controller = lambda: None  # nothing was built for one here
    return found


def held(made):
    return {f"{file.name} {file.version}": Path(file.source).parent.name for file in made if file.kind == "package"}


def from_the_bundle_alone(tmp_path: Path, names) -> int:
    """How many packages a bare node gets that knows no other source."""
    folder = tmp_path / "node"
    for name in ("lists/partial", "cache/archives/partial", "state"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    shutil.copy(tmp_path / f"b/apt/{NAME}/key.asc", folder)
    (folder / "sources.list").write_text(apt.node_sources(f"copy:{tmp_path}/b", NAME, str(folder)))
    bare = f'Dir::State "{folder}/state";\nDir::State::status "{folder}/status";\nAPT::Install-Recommends "false";\n'
    (folder / "apt.conf").write_text(bare + apt.node_configuration(str(folder)))
    config = str(folder / "apt.conf")
    assert work.run(["apt-get", "-c", config, "-qq", "update"]) == (0, "", "")
    found, why = apt.resolve(work.run, config, names, str(folder / "cache/archives"))
    assert why == "" and all(package.uri.startswith(f"copy:{tmp_path}/b/apt/") for package in found)
    return len(found)


@apt_alone
def test_a_bundle_holds_what_a_node_would_take_and_the_vendors_bring_no_more(tmp_path, shelf):
    fits = {"version_of": "nvidia-smi", "same_version": ["nvidia-libs"], "branch": "580", "min_version": "570"}
    needs = [
        needed("gateway", "web", "web-njs"), needed("toolkit", "toolkit=1.18.2-1"), needed("backup", "openssl"),
        needed("nvidia_driver", "nvidia-smi", driver=fits),
    ]  # fmt: skip
    own = (shelf / "cards/key.asc").read_text()
    rows = [
        named(shelf, "vendor", "gateway", ["web", "web-njs", "toolkit"]),
        named(shelf, "cards", "nvidia_driver", ["nvidia-smi"], preferences=PIN, key_url="", fingerprints=[], key=own),
    ]
    assert held(maker(tmp_path, shelf, needs, rows).make()) == {
        "web 1.28": "vendor", "web-njs 1.28": "vendor", "toolkit 1.18.2-1": "vendor", "libtoolkit 1.19.0-1": "vendor",
        "libc 2.36": "distribution", "openssl 3.0": "distribution",
        "nvidia-smi 580.1": "cards", "nvidia-libs 580.1": "cards",
    }  # fmt: skip
    assert not [name for name in os.listdir("/var/lib/apt/lists") if "shelf" in name], "this machine's own apt"
    assert from_the_bundle_alone(tmp_path, [name for need in needs for name in need["names"]]) == 8
    again = maker(tmp_path, shelf, needs, rows)
    again.make()
    assert again.work.fetched == 0
    # without them, nothing of an earlier run's repositories is left
    assert held(maker(tmp_path, shelf, [needed("gateway", "web")], []).make()) == {
        "web 1.18": "distribution", "libc 2.36": "distribution",
    }  # fmt: skip


@apt_alone
def test_another_branch_than_the_one_planned_is_refused_before_anything_comes(tmp_path, shelf):
    fits = {"version_of": "nvidia-smi", "same_version": [], "branch": "570", "min_version": ""}
    row = named(shelf, "cards", "nvidia_driver", ["nvidia-smi"], preferences=PIN.replace("580", "570"))
    with pytest.raises(Refusal) as caught:
        maker(tmp_path, shelf, [needed("nvidia_driver", "nvidia-smi", driver=fits)], [row]).make()
    assert caught.value.rule == "LLM231" and "595.1" in caught.value.reason.en
    assert not (tmp_path / "b").exists()


UNFIT = {
    "another key than the pinned one": ({"fingerprints": ["B" * 40]}, "is not the pinned one"),
    "a key that can't be had": ({"key_url": "file:/nowhere/key.asc"}, "cannot be fetched"),
    "signed by another": ({"key": "distribution"}, "NO_PUBKEY"),
    "not there": ({"url": "file:///nowhere"}, "/nowhere"),
}


@apt_alone
@pytest.mark.parametrize("case", UNFIT)
def test_a_repository_that_cannot_be_used_is_named_with_role_and_target(tmp_path, shelf, case):
    more, why = UNFIT[case]
    row = named(shelf, "vendor", "gateway", ["web", "web-njs"], **more)
    row.update({"key": (shelf / "distribution/key.asc").read_text()} if "key" in more else {})
    with pytest.raises(Refusal) as caught:
        maker(tmp_path, shelf, [needed("docker", "libc"), needed("gateway", "web-njs")], [row]).resolve()
    told = caught.value.reason.en
    assert caught.value.rule == "LLM912" and why in told and "(of gateway)" in told and NAME in told
    assert f"the repository vendor {row['url']}" in told and "*_repository_url" in caught.value.remedy.en


@apt_alone
def test_a_package_that_a_vendor_has_not_is_named_with_the_repository(tmp_path, shelf):
    row = named(shelf, "vendor", "toolkit", ["toolkit"])
    with pytest.raises(Refusal) as caught:
        maker(tmp_path, shelf, [needed("toolkit", "toolkit=2.0")], [row]).resolve()
    told = caught.value.reason.en
    assert caught.value.rule == "LLM912" and "2.0" in told and f"vendor file://{shelf}/vendor" in told


@apt_alone
def test_a_repository_that_signs_nothing_and_one_that_the_target_names_itself(tmp_path, shelf):
    row = named(shelf, "vendor", "toolkit", ["toolkit"], fingerprints=[], key_url="", trusted=True)
    needs = [needed("toolkit", "toolkit")]
    assert held(maker(tmp_path, shelf, needs, [row]).make())["toolkit 1.19.0-1"] == "vendor"
    own = [f"deb [signed-by={shelf}/{name}/key.asc] file:{shelf}/{name} ./" for name in ("distribution", "vendor")]
    assert held(maker(tmp_path, shelf, needs, [row], sources=own).make())["toolkit 1.19.0-1"] == "vendor"


@apt_alone
def test_what_is_not_automatic_stays_so(tmp_path, shelf):
    """Backports of the distribution, named by the target itself, bear its name too."""
    lines = [f"deb [signed-by={shelf}/{name}/key.asc] file:{shelf}/{name} ./" for name in ("distribution", "backports")]
    rows = [named(shelf, "vendor", "toolkit", ["toolkit"])]
    needs = [needed("gateway", "web"), needed("toolkit", "toolkit")]
    found = held(maker(tmp_path, shelf, needs, rows, sources=lines).make())
    assert found["web 1.18"] == found["libc 2.36"] == "distribution" and found["toolkit 1.19.0-1"] == "vendor"


@apt_alone
@pytest.mark.parametrize("case", ["another key than the pinned one", "not there", "no address"])
def test_a_target_whose_own_lines_name_a_mirror_needs_no_vendor(tmp_path, shelf, case):
    more = {**{name: of for name, (of, _why) in UNFIT.items()}, "no address": {"url": ""}}[case]
    row = named(shelf, "cards", "nvidia_driver", ["nvidia-smi"], preferences=PIN, **more)
    lines = [f"deb [signed-by={shelf}/{name}/key.asc] file:{shelf}/{name} ./" for name in ("distribution", "cards")]
    needs = [needed("nvidia_driver", "nvidia-smi")]
    found = held(maker(tmp_path, shelf, needs, [row], sources=lines).make())
    assert found["nvidia-smi 580.1"] == "cards", "and the role's pin holds"


@apt_alone
def test_the_pin_holds_where_the_target_names_the_very_address(tmp_path, shelf):
    row = named(shelf, "cards", "nvidia_driver", ["nvidia-smi"], preferences=PIN)
    lines = [f"deb [signed-by={shelf}/{name}/key.asc] file://{shelf}/{name} ./" for name in ("distribution", "cards")]
    found = held(maker(tmp_path, shelf, [needed("nvidia_driver", "nvidia-smi")], [row], sources=lines).make())
    assert found["nvidia-smi 580.1"] == "cards"
