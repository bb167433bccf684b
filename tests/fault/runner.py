# SPDX-License-Identifier: GPL-3.0-or-later
"""One download in a process that may be killed: runner.py ENDPOINT DEST [more as JSON]"""

import json
import signal
import sys

from conftest import MODEL, small_steps

small_steps()

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request

received = []
signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
request = weights_request.Request(
    MODEL, sys.argv[2], endpoint=sys.argv[1], timeout=5, **json.loads((sys.argv[3:] or ["{}"])[0])
)
try:
    outcome = download.Weights(request, lambda: "SIGTERM" if received else "").run()
    print(json.dumps({"fetched": outcome.fetched, "changed": outcome.changed}))
except Refusal as error:
    print(json.dumps({"rule": error.rule, "text": str(error)}))
    sys.exit(3)
