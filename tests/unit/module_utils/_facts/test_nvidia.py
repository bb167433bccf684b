# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - captured lines as they came
"""nvidia-smi and dkms, as the readers see them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import (
    nvidia,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder

from tests.unit.module_utils._facts.captured import capture


def test_devices_without_a_link():
    devices = {"/dev/nvidia0": "195:0", "/dev/nvidiactl": "195:255", "/dev/nvidia-uvm": "511:0", "/dev/nvidia-caps": ""}
    host = Capture({"devices": devices, "links": {"/dev/char/195:0": "../nvidia0"}})
    assert nvidia.unlinked(host) == ["nvidia-uvm", "nvidiactl"]
    assert nvidia.unlinked(capture({})) is None
    assert Host().device("/dev/null") == "1:3" and Host().device("/etc") is None
    recorder = Recorder(host)
    assert nvidia.unlinked(recorder) == nvidia.unlinked(Capture(recorder.data()))


def test_dkms_in_both_dialects():
    text = (
        "nvidia-current, 535.309.01, 6.1.0-40-amd64, x86_64: installed\n"
        "nvidia/580.95.05, 6.8.0-40-generic, x86_64: built\nzfs/2.2: added\n"
    )
    rows = nvidia.dkms(capture(commands={"dkms status": text}))
    assert [(r["module"], r["kernel"], r["state"]) for r in rows] == [
        ("nvidia-current", "6.1.0-40-amd64", "installed"), ("nvidia", "6.8.0-40-generic", "built"), ("zfs", "", "added"),
    ]  # fmt: skip
    assert nvidia.dkms(capture()) is None


@pytest.mark.parametrize(
    "text", ["", "No devices were found", "<nvidia_smi_log><gpu>", "<nvidia_smi_log>&</nvidia_smi_log>"]
)
def test_what_is_no_xml_is_none(text):
    assert nvidia.parse_smi(text) is None


@pytest.mark.parametrize(("reserved", "usable"), [("<reserved>616 MiB</reserved>", 143155), ("", 143771)])
def test_memory_is_what_programs_can_have(reserved, usable):
    memory = f"<fb_memory_usage><total>143771 MiB</total>{reserved}</fb_memory_usage>"
    found = nvidia.parse_smi(f'<nvidia_smi_log><gpu id="00000000:00:06.0">{memory}</gpu></nvidia_smi_log>')
    assert found["gpus"][0]["memory_bytes"] == usable * 1024**2


def test_the_library_of_a_lent_driver():
    host = capture({"/usr/local/nvidia/lib64/libnvidia-ml.so.580.159.04": ""})
    assert (
        nvidia.driver(host, {"present": True, "driver_version": None, "cuda_version": None, "error": None})[
            "library_version"
        ]
        == "580.159.04"
    )


OLD = """<nvidia_smi_log><gpu id="0"><product_name>Tesla V100</product_name>
<clocks_throttle_reasons><clocks_throttle_reason_sw_thermal_slowdown>Active</clocks_throttle_reason_sw_thermal_slowdown>
<clocks_throttle_reason_gpu_idle>Not Active</clocks_throttle_reason_gpu_idle></clocks_throttle_reasons>
<power_readings><power_draw>250.13 W</power_draw></power_readings><temperature><gpu_temp>N/A</gpu_temp></temperature>
<ecc_errors><volatile><sram_correctable>2</sram_correctable><sram_uncorrectable_parity>1</sram_uncorrectable_parity>
<dram_uncorrectable>3</dram_uncorrectable></volatile></ecc_errors></gpu></nvidia_smi_log>"""


def test_the_state_of_a_card_as_older_drivers_tell_it():
    [card] = nvidia.parse_state(OLD)
    assert (card["watts"], card["degrees"], card["slowed"]) == (250, None, ["sw_thermal_slowdown"])
    assert (card["uncorrected"], card["corrected"], card["link_width"]) == (4, 2, None)
    assert nvidia.parse_state("NVIDIA-SMI has failed") == []
