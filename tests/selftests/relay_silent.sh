#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections that send a burst every two seconds are given away while they are silent: their next
# burst fits the tunnel from its first segment on, nothing is cut again; and when they
# have come back, their segments are as large as before.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 7
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
remote_start 1 "$STREAM" serve-lumps 5000 8192 16384 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run-lumps 10.20.1.2 5000 3 12 8192 16384 > /tmp/out &
job=$!
there() { [ "$(conns_count 1 dport 5000)" = 3 ]; }
wait_until there

sizes() { # of the segments of all three
	node_exec 1 ss -Htni dport = :5000 | grep -o ' mss:[0-9]*' | cut -d: -f2 | sort -u | xargs
}
sent() { node_exec 1 ss -Htni dport = :5000 | grep -o 'bytes_sent:[0-9]*' | cut -d: -f2 | xargs; }
# Until a burst has just been sent.
burst() {
	local before
	before=$(sent)
	changed() { [ "$(sent)" != "$before" ]; }
	wait_until -t 5 changed && sleep 0.3
}
are_smaller() { [ "$(sizes)" -lt "$own" ]; }
are_own() { [ "$(sizes)" = "$own" ]; }

check "bursts are sent" burst
own=$(sizes)
check "all have segments of one size" [ "$own" -gt 1400 ]
before=$(sent)
spillctl 1 -q offload dport 5000 to n2
check "given away, they have smaller ones at once" are_smaller
note "$own bytes before, $(sizes) bytes then; sent before $before, then $(sent)"
burst
check "they send" [ "$(stat_of 1 tx_packets)" -ge 36 ]
check "nothing was cut again" [ "$(stat_of 1 tx_recut)" = 0 ]
spillctl 1 -q recall --all
burst
check "come back, they have their own again" are_own
right() { wait "$job"; }
check "every byte right" right
