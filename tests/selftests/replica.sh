#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections of a node that another relays are replicated there. When the node dies,
# whether they are silent, ask often or carry much, the relay ends them at the remote; but
# not when it only falls silent, nor where no third node is heard, unless it is allowed to. Others are replicated where it is asked for, and limits hold.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh

export LAST=$PWD/build/lab/last

ktap_plan 29
scene_begin
pool_create 3
remotes_create 1
spillway_up 3 || exit 1
set_all() { # NAME VALUE
	local i
	for i in 1 2 3; do
		node_exec $i sh -c "echo $2 > /sys/class/net/spill0/spillway/$1" || return
	done
}
set_all heartbeat_ms 20
set_all down_after_ms 100
node_exec 2 sysctl -qw net.ipv6.conf.all.forwarding=1
wait_until sh -c "$SPILLCTL -N n1 -j peers | grep -q '\"forwards_ipv6\": *true'"
node_start 1 "$ANSWER" :: 7000 n1
sleep 0.3

open_there() { [ "$(head -1 "$1")" = open ]; }
begin() { # ADDRESS COUNT FILE
	remote_start 1 "$LAST" "$1" 7000 "$2" > "$3"
	wait_until open_there "$3"
}
check "connections of IPv4" begin 10.10.1.2 6 /tmp/four
check "and of IPv6" begin fd00:10:1::2 6 /tmp/six
spillctl 1 -q offload sport 7000 to n2
check "are relayed" [ "$(conns_count 1 role offloaded)" = 12 ]
whole() { [ "$(stat_of 2 replica_stored)" -ge 12 ]; }
check "and their images are at the relay" wait_until whole
sleep 0.3
changed() {
	note "$(stat_of 1 replica_whole) images, $(stat_of 1 replica_changes) differences," \
		"$(stat_of 1 replica_busy) times busy"
	[ "$(stat_of 1 replica_changes)" -gt 20 ] && [ "$(stat_of 1 replica_whole)" -lt 30 ]
}
check "which follow by differences" changed
clean() { [ "$(stat_of 2 control_msg_bad) $(stat_of 2 replica_dropped)" = "0 0" ]; }
check "all of which are taken" clean

shown() { # 12 times n2 and a lag
	spillctl 1 -j conns role offloaded |
		jq -e '[.conns[].replica | select(.peer == "n2" and .lag_us < 100000)] | length == 12' \
			> /tmp/shown
}
check "lag and age are shown of each" shown
lag() { # at most 10 ms for 99 of 100
	spillctl 1 replicas | sed 's/^/# /'
	spillctl 1 -j replicas | jq -e '.peers[] | select(.name == "n2") | .replicas |
		.out == 12 and .lag_p99_us <= 10000' \
		> /tmp/lag
}
check "and of the peer, within 10 ms" lag

### at the operator's word

kept() { # N: connections of n1 that n2 keeps, as n2 says
	[ "$(spillctl 2 -j peers | jq '.peers[] | select(.name == "n1") | .replicas.in')" = "$1" ]
}
check "others that are not relayed" begin 10.10.1.2 3 /tmp/local
check "are not replicated" kept 12
asked_for() { spillctl 1 -q replicate sport 7000 role local to n2 && wait_until kept 15; }
check "are, when it is asked for" asked_for
not_twice() {
	local id
	id=$(spillctl 1 -H conns role local sport 7000 | awk 'NR == 1 { print $1 }')
	! spillctl 1 replicate "$id" to n2 2> /tmp/twice
}
check "once" not_twice
asked_not() { spillctl 1 -q unreplicate sport 7000 && wait_until kept 12; }
check "and not any more" asked_not
limited() {
	set_all replica_max 12
	! spillctl 1 -q replicate sport 7000 role local to n2 2> /tmp/limited &&
		grep -q no-room-for-replica /tmp/limited && wait_until kept 12 &&
		[ "$(stat_of 1 replica_full)" -gt 0 ] && set_all replica_max 1000
}
check "no more than may be, all or none" limited
sed 's/^/# /' /tmp/limited

### the node falls silent, and is alive

silent() {
	ip -n n1 link set spill0 down && wait_until -t 5 is_down n1 && sleep 0.1
}
is_down() { # NAME: as n2 sees it
	spillctl 2 -j peers | jq -e --arg n "$1" '.peers[] | select(.name == $n and .state == "down")' > /tmp/down
}
check "its device goes down" silent
alive() {
	[ "$(cat /tmp/four /tmp/six | wc -l)" = 2 ] && [ "$(stat_of 2 replica_resets)" = 0 ]
}
check "no connection ends" alive
back() {
	ip -n n1 link set spill0 up && wait_until peers_up 1 3 && wait_until peers_up 2 3 &&
		spillctl 1 -q offload sport 7000 to n2 && wait_until kept 15
}
check "it is up: all are relayed and replicated" back
spillctl 1 -q recall src 10.10.1.2
check "those that return are not any more" wait_until kept 6
spillctl 1 -q offload sport 7000 to n2
wait_until kept 15
sleep 0.3

### the path between the two is cut, and both are alive

third() { # up|down, and n2 has seen it
	ip -n n3 link set lan0 "$1"
	if [ "$1" = up ]; then wait_until peers_up 2 3; else wait_until -t 5 is_down n3 && sleep 0.3; fi
}
check "there is no third node" third down
check "the path is cut" ip -n n1 link set lan0 down
unharmed() {
	wait_until -t 5 is_down n1 && sleep 0.3 && [ "$(stat_of 2 replica_spared)" -gt 0 ] && alive
}
check "no connection ends, where no third node is heard" unharmed
ip -n n1 link set lan0 up
third up
wait_until peers_up 1 3 && wait_until peers_up 2 3
spillctl 1 -q offload sport 7000 to n2
wait_until kept 15
sleep 0.3

### the node dies

cut() { # as if its power failed
	printf 'link set %s down\n' up0 lan0 | ip -n n1 -batch -
}
begun=$(date +%s%N)
cut
gone() { [ "$(cat /tmp/four /tmp/six /tmp/local | wc -l)" = 18 ]; }
check "it falls silent: all end at the remote" wait_until -t 5 gone
reset() { # FILE [COUNT]
	grep -v open "$1" | awk -v from="$begun" -v all="${2:-6}" '
		{ ms = ($3 - from) / 1e6; if (ms > most) most = ms }
		$2 == "ECONNRESET" && ms < 200 { n++ }
		END { printf "# %d in time, the last after %d ms\n", n, most; exit n != all }'
}
check "IPv4: by a reset, within 200 ms" reset /tmp/four
check "IPv6: likewise" reset /tmp/six
note "$(stat_of 2 replica_resets) resets sent"
told() { [ "$(stat_of 2 replica_resets)" -ge 12 ] && kept 0; }
check "the relay counts them" told

### it comes back

printf 'link set %s up\n' up0 lan0 | ip -n n1 -batch -
ip -n n1 route add default via 10.10.1.1
ip -n n1 -6 addr add fd00:10:1::2/64 dev up0 nodad
check "it comes back" wait_until peers_up 1 3
again() {
	# n1 still has those that were ended behind its back.
	begin 10.10.1.2 3 /tmp/again && spillctl 1 -q offload sport 7000 to n2 &&
		wait_until kept_some
}
kept_some() { [ "$(spillctl 2 -j peers | jq '.peers[] | select(.name == "n1") | .replicas.in')" -ge 3 ]; }
check "and has connections replicated again" again

### it dies once more, and there is no third node

third down
set_all replica_rst 2
begun=$(date +%s%N)
cut
gone_again() { [ "$(wc -l < /tmp/again)" = 4 ]; }
check "it may be taken for dead all the same: all end" wait_until -t 5 gone_again
check "by a reset, within 200 ms" reset /tmp/again 3
