# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real browser on the appliance's LAN logs in, asks, and reads the model's answer on the page."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import labctl
import pytest
import sitectl

HERE = labctl.ROOT / "tests/browser"
PICTURES = labctl.OUTPUT / "browser"
EMAIL = "admin@appliance.local"


@pytest.fixture(scope="session", autouse=True)
def appliance():
    """A converged node: the one that is there, or made now."""
    labctl.lab("up", labctl.NODE, "--octet", labctl.OCTET)
    run = sitectl.site("browser-site")
    assert run.ok, run.story()


def ask(password: str, question: str, pictures: Path, seconds: int = 90) -> dict:
    chat = [str(labctl.LAB), "run", "node", str(HERE / "chat.mjs")]
    env = dict(os.environ, PASSWORD=password, PATIENCE_MS=str(seconds * 1000))
    done = subprocess.run(
        [*chat, f"https://{labctl.ADDRESS}/", EMAIL, question, labctl.ANSWER, str(pictures)],
        cwd=HERE, env=env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.stdout.strip(), done.stderr
    report = json.loads(done.stdout.strip().splitlines()[-1])
    (pictures / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    return report


def test_a_wrong_password_stays_outside():
    report = ask("not the password", "hello", PICTURES / "refused", seconds=15)
    assert not report["ok"] and report["step"] == "reach the chat"
    assert any("/auths/signin" in f and f.startswith("4") for f in report["failed"]), report


def test_a_person_chats():
    password = labctl.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    report = ask(password, "你好，请介绍一下你自己。", PICTURES)
    assert report["outside"] == [], "the page asked someone outside the appliance"
    assert report["ok"], report
    assert labctl.ANSWER in report["answer"]
    for name in ("login", "chat"):
        assert (PICTURES / f"{name}.png").stat().st_size > 10_000
    print(
        f"\nanswer after {report['seconds']:.1f} s: {report['answer']}\npictures: {PICTURES.relative_to(labctl.ROOT)}"
    )
