# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One download in a process of its own; prints its wall and CPU seconds, start-up not counted.

weights_call.py ours|sdk ENDPOINT MODEL DEST WORKERS [verify]
"""

import contextlib
import json
import os
import resource
import sys
import time


def ours(endpoint, model, dest, workers, verify):
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.download import Weights
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

    request = Request(model, dest, endpoint=endpoint, workers=workers or 8, verify=verify)
    return lambda: Weights(request).run().verified


def sdk(endpoint, model, dest, workers, _verify):
    os.environ["MODELSCOPE_ENDPOINT"] = endpoint
    from modelscope import snapshot_download

    more = {"max_workers": workers} if workers else {}

    def call():
        with contextlib.redirect_stdout(sys.stderr):
            return bool(snapshot_download(model, local_dir=dest, **more))

    return call


def main():
    tool, endpoint, model, dest, workers = sys.argv[1:6]
    call = {"ours": ours, "sdk": sdk}[tool](endpoint, model, dest, int(workers), (sys.argv[6:] or ["stamp"])[0])
    cpu, wall = time.process_time(), time.perf_counter()
    done = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peak, "done": bool(done)}))


if __name__ == "__main__":
    main()
