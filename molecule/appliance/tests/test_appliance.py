# SPDX-License-Identifier: GPL-3.0-or-later
import pytest


@pytest.mark.parametrize("unit", ["yitiji-vllm", "yitiji-open-webui", "nginx"])
def test_runs_and_starts_at_boot(host, unit):
    service = host.service(unit)
    assert service.is_running and service.is_enabled


def test_page_answers(root):
    assert root("curl -sS -k -m 20 -o /dev/null -w '%{http_code}' https://127.0.0.1/") == "200"
