# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of models from the catalogue."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape


def shape_of(catalog, model):
    return read_shape(catalog["models"][model]["config"], model)
