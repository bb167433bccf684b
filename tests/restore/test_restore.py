# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup is made, the machine is lost, and one command brings everything back, onto a newer chat page.

In the order of the file.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import labctl
import pytest
import sitectl

STORE, STORE_OCTET = "store", "62"
PAGE = f"https://{labctl.ADDRESS}"
PERSON, PASSWORD = "li@example.org", "correct horse battery 7"
WORDS = "the blue elephant stands in the office\n"
JSON = ["-H", "Content-Type: application/json"]
# What must be as before, byte for byte; what containers read is made of it again.
KEPT = r"""
cd /etc/yitiji && find secrets tls -type f ! -name '*.env' | sort | xargs sha256sum
cat /var/lib/yitiji/open-webui/uploads/* | sha256sum
cat /etc/yitiji/secrets/*.env | sha256sum
"""


def older(folder: Path) -> str:
    """Options that put an earlier release of the page on the node (`lab/lab serve --with webui_before`)."""
    made = json.loads((labctl.CACHE / "images/images.json").read_text())["images"]
    before = json.loads((labctl.CACHE / "images/webui_before/index.json").read_text())
    variables = {
        "appliance_images": {**made, "open-webui-slim": before["images"]["open-webui-before"]},
        "appliance_image_archives": [
            {"url": f"{labctl.HUB}/files/images.tar"}, {"url": f"{labctl.HUB}/files/webui_before/{before['archive']}"},
        ],
    }  # fmt: skip
    (folder / "older.json").write_text(json.dumps(variables))
    return f"-e @{folder / 'older.json'}"


def release() -> dict[str, str]:
    """Of the page that runs: its version, and the revision of its data."""
    version = "import importlib.metadata as m; print(m.version('open-webui'))"
    database = "import sqlite3; db = sqlite3.connect('/var/lib/yitiji/open-webui/webui.db'); "
    revision = database + "print(db.execute('SELECT version_num FROM alembic_version').fetchone()[0])"
    commands = {"version": f'docker exec yitiji-open-webui python3 -c "{version}"', "data": f'python3 -c "{revision}"'}
    return {name: labctl.node(command).strip() for name, command in commands.items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, Any]:
    """Keys of the site, on the controller: to read backups, and for the machine that stores them."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(["age-keygen", "-o", str(folder / "identity")], check=True, capture_output=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "ssh")], check=True)
    labctl.clean_node(STORE, STORE_OCTET)
    public = (folder / "ssh.pub").read_text().strip()
    labctl.node("useradd -m keeper && install -d -m 700 -o keeper ~keeper/.ssh", STORE)
    labctl.node(f"echo '{public}' >~keeper/.ssh/authorized_keys && chown keeper ~keeper/.ssh/authorized_keys", STORE)
    host_key = labctl.node("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub", STORE).strip()
    told = subprocess.run(["age-keygen", "-y", str(folder / "identity")], check=True, capture_output=True, text=True)
    variables = {
        "backup_recipients": [told.stdout.strip()],
        "backup_remote": {"kind": "sftp", "host": f"10.77.0.{STORE_OCTET}", "user": "keeper", "path": "in",
                          "host_key": host_key},
        "backup_ssh_key": (folder / "ssh").read_text(),
    }  # fmt: skip
    (folder / "vars.json").write_text(json.dumps(variables))
    return {"folder": folder, "vars": f"-e @{folder / 'vars.json'}", "identity": folder / "identity"}


def sign_in(email: str, password: str) -> list[str]:
    body = json.dumps({"email": email, "password": password})
    for _try in range(6):  # the gateway lets nobody sign in as often as this file does
        told = json.loads(labctl.curl(*JSON, "-d", body, f"{PAGE}/api/v1/auths/signin", check=False) or "{}")
        if "token" in told:
            return ["-H", f"Authorization: Bearer {told['token']}"]
        time.sleep(10)
    raise AssertionError(told)


def admin() -> list[str]:
    return sign_in("admin@appliance.local", labctl.node(f"cat {labctl.PASSWORD_FILE}").strip())


def seen() -> dict[str, Any]:
    """What Li finds on the page, and what a program with the team's key gets."""
    me = sign_in(PERSON, PASSWORD)
    files = json.loads(labctl.curl(*me, f"{PAGE}/api/v1/files/?content=true"))
    files = files["items"] if isinstance(files, dict) else files
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    models = labctl.curl("-H", f"Authorization: Bearer {key}", f"{PAGE}/v1/models")
    return {
        "people": sorted(row["email"] for row in json.loads(labctl.curl(*admin(), f"{PAGE}/api/v1/users/"))["users"]),
        "chats": [row["title"] for row in json.loads(labctl.curl(*me, f"{PAGE}/api/v1/chats/?page=1"))],
        "files": {row["filename"]: (row.get("data") or {}).get("content", "") for row in files},
        "models": [row["id"] for row in json.loads(models)["data"]],
    }


def certificate() -> str:
    words = f"openssl s_client -connect {labctl.ADDRESS}:443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint"
    return labctl.lab("run", "sh", "-c", words).strip()


BEFORE: dict[str, Any] = {}


def test_an_appliance_with_people(site):
    labctl.clean_node()
    run = sitectl.site("restore-first", f"{site['vars']} {older(site['folder'])}")
    assert run.ok, run.story()
    person = {"name": "Li", "email": PERSON, "password": PASSWORD, "role": "user"}
    labctl.curl("-f", *JSON, *admin(), "-d", json.dumps(person), f"{PAGE}/api/v1/auths/add")
    me = sign_in(PERSON, PASSWORD)
    note = site["folder"] / "plan.txt"
    note.write_text(WORDS)
    labctl.curl("-f", *me, "-F", f"file=@{note}", f"{PAGE}/api/v1/files/?process_in_background=false")
    chat = {"title": "about the plan", "models": [], "messages": [], "history": {"messages": {}, "currentId": None}}
    labctl.curl("-f", *JSON, *me, "-d", json.dumps({"chat": chat}), f"{PAGE}/api/v1/chats/new")


def test_a_backup_while_it_runs(site):
    started = labctl.node("systemctl show -p InvocationID yitiji-open-webui")
    labctl.node("systemctl start yitiji-backup", timeout=600)
    assert labctl.node("systemctl show -p InvocationID yitiji-open-webui") == started, "the page did not rest"
    told = json.loads(labctl.node("yitiji-backup status --json"))
    assert told["failed"] == {} and told["made"]["counts"]["chats"] == 1 and told["made"]["encrypted"]
    name = told["sent"]["name"]
    assert labctl.node("sha256sum ~keeper/in/* | cut -d' ' -f1", STORE).strip() == told["made"]["sha256"]
    command = [str(labctl.LAB), "ssh", STORE, f"cat ~keeper/in/{name}"]
    archive = Path(site["folder"], name)
    archive.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    BEFORE.update(
        archive=archive,
        sha256=told["made"]["sha256"],
        kept=labctl.node(KEPT),
        seen=seen(),
        cert=certificate(),
        release=release(),
    )
    plain = subprocess.run(["age", "-d", "-i", site["identity"], archive], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert {"secrets/page-key", "secrets/gateway-device", "secrets/engine-key", "tls/ca.key"} <= set(tar.getnames())
    assert BEFORE["seen"]["chats"] == ["about the plan"] and "blue elephant" in BEFORE["seen"]["files"]["plan.txt"]


def options(site, **more: str) -> str:
    told = {"backup_file": BEFORE["archive"], "backup_identity_file": site["identity"],
            "backup_file_sha256": BEFORE["sha256"], **more}  # fmt: skip
    return " ".join([site["vars"], *(f"-e {name}={value}" for name, value in told.items())])


def test_a_rehearsal_proves_it_and_touches_nothing(site):
    run = sitectl.site("rehearse", options(site), playbook="playbooks/rehearse.yml")
    assert run.ok, run.story()
    assert labctl.node(KEPT) == BEFORE["kept"]
    assert json.loads(labctl.node("yitiji-backup status --json"))["rehearsed"]["counts"]["chats"] == 1
    judged = json.loads(labctl.node("yitiji-doctor --json --fast", check=False))["results"]
    assert {row["id"]: row["status"] for row in judged if "LLM743" <= row["id"] <= "LLM745"} == dict.fromkeys(
        ("LLM743", "LLM744", "LLM745"), "pass"
    )


def test_data_in_use_are_not_replaced(site):
    run = sitectl.site("restore-in-use", options(site), playbook="playbooks/restore.yml")
    assert not run.ok and "LLM726" in run.output and run.changes() == []
    assert labctl.node(KEPT) == BEFORE["kept"]


def test_one_command_brings_a_bare_machine_back(site):
    labctl.clean_node()
    run = sitectl.site("restore", options(site), playbook="playbooks/restore.yml")
    assert run.ok, run.story()
    assert labctl.node(KEPT) == BEFORE["kept"]
    assert seen() == BEFORE["seen"]
    assert certificate() == BEFORE["cert"]
    now, before = release(), BEFORE["release"]
    print(f"    restored in {run.seconds:.0f} s; the page {before} is {now}")
    assert now["version"] > before["version"]


def test_nothing_is_left_in_clear_and_a_second_run_changes_nothing(site):
    assert labctl.node("ls /var/lib/yitiji | grep -E 'incoming|restore$|rehearsal' || true").strip() == ""
    assert labctl.node("grep -rl AGE-SECRET-KEY /etc /var/lib/yitiji /root /tmp 2>/dev/null || true").strip() == ""
    run = sitectl.site("restore-second", site["vars"])
    assert run.ok and run.changes() == [], run.story()


def test_the_next_backup_follows(site):
    labctl.node("systemctl start yitiji-backup", timeout=600)
    assert int(labctl.node("ls ~keeper/in | wc -l", STORE)) == 2


def test_uninstalled_it_leaves_the_backups_alone(site):
    kept = "find /var/lib/yitiji/backups -type f -exec sha256sum {} + | sort"
    before, there = labctl.node(kept), labctl.node("cat ~keeper/in/* | sha256sum", STORE)
    assert before
    run = sitectl.site("uninstall-backup", site["vars"], playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    places = "/etc/systemd/system /etc/yitiji /usr/local/bin"
    assert labctl.node(f"find {places} -name '*backup*' ! -name 'dpkg-db-backup*' 2>/dev/null || true").strip() == ""
    assert labctl.node("systemctl list-unit-files --no-legend 'yitiji-backup*'").strip() == ""
    assert labctl.node(kept) == before and labctl.node("cat ~keeper/in/* | sha256sum", STORE) == there
    again = sitectl.site("uninstall-backup-again", site["vars"], playbook="playbooks/uninstall.yml")
    assert again.ok and again.changes() == [], again.story()
    labctl.lab("down", STORE)
