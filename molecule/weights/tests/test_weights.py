# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import json
import os
from pathlib import Path

PLACE = "/srv/models/yitiji-lab/tiny-r1-distill"
HUB = Path(os.environ.get("YITIJI_LAB_DIR", "/var/cache/yitiji-lab")) / "models/yitiji-lab/tiny-r1-distill"


def test_every_file_is_the_hubs(root):
    told = dict(
        reversed(line.split("  ./"))
        for line in root(f"cd {PLACE} && sha256sum $(find . -type f -not -name '.*')").splitlines()
    )
    wanted = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in HUB.iterdir() if p.name != "README.md"}
    assert told == wanted


def test_the_engine_may_read_them(root):
    assert root(f"find {PLACE} -type f -not -name '.*' -not -perm 0644") == ""
    assert root("find /srv/models -type d -not -name '.*' -not -perm 0755") == ""


def test_stamped_as_verified(root):
    stamp = json.loads(root(f"cat {PLACE}/.yitiji-verified.json"))
    assert stamp["model"] == "yitiji-lab/tiny-r1-distill"


def test_a_change_of_the_same_size_and_time_is_found_by_the_timers_unit(root):
    assert root("systemctl is-enabled yitiji-weights-check.timer") == "enabled"
    root("systemctl start yitiji-weights-check.service")
    file = f"{PLACE}/tokenizer.json"
    root(f"cp -p {file} /root/kept && cp -p {PLACE}/.yitiji-verified.json /root/stamp")
    root(f"printf x | dd of={file} bs=1 seek=9 conv=notrunc status=none && touch -r /root/kept {file}")
    assert root("systemctl start yitiji-weights-check.service || systemctl is-failed yitiji-weights-check") == "failed"
    assert "tokenizer.json" in root("journalctl -u yitiji-weights-check -o cat")
    assert root(f"test -e {PLACE}/.yitiji-verified.json || echo gone") == "gone"
    root(f"cp -p /root/kept {file} && cp -p /root/stamp {PLACE}/.yitiji-verified.json && rm /root/kept /root/stamp")
    root("systemctl reset-failed yitiji-weights-check.service && systemctl start yitiji-weights-check.service")


def test_the_check_takes_only_what_is_left(root):
    told = root("systemctl show -p Nice,IOSchedulingClass,CPUSchedulingPolicy yitiji-weights-check.service")
    assert {"Nice=19", "IOSchedulingClass=3", "CPUSchedulingPolicy=5"} == set(told.splitlines())
