# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a web server of somebody else is told to listen."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import sites as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture

FILES = {
    "/etc/nginx/sites-enabled/shop": "server {\n  listen [::]:443 ssl;\n  listen 10.0.0.80:8443;\n}\n",
    "/etc/nginx/conf.d/yitiji.conf": "listen 443 ssl;\n",
    "/etc/nginx/conf.d/old.conf.bak": "listen 443 ssl;\n",
    "/etc/apache2/ports.conf": "Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n",
    "/etc/apache2/sites-enabled/000-default.conf": "# listen 443\n<VirtualHost *:80>\n",
    "/etc/haproxy/haproxy.cfg": "frontend a\n    bind *:443 ssl crt /k.pem\n",
}


def test_by_port():
    assert core.listening(Capture({"files": FILES}), [80, 443]) == {
        "443": ["/etc/nginx/sites-enabled/shop:2", "/etc/apache2/ports.conf:3", "/etc/haproxy/haproxy.cfg:2"],
        "80": ["/etc/apache2/ports.conf:1", "/etc/apache2/sites-enabled/000-default.conf:2"],
    }
    assert core.listening(Capture({}), [443]) == {}


def test_a_content_filter():
    assert core.content_filter(Capture({"files": {core.FILTER: "http://127.0.0.1:9010\n"}})) == "http://127.0.0.1:9010"
    assert core.content_filter(Capture({})) is None
