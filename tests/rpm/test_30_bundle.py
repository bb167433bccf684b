# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle for nodes with RPMs; a node that reaches neither the internet nor any repository is installed from it."""

from __future__ import annotations

import json
import os
import signal

import labctl
import offline
import pytest
import sitectl

TARGET = "rocky-9-amd64"
SERVED = "http://10.77.0.1:8802"
LACKING = labctl.OUTPUT / "rpm-bundle-catalogue"  # the lab's repositories have no SELinux, as its kernel has none
CATALOGUE = {"appliance_catalog_dirs": [str(labctl.RPM_CATALOGUE), str(LACKING)]}
PACKAGES = "rpm -qa | grep -v ^gpg-pubkey | sort"
# what dnf knows of repositories and keys, and when it last looked
SOURCES = """
cat /etc/yum.repos.d/*; ls -l --full-time /etc/yum.repos.d /etc/pki/rpm-gpg; rpm -q gpg-pubkey | sort
find /var/cache/dnf -printf '%p %T@\\n' 2>/dev/null | sort; true
"""


def given(**more) -> list[str]:
    return ["-e", f"'{json.dumps({**CATALOGUE, **more})}'"]


def target(**more) -> dict:
    """The release's own repository is the lab's; the vendors' are in its catalogue."""
    own = {"name": "os", "url": f"{SERVED}/rhel/9/x86_64/", "key": labctl.node("cat /etc/pki/rpm-gpg/RPM-GPG-KEY-lab")}
    return {"release": "rocky-9", "architecture": "x86_64", "repositories": [own], **more}


def unserved() -> None:
    """Ends the lab's package repositories; `lab up` of an RPM node serves them again."""
    path = labctl.CACHE / "run" / os.environ["YITIJI_LAB"] / "rpm.pid"
    if path.exists():
        os.kill(int(path.read_text()), signal.SIGTERM)
        path.unlink()


@pytest.fixture(scope="module", autouse=True)
def bare_node():
    labctl.clean_node(base="rpm")
    offline.clean()
    (LACKING / "distributions").mkdir(parents=True, exist_ok=True)
    (LACKING / "distributions/rocky.yml").write_text("rocky-9: {packages: {selinux: []}}\n")
    yield
    labctl.lab("egress", "on")
    labctl.clean_node(base="rpm")
    offline.clean()


@pytest.fixture(scope="module")
def cut_off():
    labctl.lab("egress", "off")
    unserved()
    labctl.hub_reset()


@pytest.mark.parametrize("more, rule", [
    ({"repositories": []}, "LLM930"),
    ({"repositories": [{"name": "os", "url": f"{SERVED}/rhel/9/x86_64/"}]}, "LLM929"),
])  # fmt: skip
def test_what_could_not_be_trusted_is_refused_before_anything_is_fetched(more, rule):
    labctl.hub_reset()
    run = offline.make(f"rpm-bundle-{rule}", *given(bundle_targets=[target(**more)]))
    assert not run.ok and any(rule in line for line in run.failures()), run.failures()
    assert not offline.OUT.exists() and not any("files" in str(request) for request in labctl.hub_log())


def test_made():
    run = offline.make("rpm-bundle-made", *given(bundle_targets=[target()]))
    assert run.ok, run.story()
    status, told = offline.check()
    assert status == 0, told
    assert offline.check(offline.OUT, "--node")[0] == 1, "it is not for this machine"
    place = offline.OUT / "dnf" / TARGET
    names = {path.name.rsplit("-", 2)[0] for path in place.glob("*.rpm")}
    assert {"docker-ce", "nginx", "nginx-module-njs", "containerd.io", "chrony"} <= names
    assert (place / "repodata/repomd.xml.asc").exists() and not (offline.OUT / "apt").exists()
    print(next(e["res"]["msg"] for e in run.of("runner_on_ok") if e["task"] == "Show sizes and time"))


def test_second_run_fetches_nothing():
    stamp = (offline.OUT / "MANIFEST.json.sig").read_bytes()
    run = offline.make("rpm-bundle-again", *given(bundle_targets=[target()]))
    assert run.ok, run.story()
    made = next(e["res"] for e in run.of("runner_on_ok") if e["task"] == "Download the rest and complete the bundle")
    assert (made["changed"], made["fetched"]) == (False, 0)
    assert (offline.OUT / "MANIFEST.json.sig").read_bytes() == stamp


OTHERS = {
    "debs": ({"distribution": "debian", "release": "bookworm", "version": "12", "manager": "apt"}, "LLM917"),
    "release": ({"release": "rocky-10", "version": "10"}, "LLM917"),
    "sibling": ({"distribution": "rhel", "release": "rhel-9"}, "LLM917"),
    "architecture": ({"architecture": "arm64"}, "LLM916"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_bundle_for_others_is_refused_before_any_change(name):
    wrong, rule = OTHERS[name]
    folder = offline.copied(f"rpm-{name}")
    offline.retargeted(folder, **wrong)
    before = labctl.fingerprint()
    for playbook in ("playbooks/preflight.yml", *(["site.yml"] if name == "debs" else [])):
        run = offline.install(f"rpm-bundle-{name}", folder, *given(), playbook=playbook)
        assert not run.ok and run.changes() == [] and any(rule in line for line in run.failures()), run.failures()
    assert labctl.fingerprint() == before


def test_a_changed_package_is_refused():
    folder = offline.copied("rpm-flipped")
    offline.flipped(sorted((folder / "dnf" / TARGET).glob("nginx-*.rpm"))[0])
    run = offline.install("rpm-bundle-flipped", folder, *given())
    assert not run.ok and run.changes() == [] and any("LLM915" in line for line in run.failures())


def test_there_is_no_way_to_any_repository(cut_off):
    assert "default" not in labctl.lab("run", "ip", "-4", "route")
    gone = labctl.node("dnf makecache --refresh 2>&1; true")
    assert "Failed to download metadata" in gone or "Cannot download repomd.xml" in gone, gone


@pytest.fixture(scope="module")
def before():
    return labctl.node(PACKAGES), labctl.node(SOURCES)


def test_installs_to_a_chat(cut_off, before):
    run = offline.install("rpm-bundle-install", offline.OUT, *given())
    assert run.ok, run.story()
    assert labctl.ANSWER in run.output, "the answer of the model is not shown"
    assert labctl.node("rpm -q docker-ce nginx nginx-module-njs").count("el9") == 3
    assert labctl.node(SOURCES) == before[1], "the node's own repositories, keys and metadata are as they were"
    asked = [request for request in labctl.hub_log() if "/api/v1/models/" in str(request) or "/files/" in str(request)]
    assert asked == [], "nothing came from the hub"
    assert labctl.node("ls -d /var/lib/yitiji-bundle 2>/dev/null; true").strip() == ""


def test_second_install_changes_nothing(cut_off):
    run = offline.install("rpm-bundle-second", offline.OUT, *given())
    assert run.ok, run.story()
    assert run.changes() == []


def test_check_mode_changes_nothing(cut_off):
    run = offline.install("rpm-bundle-check", offline.OUT, "--check", *given())
    assert run.ok, run.story()
    assert run.changes() == []


def test_uninstall_to_the_same_packages(cut_off, before):
    run = sitectl.site("rpm-bundle-uninstall", *given(), playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    assert labctl.node(PACKAGES) == before[0]
