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
