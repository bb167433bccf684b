# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle's server on loopback, over a folder with a model."""

from __future__ import annotations

import hashlib
import os
import threading

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import manifest as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import server as hub

from tests.unit.module_utils._bundle.samples import CONTENTS


@pytest.fixture
def served(tmp_path):
    files = []
    for path, data in CONTENTS.items():
        full = tmp_path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
        files.append(core.File(path, len(data), hashlib.sha256(data).hexdigest(), "weights"))
    (tmp_path / "secret").write_text("not listed")
    models = [{"model": "a/b", "revision": "master"}]
    shelf = hub.Shelf(core.Bundle("", "", (), {"models": models}, tuple(files)), str(tmp_path))
    (server,), over = hub.listen(shelf, ["127.0.0.1"], 0, ["127.0.0.1"], "word")
    thread = threading.Thread(target=hub.serve, args=([server], over, os.getpid(), hub.start_of(os.getpid())))
    thread.start()
    yield server, thread, tmp_path
    over.set()
    thread.join(10)
