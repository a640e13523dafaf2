#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a peer relays it is told, by control messages: over a path that loses one datagram
# of ten and changes their order, a thousand moves leave the same list on both nodes. So
# they do where the target's device is made anew, the origin's, the path is dark for a
# while, and where the queue is full. Every message arrives once, and every chunk that was
# sent has come, was dropped with a reason, or was lost by the path.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
CONNS=50
ROUNDS=10

ktap_plan 17
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
# Its messages never end, and are counted with those that are here.
for i in 1 2; do
	node_exec $i sh -c 'echo 0 > /sys/class/net/spill0/spillway/replica_relayed'
done
path_is() { # NETEM...
	netem_set n1 lan0 "$@" && netem_set n2 lan0 "$@"
}
path_is loss 10% delay 4ms 3ms
remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.5
node_start 1 "$STREAM" run 10.20.1.2 5000 $CONNS 100000 200 &> /dev/null

all_local() { [ "$(conns_count 1 dport 5000 role local)" = $CONNS ]; }
give() { spillctl 1 -q offload role local dport 5000 to n2; }
take() { spillctl 1 -q recall role offloaded; }
offloaded() { # id local remote, as the origin has them
	spillctl 1 -j conns role offloaded |
		jq -r '.conns[] | "\(.id) \(.local_addr):\(.local_port) \(.remote_addr):\(.remote_port)"' | sort
}
hosted() { # the same, as the target says
	spillctl 2 -j conns --hosted peer n1 |
		jq -r '.hosted[] | "\(.id) \(.local_addr):\(.local_port) \(.remote_addr):\(.remote_port)"' | sort
}
hosted_are() { # N
	[ "$(spillctl 2 -H conns --hosted | wc -l)" = "$1" ] &&
		[ "$(spillctl 2 -j peers | jq '.peers[] | select(.name == "n1") | .conns_hosted')" = "$1" ]
}
same() {
	offloaded > /tmp/offloaded
	hosted > /tmp/hosted
	cmp -s /tmp/offloaded /tmp/hosted
}
same_are() { # N
	hosted_are "$1" && same && [ "$(wc -l < /tmp/hosted)" = "$1" ]
}
# What is told anew begins with an empty list: it may look right before, and is not then.
same_soon() { # N: both have N, one by one the same
	wait_until -t 20 same_are "$1" || {
		note "$(wc -l < /tmp/offloaded) offloaded, $(wc -l < /tmp/hosted) hosted"
		return 1
	}
}
peers_settled() { wait_until -t 20 peers_up 1 2 && wait_until -t 20 peers_up 2 2; }

check "all connections are in the table" wait_until -t 20 all_local
check "nothing is hosted yet" hosted_are 0
give
check "all that was offloaded is hosted" same_soon $CONNS

rounds() { # N: recall and offload all, so often
	local i
	for i in $(seq "$1"); do
		take && give || return
	done
}
check "$((2 * CONNS * ROUNDS)) moves" rounds $ROUNDS
ids=$(spillctl 1 -H conns role offloaded | awk 'NR <= 20 { print $1 }')
# shellcheck disable=SC2086
spillctl 1 -q recall $ids
check "the same list on both nodes" same_soon $((CONNS - 20))

delivered() { [ "$(stat_of 1 control_msg_tx)" = "$(stat_of 1 control_msg_done)" ]; }
check "every message was acknowledged" wait_until -t 20 delivered
check "and came exactly once" [ "$(stat_of 1 control_msg_tx)" = "$(stat_of 2 control_msg_rx)" ]
for i in 1 2; do
	spillctl $i stats | grep -E 'control|hosted|rx_drop' | sed "s/^/# n$i /"
done
check "some chunks were sent again" [ "$(stat_of 1 control_resent)" -gt 0 ]
explained() {
	local sent came lost
	sent=$(stat_of 1 control_tx)
	came=$(($(stat_of 2 control_rx) + $(stat_of 2 control_duplicate) +
		$(stat_of 2 control_stale) + $(stat_of 2 control_beyond)))
	lost=$(tc -n n1 -s qdisc show dev lan0 | awk '/dropped/ { sub(",", "", $7); print $7 }')
	note "$sent chunks sent, $came came, the path lost $lost datagrams in all"
	[ $came -le "$sent" ] && [ $((sent - came)) -le "$lost" ] &&
		[ "$(stat_of 2 rx_drop_frame)" = 0 ] && [ "$(stat_of 1 rx_drop_frame)" = 0 ] &&
		[ "$(stat_of 2 control_msg_bad)" = 0 ] && [ "$(stat_of 2 hosted_refused)" = 0 ]
}
check "every chunk is accounted for" explained

# The target's device is made anew, sooner than the origin would notice by its silence,
# or later.
restart() { # I
	ip -n "n$1" link del spill0
	spillway_node "$1" 2 && peers_settled
}
check "the target's device is made anew" restart 2
note "$(conns_count 1 role offloaded) still offloaded"
give
check "the list is told again" same_soon $CONNS
check "the origin's device is made anew" restart 1
check "nothing is hosted any more" wait_until -t 20 hosted_are 0
wait_until -t 20 all_local
give
check "and all is, once it is offloaded again" same_soon $CONNS

# Nothing gets through for longer than a peer is waited for, at either end: a node that
# has not noticed keeps what it has offloaded, and only tells it again.
outage() {
	path_is loss 100%
	wait_until -t 20 hosted_are 0 && wait_until -t 20 all_local || return
	path_is loss 10% delay 4ms 3ms
	peers_settled && give && same_soon $CONNS
}
check "an outage empties the list, and it is told again" outage

# The queue holds one batch: what is refused is told all anew by the next heartbeats, also
# beside replication, which the devices that were made anew do.
overflow() {
	path_is delay 60ms loss 2%
	node_exec 1 sh -c 'echo 4 > /sys/class/net/spill0/spillway/control_kbytes'
	sleep 1
	rounds 4 || return
	same_soon $CONNS && [ "$(stat_of 1 control_msg_refused)" -gt 0 ]
}
check "a full queue loses nothing for good" overflow

# Connections that end are gone on the target, too.
scene_kill
check "what ended is not hosted any more" wait_until -t 30 hosted_are 0
