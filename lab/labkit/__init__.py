# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's parts: config, net, store, node, images, hub, cli."""
