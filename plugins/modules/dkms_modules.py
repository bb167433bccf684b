#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dkms_modules
short_description: Builds DKMS modules for every kernel
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Builds and installs the DKMS sources with a matching name for every given kernel, and reports where that fails
    (LLM565). The message holds the compiler's own first error.
options:
  pattern:
    description: Regular expression for the names of the sources.
    type: str
    default: ^nvidia(?!-fs)
  kernels:
    description: Versions of the kernels.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds for each kernel.
    type: int
    default: 1800
extends_documentation_fragment:
  - yitiji.deepseek.attributes
  - yitiji.deepseek.attributes.no_diff
  - yitiji.deepseek.attributes.watched
attributes:
  check_mode:
    support: full
    details: Says for which kernels a module would be built.
"""

EXAMPLES = r"""
- name: Build the driver for every kernel
  yitiji.deepseek.dkms_modules:
    kernels: [6.1.0-40-amd64]
"""

RETURN = r"""
built:
  description: What was built, or would be.
  returned: always
  type: list
  elements: str
  sample: [nvidia-current/535.309.01 for 6.1.0-40-amd64]
modules:
  description: The driver's module files by kernel.
  returned: always
  type: dict
  sample: {6.1.0-40-amd64: [updates/dkms/nvidia-current.ko]}
error:
  description: The compiler's own first error.
  returned: when a build failed
  type: str
  sample: "nvidia/nv-dma.c:871:5: error: implicit declaration of function 'foo'"
"""

from typing import List, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import framed
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, fail
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import dkms as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.progress import Reporter


@framed
def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "pattern": {"type": "str", "default": "^nvidia(?!-fs)"},
            "kernels": {"type": "list", "elements": "str", "required": True},
            "timeout": {"type": "int", "default": 1800},
            "progress": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    reporter = Reporter(params["progress"], "dkms")

    def run(words: List[str], seconds: float) -> Tuple[int, str]:
        return stream(words, seconds, lambda _line: None)

    built: List[str] = []
    try:
        dkms = core.Dkms(run, params["pattern"])
        if not dkms.sources and not module.check_mode:
            raise core.no_source(params["pattern"])
        for kernel in params["kernels"]:
            for source in dkms.sources:
                if dkms.state(source, kernel) == "installed":
                    continue
                what = f"{source.name}/{source.version} for {kernel}"
                reporter.text(f"{what}, at most {params['timeout']} s")
                if not module.check_mode:
                    dkms.build(source, kernel, params["timeout"])
                built.append(what)
    except core.BuildFailed as failure:
        fail(module, failure, error=failure.line, built=built)
    except Refusal as refusal:
        fail(module, refusal, built=built)
    found = {kernel: core.modules_of(kernel) for kernel in params["kernels"]}
    module.exit_json(changed=bool(built), built=built, modules=found)


if __name__ == "__main__":
    main()
