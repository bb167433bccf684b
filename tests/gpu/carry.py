# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs what the engine part needs, small enough for a machine that is reached by a narrow way and has no network.

usage: carry.py DIR [--python PYTHON3.12] [--add FILE=PLACE]...     DIR/packed holds the result, DIR/site what is in it

Downloads the wheels of wheels.txt without their needs, lays them into one folder, drops what a start does not read,
empties the machine code of cards other than compute capability 9.0, and compresses. `unpack.py` lays it out again.
`--add` puts a file made elsewhere beside it, such as a kernel that the machine would have to compile.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import lzma
import shutil
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from thin import thin

HERE = Path(__file__).resolve().parent
CARD = 90
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (35, 34, 31, 28, 27, 24, 17, 12, 5)] + ["manylinux2014_x86_64"]
LARGE = 4 << 20  # a library from here on is packed by itself
# Never read by a start on this card: attention for others, sources of kernels, another front end.
DROPPED = (
    "vllm/vllm-rs",
    "vllm/vllm_flash_attn/_vllm_fa2_C*",
    "vllm/third_party/*/include/*",
    "vllm/third_party/fmha_sm100/cutlass/*",
    "vllm/third_party/deep_gemm/_C.cpython-31[0134]*",
    "vllm/_qutlass_C*",
    "vllm/entrypoints/serve/instrumentator/static/*",
    "flashinfer/data/c*",
    "flashinfer/data/include/*",
    "flashinfer/data/spdlog/*",
    "xgrammar/lib/*",
    "*.whl",
    "vllm-*/RECORD",
    "flashinfer_*/RECORD",
    "*.dist-info/licenses/*",
    "bin/*",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default=sys.executable, help="any Python with pip")
    parser.add_argument("--add", action="append", default=[], metavar="FILE=PLACE")
    return parser.parse_args()


def download(folder: Path, python: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary=:all:",
            "--python-version",
            "3.12",
            "--implementation",
            "cp",
            *platforms,
            "-d",
            str(folder),
            "-r",
            str(HERE / "wheels.txt"),
        ],
        check=True,
    )
    return sorted(folder.glob("*.whl"))


def lay(wheels: list[Path], site: Path) -> None:
    """The wheels' files, less those that are dropped."""
    shutil.rmtree(site, ignore_errors=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = [
                name for name in archive.namelist() if not any(fnmatch.fnmatch(name, pattern) for pattern in DROPPED)
            ]
            archive.extractall(site, names)


def shrink(path: Path) -> None:
    """Another card's code emptied, the debugger's tables cut off."""
    if path.stat().st_size > 20 << 20 and not list_fat(path):
        subprocess.run(["strip", "-g", str(path)], check=True)


def list_fat(path: Path) -> bool:
    data = bytearray(path.read_bytes())
    if b"\x50\xed\x55\xba" not in data:
        return False
    thin(data, CARD)
    path.write_bytes(data)
    return True


def compress(source: Path, target: Path) -> int:
    target.write_bytes(lzma.compress(source.read_bytes(), preset=6))
    return target.stat().st_size


def main() -> int:
    options = arguments()
    site, packed = options.folder / "site", options.folder / "packed"
    lay(download(options.folder / "wheels", options.python), site)
    for word in options.add:
        source, place = word.split("=", 1)
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, site / place)
    libraries = [path for path in site.rglob("*.so*") if path.stat().st_size > 1 << 20]
    for path in libraries:
        shrink(path)
    shutil.rmtree(packed, ignore_errors=True)
    packed.mkdir()
    large = [path for path in libraries if path.stat().st_size > LARGE]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(site.rglob("*")):
            if path.is_file() and path not in large:
                archive.add(path, str(path.relative_to(site)))
    rest = options.folder / "rest.tar"
    rest.write_bytes(buffer.getvalue())
    jobs = [(rest, packed / "rest.tar.xz")]
    jobs += [(path, packed / (str(path.relative_to(site)).replace("/", "+") + ".xz")) for path in large]
    with ProcessPoolExecutor(2) as pool:
        sizes = list(pool.map(compress, *zip(*jobs, strict=True)))
    for (_source, target), size in zip(jobs, sizes, strict=True):
        print(f"{size / 2**20:7.1f} MiB  {target.name}")
    print(f"{sum(sizes) / 2**20:7.1f} MiB  in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
