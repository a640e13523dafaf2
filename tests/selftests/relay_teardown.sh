#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fifty times under traffic: the module is unloaded, then the device deleted, then the
# target's namespace removed. The connections go on locally, and nothing leaks. A guest
# that skips idle time does this in half of it. A kernel that watches itself sees in a few
# times what it would see in fifty.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
ROUNDS=${ROUNDS:-$((50 / ${LAB_SLOW:-1}))}

ktap_plan 5
scene_begin
pool_create 2
remotes_create 1
remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run 10.20.1.2 5000 6 100000 20000 > /tmp/out 2>&1 &
SCENE_JOBS+=($!)

quick_health() { # I
	ip netns exec "n$1" sh -c '
		echo 50 > /sys/class/net/spill0/spillway/heartbeat_ms &&
		echo 1000 > /sys/class/net/spill0/spillway/down_after_ms'
}

arriving() { # from the node by whichever way
	local a
	a=$(link_stat r1 eth0 rx_packets)
	sleep 0.3
	[ "$(link_stat r1 eth0 rx_packets)" -gt $((a + 5)) ]
}
carried() { [ "$(link_stat n2 up0 tx_packets)" -gt $((base + 20)) ]; }
all_local() { [ "$(spillctl 1 -H conns role local | wc -l)" = 6 ]; }

give() {
	spillctl 1 offload dport 5000 to n2 > /dev/null || return
	base=$(link_stat n2 up0 tx_packets)
	wait_until carried
}

failed=0
fail() {
	note "round $round: $*"
	failed=$((failed + 1))
}

unload() {
	rmmod spillway || fail "rmmod"
	wait_until arriving || fail "traffic stopped after the module went"
	spillway_up 2 > /dev/null || fail "up again"
}

delete_device() {
	ip -n n1 link del spill0 || fail "link del"
	wait_until arriving || fail "traffic stopped after the device went"
	spillway_node 1 2 && wait_until peers_up 1 2 || fail "up again"
}

remove_target() {
	ip netns del n2 || fail "netns del"
	wait_until all_local || fail "connections did not return"
	wait_until arriving || fail "traffic stopped after the target went"
	wait_until gone_from_lan || fail "the namespace stays"
	ip -n lan link del n2 2> /dev/null
	ip -n rtr link del n2 2> /dev/null
	node_create 2 - && spillway_node 2 2 && wait_until peers_up 1 2 || fail "up again"
}
gone_from_lan() { ! ip -n lan link show n2; }

spillway_up 2 || exit 1
ok "the pool is up"
spillway_rekey 2
for round in $(seq $ROUNDS); do
	for end in unload delete_device remove_target; do
		quick_health 1
		quick_health 2
		wait_until peers_up 1 2 || fail "$end: the peer is not up"
		give || fail "$end: offload"
		$end
	done
done
note "$ROUNDS rounds, $failed failures"
check "traffic went on locally each time" [ $failed = 0 ]

# What came and did not end is what is there.
balance() {
	local s
	s=$(spillctl 1 stats)
	[ $(($(awk '$1 == "conn_new" { print $2 }' <<< "$s") -
	     $(awk '$1 == "conn_ended" { print $2 }' <<< "$s"))) = "$(conns_count 1)" ]
}
check "the table balances" wait_until -t 15 balance
check "the module lets itself unload" rmmod spillway
alive() { [ "$(node_exec 1 ss -Htn state established dport = :5000 | wc -l)" = 6 ]; }
check "all connections are still there" alive
