# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which file a web server of somebody else is told to listen: who has to move a port wants to know where."""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

FOLDERS = (
    "/etc/nginx", "/etc/nginx/conf.d", "/etc/nginx/sites-enabled", "/etc/apache2", "/etc/apache2/sites-enabled",
    "/etc/httpd/conf", "/etc/httpd/conf.d", "/etc/caddy", "/etc/haproxy",
)  # fmt: skip
FILTER = "/etc/nginx/yitiji/filter"
ENDS = (".conf", "Caddyfile", ".cfg")
LISTENS = re.compile(r"^\s*(?:listen|bind)\s+[^;#]*?(?<![\d.])(\d{1,5})(?![\d.])", re.IGNORECASE)
BLOCK = re.compile(r"^\s*(?:<VirtualHost\s+[^>]*?|[\w.*-]*):(\d{1,5})\s*[>{]", re.IGNORECASE)


def listening(host: Host, ports: Iterable[int]) -> Dict[str, List[str]]:
    """`file:line` of every directive that opens one of these ports, by port."""
    wanted = {str(port) for port in ports}
    found: Dict[str, List[str]] = {}
    for folder in FOLDERS:
        for name in host.names(folder):
            path = f"{folder}/{name}"
            if not (name.endswith(ENDS) or folder.endswith("sites-enabled")) or "yitiji" in name:
                continue
            for number, line in enumerate((host.read(path) or "").splitlines(), 1):
                match = LISTENS.search(line) or BLOCK.search(line)
                if match and match.group(1) in wanted:
                    found.setdefault(match.group(1), []).append(f"{path}:{number}")
    return found


def content_filter(host: Host) -> Optional[str]:
    """The address of the gateway's content filter, as role gateway wrote it; None where there is none."""
    return (host.read(FILTER) or "").strip() or None
