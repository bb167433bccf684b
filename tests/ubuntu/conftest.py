# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian node that wears what Ubuntu has: release, apt's configuration, netplan, ufw, the snap store's Docker."""
