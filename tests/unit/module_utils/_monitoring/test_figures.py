# SPDX-License-Identifier: GPL-3.0-or-later
"""The appliance's own figures, as the textfile collector reads them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import manifest as models_manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import figures as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import zipapp


def config(tmp_path, **more):
    return {
        "directory": str(tmp_path),
        "weights": [{"model": "a/b", "path": str(tmp_path / "w")}],
        "certificates": [],
        "units": [],
        "gpus": 0,
        "doctor": "",
        "watch": {"timer": str(tmp_path / "timer"), "state": str(tmp_path / "state.json")},
        **more,
    }


def by_name(samples):
    return {name: value for name, _labels, value in samples}


def test_the_stamp(tmp_path):
    (tmp_path / "w").mkdir()
    assert by_name(core.samples(config(tmp_path)))["yitiji_weights_verified"] == 0
    (tmp_path / "w/f").write_text("x")
    manifest = models_manifest.Manifest("a/b", "master", [models_manifest.Entry("f", 1, "")])
    manifest.save(str(tmp_path / "w" / models_manifest.MANIFEST))
    models_manifest.write_stamp(str(tmp_path / "w"), manifest, [], [])
    assert by_name(core.samples(config(tmp_path)))["yitiji_weights_verified"] == 1
    (tmp_path / "w/f").write_text("yy")
    assert by_name(core.samples(config(tmp_path)))["yitiji_weights_verified"] == 0


def test_the_certificate(tmp_path):
    path = tmp_path / "c.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
         "-subj", "/CN=x", "-keyout", tmp_path / "k", "-out", path], check=True, capture_output=True,
    )  # fmt: skip
    found = by_name(core.samples(config(tmp_path, certificates=[str(path), str(tmp_path / "none")])))
    left = found["yitiji_certificate_expires_seconds"] - found["yitiji_metrics_written_seconds"]
    assert left == pytest.approx(864000, abs=60)


@pytest.mark.parametrize("text", ["", "notAfter=soon", "unable to load certificate"])
def test_no_certificate(text):
    assert core.parse_end(text) is None


def test_cards_not_slices():
    slices = "  MIG 1g.5gb Device 0: (UUID: MIG-1)\n"
    listing = f"GPU 0: NVIDIA A100 (UUID: GPU-1)\n{slices}GPU 1: NVIDIA A100 (UUID: GPU-2)\n"
    assert core.count_gpus(listing) == 2
    assert core.count_gpus("NVIDIA-SMI has failed because it couldn't communicate") == 0


def test_a_dead_engine(tmp_path):
    unit = {"unit": "yitiji-none", "rank": 0, "health": "http://127.0.0.1:9/health"}
    found = by_name(core.samples(config(tmp_path, units=[unit])))
    assert found["yitiji_engine_healthy"] == 0 and found["yitiji_rank_active"] == 0


def test_text_format():
    text = core.exposition([("yitiji_weights_verified", {"model": 'a"\\b\n'}, 1.0), ("yitiji_gpus_present", {}, 2.0)])
    assert 'yitiji_weights_verified{model="a\\"\\\\b\\n"} 1\n' in text
    assert "# TYPE yitiji_gpus_present gauge\nyitiji_gpus_present 2\n" in text


def test_promtool_reads_it(promtool):
    text = core.exposition([(name, {}, 1.0) for name in core.HELP])
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout + done.stderr


def apart(tmp_path, monkeypatch):
    """Where systemd-run runs its words, and notes what it was to do."""
    run = tmp_path / "bin/systemd-run"
    run.parent.mkdir()
    run.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/run\nwhile [ "$1" != "{tmp_path}/doctor" ]; do shift; done\nexec "$@"\n'
    )
    run.chmod(0o755)
    monkeypatch.setenv("PATH", str(run.parent), prepend=":")


def test_doctor(tmp_path, monkeypatch):
    apart(tmp_path, monkeypatch)
    report = {"results": [{"status": "fail"}, {"status": "pass"}, {"status": "pass"}]}
    doctor = tmp_path / "doctor"
    doctor.write_text(f"#!/bin/sh\ncat <<'X'\n{json.dumps(report)}\nX\nexit 2\n")
    doctor.chmod(0o755)
    core.collect(config(tmp_path, doctor=str(doctor)))
    text = (tmp_path / "yitiji-doctor.prom").read_text()
    assert 'yitiji_doctor_findings{status="fail"} 1' in text and 'status="pass"} 2' in text
    assert not list(tmp_path.glob("*.new"))
    told = (tmp_path / "run").read_text()
    assert "RuntimeMaxSec=90" in told and told.endswith("/doctor --fast --json -\n"), (
        "apart from the collector's sandbox"
    )


def test_packed_it_runs_alone(tmp_path):
    command = tmp_path / "yitiji-metrics"
    folder = core.__file__.rsplit("/", 2)[0]
    command.write_bytes(zipapp.pack(folder, "_monitoring.figures", []))
    (tmp_path / "c.json").write_text(json.dumps(config(tmp_path)))
    subprocess.run([sys.executable, "-I", command, "--config", tmp_path / "c.json"], check=True)
    assert "yitiji_weights_verified" in (tmp_path / "yitiji.prom").read_text()


NOW = 1_000_000.0
STATE = {
    "written": NOW - 20,
    "answer": {"ok": False, "stage": "engine"},
    "page": {"ok": True, "stage": ""},
    "down": [{"what": {}}],
    "events": [{"time": NOW - 60, "by": "watch", "count": 2, "ok": False}],
}


def test_what_the_watch_saw():
    found = {(name, labels.get("by", "")): value for name, labels, value in core.watch_samples(STATE, NOW)}
    assert found[("yitiji_answer_ok", "")] == 0 and found[("yitiji_page_ok", "")] == 1
    assert found[("yitiji_down", "")] == 1 and found[("yitiji_repairs", "watch")] == 2
    assert found[("yitiji_repairs", "systemd")] == 0 and found[("yitiji_repairs_failed", "")] == 1
    assert found[("yitiji_watch_written_seconds", "")] == NOW - 20


def test_an_old_state_says_nothing_but_its_age():
    assert [name for name, *_rest in core.watch_samples(STATE, NOW + 9999)] == ["yitiji_watch_written_seconds"]
    assert core.watch_samples({}, NOW) == [("yitiji_watch_written_seconds", {}, 0.0)]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [(None, None), ({"ok": None, "stage": "no key"}, None), ({"ok": False, "stage": "busy"}, 1.0), ({"ok": True}, 1.0)],
)
def test_who_cannot_ask_says_nothing_of_the_answer(answer, wanted):
    found = by_name(core.watch_samples({**STATE, "answer": answer}, NOW))
    assert found.get("yitiji_answer_ok") == wanted


def test_a_watch_that_never_looked_is_told_where_there_is_one(tmp_path):
    assert "yitiji_watch_written_seconds" not in by_name(core.samples(config(tmp_path)))
    (tmp_path / "timer").write_text("x")
    assert by_name(core.samples(config(tmp_path)))["yitiji_watch_written_seconds"] == 0


def test_a_doctor_that_never_reported_is_told(tmp_path):
    assert by_name(core.samples(config(tmp_path, doctor="/no/doctor")))["yitiji_doctor_written_seconds"] == 0


def test_a_full_disk_does_not_end_the_collector(tmp_path, capsys, monkeypatch):
    """It ended it, again and again, and its restarts were all that was to be seen."""
    place = tmp_path / "metrics.json"
    place.write_text(json.dumps(config(tmp_path, directory="/proc/no/such")))
    looks = []

    def sleep(_seconds):
        looks.append(1)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(core.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        core.main([], ["--config", str(place), "--every", "5"])
    assert capsys.readouterr().err.count("yitiji-metrics: ") == 2
    assert core.main([], ["--config", str(place)]) == 1


def test_when_backups_were_made():
    note = json.dumps({"made": {"at": 7}, "sent": {"at": 8}, "failed": {}})
    assert core.backup_samples(note) == [
        ("yitiji_backup_seconds", {"kind": "made"}, 7.0), ("yitiji_backup_seconds", {"kind": "sent"}, 8.0)
    ]  # fmt: skip
    for damaged in ("", "{", "[]", '{"made": 7}', '{"made": {"at": "x"}}'):
        assert core.backup_samples(damaged) == []
