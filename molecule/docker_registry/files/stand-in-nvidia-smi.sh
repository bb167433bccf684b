#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for nvidia-smi on a node without cards: the three fields that are read here, as driver 550 writes them.
cat <<'XML'
<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log><driver_version>550.54.15</driver_version><cuda_version>12.4</cuda_version></nvidia_smi_log>
XML
