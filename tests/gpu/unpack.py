# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out what carry.py packed. usage: unpack.py PACKED SITE"""

from __future__ import annotations

import io
import lzma
import sys
import tarfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path


def lay(job: tuple[str, str]) -> None:
    source, site = Path(job[0]), Path(job[1])
    data = lzma.decompress(source.read_bytes())
    if source.name.endswith(".tar.xz"):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(site, filter="data")
        return
    target = site / source.name.removesuffix(".xz").replace("+", "/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def main(packed: str, site: str) -> int:
    jobs = [(str(path), site) for path in sorted(Path(packed).glob("*.xz"))]
    if not jobs:
        print(f"nothing is packed in {packed}")
        return 1
    with ProcessPoolExecutor() as pool:
        list(pool.map(lay, jobs))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
