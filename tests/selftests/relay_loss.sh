#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The pool's network loses one datagram of a hundred and has 100 ms round trip. With and
# without repair: every byte is right, what one bulk connection gets through, how often
# TCP's timer runs out, and what the tunnel sends again.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
SECONDS_EACH=${SECONDS_EACH:-15}
LOSS=${LOSS:-1%}
HALF=${HALF:-50ms}

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
spillway_rekey 2
lan_set 2 loss "$LOSS" delay "$HALF" rate 50mbit limit 2000
lan_set 1 loss "$LOSS" delay "$HALF" limit 2000
netem_set rtr n1 delay "$HALF" limit 2000
remote_start 1 "$STREAM" serve 5000 &> /dev/null
remote_start 1 iperf3 -s &> /dev/null
sleep 0.5

count() { # NS NAME: since the start
	ip netns exec "$1" nstat -saz "$2" | awk -v n="$2" '$1 == n { print $2 }'
}
arq_set() { # 0|1
	local i
	for i in 1 2; do
		node_exec $i sh -c "echo $1 > /sys/class/net/spill0/spillway/arq" || return
	done
}
conns_are() { # PORT N FILTER...
	local port=$1 n=$2
	shift 2
	[ "$(conns_count 1 dport "$port" "$@")" = "$n" ]
}
# Handshakes take a round trip, and cannot be moved.
give() { # PORT N
	spillctl 1 offload role local dport "$1" to n2
	conns_are "$1" "$2" role offloaded
}

# 8 connections of 50 kB/s each way, relayed.
bytes_right() {
	local job
	node_exec 1 "$STREAM" run 10.20.1.2 5000 8 $SECONDS_EACH 50000 > /tmp/out &
	job=$!
	wait_until -t 20 give 5000 8 || return
	wait $job || return
	wait_until -t 20 conns_are 5000 0
}

# One bulk connection, relayed; sets kbit/s of its second half and TCP's time-outs.
goodput() {
	local job
	ip netns exec n1 ip tcp_metrics flush
	node_exec 1 nstat -rn
	node_exec 1 iperf3 -J -c 10.20.1.2 -t $SECONDS_EACH > /tmp/iperf &
	job=$!
	wait_until -t 20 give 5201 2 || return
	wait $job || return
	kbit=$(jq '[.intervals[].sum.bits_per_second] | .[length/2|floor:] | add/length/1000 | floor' /tmp/iperf)
	timeouts=$(count n1 TcpExtTCPTimeouts)
	wait_until -t 20 conns_are 5201 0
}

arq_set 0
check "without repair: every byte right" bytes_right
check "without repair: a bulk connection" goodput
off_kbit=$kbit off_timeouts=$timeouts
check "without repair: nothing was sent again by the tunnel" [ "$(stat_of 1 arq_resent)" = 0 ]
arq_set 1
check "with repair: every byte right" bytes_right
check "with repair: a bulk connection" goodput
note "goodput: $off_kbit kbit/s without repair, $kbit kbit/s with"
note "TCP time-outs: $off_timeouts without repair, $timeouts with"
spillctl 1 stats | grep -E 'arq|ack' | sed 's/^/# /'
check "twice the goodput at least" [ "$kbit" -ge $((off_kbit * 2)) ]
check "TCP's timer runs out no more often" [ "$timeouts" -le "$off_timeouts" ]
resent=$(stat_of 1 arq_resent)
check "the tunnel sends again what was lost" [ "$resent" -gt 20 ]
check "no more than a tenth" [ $((resent * 10)) -lt "$(stat_of 1 tx_packets)" ]
check "few of them for nothing" [ $(($(stat_of 1 arq_spurious) * 10)) -lt "$resent" ]
check "no acknowledgment is refused" [ "$(stat_of 1 rx_drop_frame)" = 0 ]
