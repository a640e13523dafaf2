#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's clock that counts instructions: it goes as far as is slept, and does not leap,
# as it does where a guest waits for files of the machine: nothing that a scene does asks
# for one, but for the few that no word of its scripts leads to.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
TRACING=/sys/kernel/tracing

ktap_plan 4
[ -e $TRACING/events ] || mount -t tracefs tracefs $TRACING
asked_for() { grep -c 9p_client_req $TRACING/trace; }
echo 1 > $TRACING/events/9p/9p_client_req/enable

begin=${EPOCHREALTIME/./}
for _ in $(seq 10); do
	sleep 1
done
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
note "ten seconds of sleep took $took ms"
check "ten seconds are slept in ten seconds" [ $((took >= 10000 && took < 10500)) = 1 ]

scene_begin
pool_create 2 10mbit
remotes_create 1
scene() {
	spillway_up 2 || return
	remote_start 1 "$STREAM" serve 5000 &> /dev/null
	sleep 0.3
	node_exec 1 "$STREAM" run 10.20.1.2 5000 2 3 20000 > /tmp/out &
	wait_until conns_there || return
	spillctl 1 offload dport 5000 to n2 &&
		node_exec 1 ss -Htni dport = :5000 > /dev/null &&
		spillctl 1 -j peers | jq . > /dev/null || return
	wait $!
}
conns_there() { [ "$(conns_count 1 dport 5000)" = 2 ]; }
check "a scene is played" scene
n=$(asked_for)
note "$n requests for files:"
sed -n 's/-[0-9]* .*request/:/p' $TRACING/trace | sort | uniq -c | sed 's/^/# /'
# Each costs once what one command costs each time.
check "hardly a file was asked for" [ "$n" -lt 30 ]
ls /usr/include > /dev/null
check "that would have been seen" [ "$(asked_for)" -gt "$n" ]
