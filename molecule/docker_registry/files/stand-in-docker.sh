#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for a rootless Docker: answers `docker info` as such an engine does. For the test of the refusal only.
echo '{"ServerVersion": "28.0.0", "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]}'
