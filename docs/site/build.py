# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site: python docs/site/build.py [FOLDER]; a broken link or anchor fails it (strict)."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from pymdownx.slugs import slugify
from stage import ROOT, stage

PAGES = ROOT / "build/docs-pages"  # where mkdocs.yml looks for them


def main(folder: Path) -> None:
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    stage(PAGES)
    config = load_config(str(Path(__file__).with_name("mkdocs.yml")), site_dir=str(folder), strict=True)
    config.mdx_configs.setdefault("toc", {})["slugify"] = slugify(case="lower")  # anchors as code hosts make them
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    finally:
        config.plugins.on_shutdown()
    print(f"{folder}/index.html · python3 -m http.server -d {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/docs").resolve())
