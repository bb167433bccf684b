#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the docker command: images are files in $FAKE_DOCKER, `load` makes one of what it reads."""

import hashlib
import json
import os
import pathlib
import sys

root = pathlib.Path(os.environ["FAKE_DOCKER"])
words = sys.argv[1:]
if words[0] == "--config":
    words = words[2:]
if words[:2] == ["image", "inspect"]:
    found = root / words[-1].replace("/", "_")
    if (root / "broken").exists():
        sys.exit("Cannot connect to the Docker daemon")
    if not found.exists():
        sys.exit("Error: No such image: " + words[-1])
    print(found.read_text())
elif words[0] == "images":
    if (root / "broken").exists():
        sys.exit("Cannot connect to the Docker daemon")
    print("sha256:aa r/x:1\nsha256:bb <none>:<none>")
elif words[0] == "load":
    data = sys.stdin.buffer.read()
    if data.startswith(b"bad"):
        sys.exit("invalid tar header")
    (root / data.decode().strip()).write_text(json.dumps({"Id": data.decode().strip(), "Config": {"Cmd": ["x"]}}))
elif words[0] == "save":
    if (root / "full").exists():
        sys.stdout.write("half")
        sys.stdout.flush()
        sys.exit("no space left on device")
    print("archive of " + words[1])
elif words[0] == "pull":
    if "gone" in words[-1]:
        sys.exit("manifest unknown")
    (root / words[-1].replace("/", "_")).write_text(json.dumps({"Id": "sha256:pulled"}))
elif words[0] == "tag":
    (root / words[2].replace("/", "_")).write_text((root / words[1].replace("/", "_")).read_text())
elif words[0] == "info":
    (root / "info").exists() and print((root / "info").read_text())
else:
    sys.exit(hashlib.sha256(repr(words).encode()).hexdigest())
