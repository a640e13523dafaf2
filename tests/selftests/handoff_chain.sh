#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections that are handed on from node to node: their packets come to take one hop, of
# IPv4 and IPv6, with data both ways and every byte right, from wherever they went to
# wherever they go then, also where answers go through the origin. What cannot be made
# shorter stays as it is, and so does what somebody does not hear of. When they are over
# no node has anything left of them.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
CONNS=2
RATE=20000
FAIL=/sys/module/spillway/parameters/fail_move
FOLLOW=11 WENT_ON=12 UNHEARD=13 # kmod/fault.h

ktap_plan 23
scene_begin
pool_create 4
remotes_create 1
spillway_up 4 || exit 1
handoff_there
mkdir /tmp/dir
for i in 1 2 3 4; do
	node_exec $i sysctl -qw net.ipv6.conf.all.forwarding=1
	node_start $i "$BATON" serve :: 7000 /tmp/dir > /tmp/serve-$i
done
# One for each gate of any node, besides those that are always there.
references() { cat /sys/module/spillway/refcnt; }
sleep 0.3
idle=$(references)

begin() {
	remote_start 1 "$BATON" remote 10.10.1.2 7000 $((CONNS - 1)) 0 $RATE > /tmp/four
	four=$!
	remote_start 1 "$BATON" remote fd00:10:1::2 7000 1 0 $RATE > /tmp/six
	six=$!
	wait_until sockets_are 1 7000 $CONNS
	sleep 0.3
}
end() {
	kill -TERM "$four" "$six"
	wait "$four"
	local status=$?
	wait "$six" && [ $status = 0 ] && return
	sed 's/^/# /' /tmp/four /tmp/six
	return 1
}
go() { # FROM TO...: all of them, from each to the next
	while [ $# -gt 1 ]; do
		if ! hand_all "$1" "$2" sport 7000 anytime || [ $all_moved != $CONNS ]; then
			note "n$1 to n$2: $all_moved moved, $stayed stayed, $lost lost: $why"
			return 1
		fi
		shift
	done
}

# What a node says of them: "moved n3", "arrived n1" or nothing.
says() { # I
	spillctl "$1" -H moved | awk '{ print $1, $2 }' | sort | uniq -c | awk '{ $1 = $1; print }'
}
are() { # FIRST MIDDLE... LAST: the first sends straight to the last
	local first=$1 last=${!#}
	[ "$(says "$first")" = "$CONNS moved n$last" ] &&
		[ "$(says "$last")" = "$CONNS arrived n$first" ] || return
	shift
	while [ $# -gt 1 ]; do
		[ -z "$(says "$1")" ] || return
		shift
	done
}
one_hop() { # likewise, soon
	local i
	for i in $(seq 30); do
		sleep 1
		are "$@" && return
	done
	for i in 1 2 3 4; do
		note "n$i: $(says $i | tr '\n' ','), unshortened $(stat_of $i move_unshortened)"
	done
	return 1
}
# Packets that a node sends on, or is sent for a connection that came, in a second.
flow() { # I COUNTER
	local before
	before=$(stat_of "$1" "$2")
	sleep 1
	echo $(($(stat_of "$1" "$2") - before))
}
past() { # MIDDLE LAST: nothing goes through the one, all of it to the other
	local through straight
	through=$(flow "$1" move_forwarded)
	straight=$(flow "$2" move_steered)
	note "in a second $through through n$1, $straight to n$2"
	[ "$through" = 0 ] && [ "$straight" -gt 5 ]
}
free() { [ "$(references)" = "$idle" ]; }
all_free() {
	local i
	for i in $(seq 70); do
		sleep 1
		free && return
	done
	note "$(($(references) - idle)) references"
	for i in 1 2 3 4; do spillctl $i moved | sed "s/^/# n$i: /"; done
	return 1
}
fail() { echo "$1" > $FAIL; }

### there, and home

check "streams of IPv4 and IPv6 begin" begin
check "they go to n2, and on to n3" go 1 2 3
check "n1 sends straight to n3, and n2 has nothing to do with them" one_hop 1 2 3
check "no packet crosses n2 any more" past 2 3
told() { [ "$(stat_of 1 move_shortened)" = $CONNS ]; }
check "n1 has counted that" told
check "they come home from n3" go 3 1
check "nothing is left of them but the connections" all_free

### from one to the next, back and forth, with answers through n1

for i in 1 2 3 4; do
	node_exec $i sh -c "echo 1 > /sys/class/net/spill0/spillway/handoff_return"
done
check "to n2, n3 and n4, one behind the other" go 1 2 3 4
check "it ends up as one hop" one_hop 1 2 3 4
returned() {
	local before2 before1
	before2=$(stat_of 2 move_returned) before1=$(stat_of 1 move_returned)
	sleep 1
	[ "$(stat_of 2 move_returned)" = "$before2" ] &&
		[ "$(stat_of 1 move_returned)" -gt $((before1 + 5)) ]
}
check "answers leave n1, and do not cross n2" returned
check "back to n3 and n2 and on to n4, with no time in between" go 4 3 2 4
check "it ends up as one hop" one_hop 1 2 3 4
check "no answer was dropped as another's" [ "$(stat_of 1 rx_drop_moved)" = 0 ]
check "and home" go 4 1

### who will not, or does not hear of it

stays() { # FIRST MIDDLE LAST, as a chain
	[ "$(says "$1")" = "$CONNS moved n$2" ] && [ "$(says "$2")" = "$CONNS moved n$3" ] &&
		[ "$(says "$3")" = "$CONNS arrived n$2" ] &&
		[ "$(flow "$2" move_forwarded)" -gt 5 ]
}
if [ -e $FAIL ]; then
	fail $FOLLOW
	check "where n3 will not, it stays a chain, and works" \
		eval "go 1 2 3 && sleep 3 && stays 1 2 3"
	fail $WENT_ON
	check "likewise where n1 will not" eval "sleep 4 && stays 1 2 3"
	fail $UNHEARD
	check "where n2 does not hear from n1, n3 tells it" one_hop 1 2 3
	fail 0
else
	for i in 1 2 3; do ok "the module has no switch for it # SKIP"; done
	go 1 2 3 && one_hop 1 2 3
fi
cut() { # the path to n1, in the midst
	go 3 4 && ip -n lan link set n1 down && sleep 3 && ip -n lan link set n1 up &&
		wait_until -t 30 peers_up 1 4
}
check "the path to n1 is cut for a while" cut
check "it is one hop once that is there again" one_hop 1 3 4
spillctl 1 peers del n2
check "where n1 does not know n2, it stays a chain, and works" \
	eval "go 4 2 && sleep 3 && stays 1 4 2"
refused() { [ $(($(stat_of 1 move_unshortened) + $(stat_of 2 move_unshortened))) -gt 0 ]; }
check "that was counted" refused
check "every byte is right" end
check "the chain ends from end to end" all_free
