#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same on two processors, where a move may meet what the server is doing.
. tests/selftests/handoff_session.sh
