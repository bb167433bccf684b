# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bake that was interrupted continues, until the tree is sealed."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.tree import Tree, key, set_stage, stands


def test_a_bake_goes_on_until_it_is_sealed(tmp_path):
    tree = Tree(str(tmp_path / "tree"), str(tmp_path), "trixie", ["a"], ["deb x"], 1)
    assert not stands(tree)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree.json").write_text(f'{{"key": "{key(tree)}", "stage": "made"}}')
    assert stands(tree) and not stands(tree._replace(packages=["b"]))
    set_stage(tree.path, "sealed")
    assert not stands(tree)
