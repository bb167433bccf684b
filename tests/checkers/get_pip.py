# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test would fetch from a site of its own: pip in an empty environment. This one takes Python's."""

import subprocess
import sys

WANTED = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]

# A process of its own, because ensurepip switches pip's settings off for the one that it runs in.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", "-q", *WANTED], check=False).returncode)
