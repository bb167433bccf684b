# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An archive of several images carries the terms of them all."""

from __future__ import annotations

import io
import json
import tarfile

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import make, work


def test_an_archive_of_several_images_has_the_terms_of_all(tmp_path):
    """In whatever order the roles ask: else a second run would sign another manifest."""
    archive = tmp_path / "images.tar"
    with tarfile.open(archive, "w") as tar:
        text = json.dumps(
            [{"Config": f"{letter * 64}.json", "RepoTags": [f"v/{letter}:1"], "Layers": []} for letter in "ab"]
        )
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    terms = {
        letter: {"title": {"en": letter, "zh": letter}, "url": "u", "images": [f"v/{letter}:*"], "spdx": letter}
        for letter in "ab"
    }
    listed = []
    for order in ("ab", "ba"):
        images = [{"ref": f"v/{row}:1", "archives": [{"path": str(archive)}]} for row in order]
        maker = make.Maker(work.Spec(str(tmp_path / order), [], [], images, [], [], terms, []), lambda *_said: None)
        maker.work.open()
        maker._images()
        listed += maker.work.files
    assert listed[0] == listed[1] and (listed[0].name, listed[0].licence) == ("v/a; v/b", "a; b")
