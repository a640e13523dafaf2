#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same on two processors, where what goes may meet what is still at work.
ROUNDS=6
. tests/selftests/relay_teardown.sh
