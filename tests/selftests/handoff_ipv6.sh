#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections of IPv6, and of IPv4 to a server that listens on IPv6 for both, go to another
# node and come back, several times: through a tunnel over IPv4, with strict reverse path
# filters. The target forwards no IPv6: what is handed over it need not forward.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
ROUNDS=5

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
for i in 1 2; do
	node_exec $i sysctl -qw net.ipv6.conf.all.forwarding=1
	node_start $i "$ANSWER" :: 7000 n$i
done
forwards() { # I
	spillctl "$1" -j peers | jq -e ".peers[0].forwards_ipv6" > /dev/null
}
check "both forward IPv6" wait_until forwards 1
wait_until forwards 2
capture_begin /tmp/pcap
sleep 0.5

check "a connection of IPv6" ask_open six fd00:10:1::2 7000
check "is answered" asked six one "n1 one"
check "a connection of IPv4" ask_open four 10.10.1.2 7000
check "is answered, too" asked four one "n1 one"

to_and_fro() {
	local i
	for i in $(seq $ROUNDS); do
		hand 1 2 sport 7000 && [ "$moved" = 2 ] &&
			asked six "$i" "n2 $i" && asked four "$i" "n2 $i" &&
			hand 2 1 sport 7000 && [ "$moved" = 2 ] &&
			asked six "$i" "n1 $i" && asked four "$i" "n1 $i" || {
			note "round $i: $moved moved, $stayed stayed, $lost lost: $why"
			return 1
		}
	done
}
check "both go to n2 and come back, $ROUNDS times" to_and_fro
hand 1 2 sport 7000
listed() {
	spillctl 2 -H moved | awk '{ print $4 }' | sort > /tmp/listed
	printf '%s\n' 10.10.1.2:7000 '[fd00:10:1::2]:7000' | sort | cmp - /tmp/listed
}
check "n2 lists both, with the address of n1" listed
long_answered() {
	[ "$(ask six "long 60000" | wc -c)" = $((60000 + 3 + 10 + 1)) ]
}
check "a long answer comes whole from there" long_answered
hands_tell
ask_close six
ask_close four
check "nothing is left on either node" all_gone 7000
capture_end
check "the remote saw two connections and nothing odd" flawless /tmp/pcap 7000 2
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
