#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Thousands of connections are given to a peer in one go and taken back in another, while
# all who follow the events are told of each: that takes longer than a peer may be silent,
# and still nobody takes a node for dead. All three share one processor.
# lab: --icount --mem 2048
. tests/lab/scene.sh
. tests/lab/spillway.sh
CROWD=$PWD/build/bench/crowd
CONNS=3000

ktap_plan 6
scene_begin
pool_create 3
remotes_create 1
spillway_up 3 || exit 1
for i in 1 2 3; do
	node_exec $i sh -c 'cd /sys/class/net/spill0/spillway &&
		echo 20 > heartbeat_ms && echo 100 > down_after_ms'
done
node_exec 1 sysctl -qw net.core.somaxconn=65535
node_start 1 "$CROWD" serve 0.0.0.0 7000
remote_exec 1 sysctl -qw net.ipv4.ip_local_port_range="2000 65000"
sleep 0.5
coproc ASKS { exec ip netns exec r1 "$CROWD" ask 10.10.1.2 7000 $CONNS; }
SCENE_JOBS+=("$ASKS_PID")
read -r -u "${ASKS[0]}" said
check "they are open" [ "$said" = ready ]
sleep 1 # to make so many has kept all nodes busy, too

downs() {
	local i sum=0
	for i in 1 2 3; do
		sum=$((sum + $(stat_of $i peer_down)))
	done
	echo $sum
}
events_of() { grep -c "$1" /tmp/events; }
timed() { # NAME COMMAND...
	local name=$1 from to
	shift
	from=$(date +%s%N)
	spillctl 1 -q "$@"
	to=$(date +%s%N)
	took=$(((to - from) / 1000000))
	note "$name: $took ms"
}
node_start 1 "$SPILLCTL" events > /tmp/events
before=$(downs)
timed offloaded offload sport 7000 to n2
check "all are relayed" [ "$(conns_count 1 role offloaded)" = $CONNS ]
timed recalled recall --all
check "all are back" [ "$(conns_count 1 role offloaded)" = 0 ]
check "which took longer than a peer may be silent" [ $took -gt 100 ]
sleep 0.3
check "and no peer was taken for dead" [ "$(downs)" = "$before" ]
told() { [ "$(events_of offloaded) $(events_of recalled)" = "$CONNS $CONNS" ]; }
check "of each it was told" wait_until told
echo end >&"${ASKS[1]}"
