#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens in the tunnel can be watched: tracepoints for peers, connections, keys,
# paths and drops, and each peer's counters by reason, the same in text and in JSON.
. tests/lab/scene.sh
. tests/lab/spillway.sh
TRACING=/sys/kernel/debug/tracing

ktap_plan 18
scene_begin
pool_create 2
remotes_create 1
spillway_load || exit 1
events=$(find $TRACING/events/spillway -mindepth 1 -maxdepth 1 -type d | wc -l)
check "there are tracepoints" \
	[ "$events" = "$(grep -cE '^(TRACE|DEFINE)_EVENT\(' kmod/trace.h)" ]
echo 1 > $TRACING/events/spillway/enable
spillway_up 2 || exit 1

traced() { # NAME WORDS: as a regular expression
	grep -Eq "spillway_$1: .*$2" $TRACING/trace
}
seen() { # NAME WORDS
	check "traced: $1 $2" wait_until traced "$@"
}
seen key_installed 'dev=spill0 peer=n2 id=[0-9a-f]{8}'
seen peer_state 'peer=n2 from=0 to=1 why=none'
seen path_mtu 'peer=n2 from=1200 to=1500 why=probe'

remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run 10.20.1.2 5000 2 600 20000 > /tmp/out 2>&1 &
SCENE_JOBS+=($!)
there() { [ "$(conns_count 1 dport 5000)" = 2 ]; }
wait_until there
spillctl 1 -q offload dport 5000 to n2
id=$(spillctl 1 -H conns dport 5000 | awk 'NR == 1 { print $1 }')
seen offload "peer=n2 conn=$id why=operator"
spillctl 1 -q recall "$id"
seen recall "peer=n2 conn=$id why=operator"

# The same datagrams twice are replays.
netem_set n2 lan0 duplicate 100%
seen drop 'peer=n2 why=rx_drop_replay count=1'
tc -n n2 qdisc del dev lan0 root
node_exec 2 bash -c 'echo short > /dev/udp/10.99.0.1/51821'
seen drop 'peer=- why=rx_drop_short count=1'

# A smaller link of its own, then silence: what is relayed returns.
ip -n n1 link set lan0 mtu 1400
seen path_mtu 'peer=n2 from=1500 to=1400 why=routing'
ip -n n2 link set spill0 down
seen peer_state 'peer=n2 from=[12] to=3 why=no-heartbeat'
seen return 'peer=n2 conn=[0-9]+ why=no-heartbeat'
spillctl 1 key del n2
seen key_gone 'dev=spill0 peer=n2 id=[0-9a-f]{8}'
echo 0 > $TRACING/events/spillway/enable
grep -h 'spillway_' $TRACING/trace | grep -v drop | cut -c 34- | sed 's/^/# /'
silent() {
	local key
	[ -s /tmp/data-keys ] || return
	while read -r key; do
		! grep -q -e "$key" -e "$(base64 -d <<< "$key" | od -An -tx1 | tr -d ' \n')" \
			$TRACING/trace || return
	done < /tmp/data-keys
}
check "no key is in the trace" silent

### counters

spillctl 1 peers show n2 --stats > /tmp/stats
sed 's/^/# /' /tmp/stats
value() { awk -v n="$1" '$1 == "n2" && $2 == n { print $3 }' /tmp/stats; }
check "what was dropped is counted for the peer" [ "$(value rx_drop_replay)" -ge 1 ]
check "and what was moved" \
	[ "$(value offloaded) $(value recalled) $(value returned) $(value peer_down)" = "2 2 1 1" ]
check "reasons that did not occur are shown too" [ "$(value tx_drop_too_big)" = 0 ]
check "what is nobody's is the device's alone" [ -z "$(value rx_drop_short)" ]
spillctl 1 -j peers show n2 > /tmp/json
same() {
	local _ name number n=0
	while read -r _ name number; do
		[ "$(jq ".peers[0].stats.$name" /tmp/json)" = "$number" ] || return
		n=$((n + 1))
	done < /tmp/stats
	[ $n -ge 30 ]
}
check "JSON says the same" same
