# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database for OWASP dep-scan with two made-up flaws, by dep-scan's own library: `python database.py FOLDER`.

Run by the Python that dep-scan is installed for; the real database is a download of gigabytes.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
from pathlib import Path

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U"


def row(number: int, ecosystem: str, name: str, purl: str, fixed: str, impact: str) -> dict:
    """As OSV publishes them."""
    return {
        "schema_version": "1.6.0",
        "id": f"CVE-2099-{number:04d}",
        "summary": "made up",
        "details": "made up for a test: nothing is wrong with it",
        "published": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name, "purl": purl},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
        "severity": [{"type": "CVSS_V3", "score": f"{VECTOR}/C:{impact}/I:{impact}/A:{impact}"}],
        "references": [],
    }  # fmt: skip


ROWS = [
    row(1, "Debian:12", "openssl", "pkg:deb/debian/openssl?arch=source", "3.0.99-1", "H"),
    row(2, "PyPI", "jinja-2", "pkg:pypi/jinja-2", "99.0", "L"),
]


def main(folder: str) -> None:
    os.environ["VDB_HOME"] = folder
    from vdb.lib import db6  # reads VDB_HOME when it is imported
    from vdb.lib.osv import OSVSource

    source = OSVSource()
    for each in ROWS:
        source.store(source.convert(each))
    db6.optimize_and_close_all()
    made = datetime.datetime.now(tz=datetime.timezone.utc).isoformat()
    Path(folder, "vdb.meta").write_text(json.dumps({"created_utc": made}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
