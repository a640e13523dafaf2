#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --icount
# The same through a tunnel over IPv6.
OUTER=6
. tests/selftests/relay_pmtu.sh
