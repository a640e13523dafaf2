#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random bytes both ways at once, with data in every queue; the endpoints go to and fro
# between two nodes at random moments, over a path of 30 ms without loss and with 2 % in
# each direction. Every byte is right at both ends, and so is the SHA-256 of what each end
# read and wrote in all; and the remote's link sees nothing
# that one pair of endpoints would not do, nor more duplicate acknowledgments at once
# than with connections that are never moved.
# SPW_MOVES=1000 in the environment: so many moves for each loss.
# lab: --icount --mem 3072
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
MOVES=${SPW_MOVES:-20}
LOSSES=${SPW_LOSSES:-0% 2%}
CONNS=3
RATE=150000
FAIL=/sys/module/spillway/parameters/fail_move

ktap_plan 20
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
spillway_rekey 2
no_bursts
mkdir /tmp/moved /tmp/unmoved
for i in 1 2; do
	node_start $i "$BATON" serve 0.0.0.0 7000 /tmp/moved > /tmp/serve-$i
done
node_start 1 "$BATON" serve 0.0.0.0 7001 /tmp/unmoved > /tmp/unmoved-serve
sleep 0.5

# Between the routers, so that the remote's link carries all that the remote sends.
path_is() { # LOSS
	netem_set rtr r1 delay 15ms loss "$1" limit 5000 &&
		netem_set rtr n1 delay 15ms loss "$1" limit 5000
}

declare -A at
streams_begin() { # LOSS
	local port
	ip netns exec r1 ip tcp_metrics flush
	remote_start 1 "$BATON" remote 10.10.1.2 7000 $CONNS 0 $RATE > /tmp/remote
	streams=$!
	remote_start 1 "$BATON" remote 10.10.1.2 7001 $CONNS 0 $RATE > /tmp/remote-unmoved
	others=$!
	wait_until sockets_are 1 7000 $CONNS && wait_until sockets_are 1 7001 $CONNS || return
	at=()
	for port in $(sockets 1 7000 | sed 's/.*://'); do
		at[${port// /}]=1
	done
	sleep 2
}

moves() {
	local i port ports=("${!at[@]}") from to
	for i in $(seq "$MOVES"); do
		sleep "0.$(printf %03d $((RANDOM % 400)))"
		port=${ports[RANDOM % CONNS]}
		# One in three in two phases, as where the target is not ready for one (14).
		[ ! -e $FAIL ] || echo $((i % 3 ? 0 : 14)) > $FAIL
		from=${at[$port]}
		to=$((3 - from))
		hand "$from" $to sport 7000 dport "$port" anytime && [ "$moved" = 1 ] || {
			note "move $i of $port from n$from: $moved moved, $stayed stayed, $lost lost: $why"
			return 1
		}
		at[$port]=$to
	done
}

streams_end() {
	kill -TERM "$streams" "$others"
	wait "$streams"
}
others_end() { wait "$others"; }

told() { # FILE...: and the state that was left is taken
	sed 's/^/# /' "$@"
	set -- /tmp/moved/*
	[ ! -e "$1" ] || {
		note "left: $*"
		return 1
	}
}

# What one end has read is what the other has written, whichever node that was.
same_sums() {
	awk '
		{ sub(/,.*sums/, " sums") }
		/^conn .* right/ { want[$4 + 0] = $NF " " $(NF - 1); n++ }
		/: right/ { sub(/.*-/, "", $1); got[$1 + 0] = $(NF - 1) " " $NF }
		END {
			for (port in want)
				if (want[port] != got[port] || length(want[port]) != 129) {
					print "# port " port ": " want[port] " but " got[port]
					n = 0
				}
			exit n != '$CONNS'
		}' /tmp/remote /tmp/serve-1 /tmp/serve-2
}

# Twice as many where loss makes them, and those few that a move makes.
no_more_duplicates() { # LOSS
	local client server stale again
	judged /tmp/pcap 7001
	client=$client_row server=$server_row again=$server_again stale=$server_stale
	judged /tmp/pcap 7000
	note "duplicate ACKs at once: of the remote $client_row (unmoved $client), of the nodes $server_row ($server)"
	note "segments sent again by the nodes: $server_again (unmoved $again), for nothing $server_stale ($stale)"
	# Behind a lost segment comes the rest of a window: twice the first is no surprise.
	[ "$1" = 0% ] || client=$((client > 10 ? 2 * client : 20)) \
		server=$((server > 10 ? 2 * server : 20))
	[ "$client_row" -le $((client + 3)) ] && [ "$server_row" -le $((server + 3)) ]
}

round() { # LOSS
	local loss=$1
	path_is "$loss"
	: > $HANDS
	capture_begin /tmp/pcap
	check "$loss: streams begin" streams_begin
	check "$loss: $MOVES moves" moves
	sleep 2
	check "$loss: every byte is right" streams_end
	check "$loss: by its SHA-256 too" same_sums
	check "$loss: and of those that were not moved" others_end
	path_is 0%
	capture_end
	check "$loss: each went on where it had been left" told /tmp/remote /tmp/remote-unmoved
	hands_tell
	check "$loss: the remote's link saw nothing odd" flawless /tmp/pcap 7000 $CONNS
	check "$loss: nor did that of those that were not moved" flawless /tmp/pcap 7001 $CONNS
	check "$loss: no burst of duplicate acknowledgments" no_more_duplicates "$loss"
}

for loss in $LOSSES; do
	round "$loss"
done
ahead() {
	note "images sent ahead: $(stat_of 1 move_ahead) + $(stat_of 2 move_ahead), moves that shipped what was new: $(stat_of 1 move_patched) + $(stat_of 2 move_patched)"
	[ $(($(stat_of 1 move_patched) + $(stat_of 2 move_patched))) -gt 0 ]
}
check "of large ones only what was new was shipped" ahead
grep -h 'wrong\|nobody' /tmp/serve-1 /tmp/serve-2 | sed 's/^/# /'
check "nothing is left on either node" all_gone 7000 7001
