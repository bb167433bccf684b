# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each test here is one attack; it passes when the attack is refused. The end says how many were tried and refused.

quick/ needs no lab and runs in `make test`; lab/ attacks a finished appliance (`make test-attack`). Loops are bounded,
and go only to addresses of the lab or to loopback.
"""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    count = {outcome: len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error")}
    terminalreporter.write_line(
        f"attacks: {sum(count.values())} tried, {count['passed']} refused, "
        f"{count['failed']} got through, {count['error']} could not be tried"
    )
