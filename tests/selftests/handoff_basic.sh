#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One connection, between a question and the next, goes to another node and comes back: who
# asks notices nothing, both nodes list it, and the module cannot be unloaded meanwhile.
# What cannot be moved stays, with the reason. When all connections are closed, nothing of
# them is left on either node.
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
CROWD=$PWD/build/bench/crowd

ktap_plan 32
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
capture_begin /tmp/pcap
for i in 1 2; do
	node_start $i "$ANSWER" 0.0.0.0 7000 n$i
done
node_start 1 "$ANSWER" 0.0.0.0 7001 n1
node_start 1 "$ANSWER" 0.0.0.0 7002 n1
node_start 2 "$ANSWER" 0.0.0.0 7002 n2 1
full=$!
sleep 0.5

went() { # FROM TO PORT
	hand "$1" "$2" sport "$3" && [ "$moved $stayed $lost" = "1 0 0" ] && return
	note "$moved moved, $stayed stayed, $lost lost: $why"
	return 1
}

check "a connection is opened" ask_open a 10.10.1.2 7000
check "n1 answers" asked a one "n1 one"
check "it is handed to n2" went 1 2 7000
[ $KTAP_FAILED = 0 ] || exit 1
check "n2 answers" asked a two "n2 two"
there() { sockets_are 1 7000 0 && sockets_are 2 7000 1 && sockets 2 7000 | grep -q '10.10.1.2:7000'; }
check "with a socket that has n1's address" there
listed() { # the same connection on both
	moved_are 1 moved 1 && moved_are 2 arrived 1 &&
		spillctl 1 -H moved | awk '{ print $3, $4, $5 }' > /tmp/listed1 &&
		spillctl 2 -H moved | awk '{ print $3, $4, $5 }' > /tmp/listed2 &&
		cmp /tmp/listed1 /tmp/listed2
}
check "both nodes list it" listed
held() { ! rmmod spillway 2> /tmp/rmmod && grep -qi 'in use\|busy\|unavailable' /tmp/rmmod; }
check "the module is held" held
sed 's/^/# /' /tmp/rmmod
long_answered() { # NODE
	[ "$(ask a "long 50000" | wc -c)" = $((50000 + 3 + 10 + 1)) ]
}
check "a long answer comes whole" long_answered
check "it is handed back" went 2 1 7000
check "n1 answers again" asked a three "n1 three"
home() { sockets_are 1 7000 1 && sockets_are 2 7000 0; }
check "with its own socket" home
spillctl 1 moved | sed 's/^/# n1 /'
spillctl 2 moved | sed 's/^/# n2 /'

to_and_fro() {
	local i
	for i in $(seq 10); do
		went 1 2 7000 && asked a "$i" "n2 $i" && went 2 1 7000 && asked a "$i" "n1 $i" || {
			note "round $i"
			return 1
		}
	done
}
check "and so ten times" to_and_fro

# While the server is at work on an answer: it waits, or stays.
at_work() {
	ask_only a "wait 1500"
	sleep 0.3
	hand 1 2 sport 7000
	note "while it is answered: $moved moved, $stayed stayed: $why"
	[ "$lost" = 0 ] && ask_said a && [[ $said = n?" wait 1500" ]]
}
check "an answer that takes its time comes" at_work
# Where nothing was asked since, too.
unused() {
	sockets_are 1 7000 1 || went 2 1 7000
}
check "and the connection goes back at once" unused
sockets_are 1 7000 1 || { ask a x > /tmp/asked; hand 2 1 sport 7000; }

### what stays

check "a connection to a port that n2 does not serve" ask_open b 10.10.1.2 7001
asked b x "n1 x"
hand 1 2 sport 7001
check "it stays: nobody listens there" [ "$moved $stayed $lost $why" = "0 1 0 no-listener" ]
check "and is answered here" asked b one "n1 one"

# One that the server never accepts, and as many more as fit.
fill() {
	kill -STOP $full
	ask_open c 10.10.1.2 7002 && asked c x "n1 x" || return
	local i
	for i in 1 2 3 4; do
		# shellcheck disable=SC2016
		remote_start 1 bash -c 'exec 3<>/dev/tcp/10.10.2.2/7002 && sleep 100' 2> /dev/null
	done
	wait_until full_there
}
full_there() { [ "$(node_exec 2 ss -Htln 'sport = :7002' | awk '{ print $2 }')" -ge 2 ]; }
check "the accept queue of n2 is full" fill
hand 1 2 sport 7002
check "a connection stays because of that" [ "$moved $stayed $lost $why" = "0 1 0 backlog-full" ]
check "and is answered here, too" asked c one "n1 one"
refused() { ! spillctl 1 handoff sport 7000 to n9 wait 5 2> /tmp/refused && [ -s /tmp/refused ]; }
check "to a peer that is not known nothing goes" refused
sed 's/^/# /' /tmp/refused
refused_itself() { ! spillctl 1 handoff sport 7000 to n1 wait 5 2> /tmp/refused; }
check "nor to the node itself" refused_itself
check "the first connection is still answered" asked a four "n1 four"

# More than n2 keeps account of: as many as may be told it, and this one beside them.
crowded() {
	node_exec 2 sh -c "echo 1024 > /sys/class/net/spill0/spillway/conns_max"
	node_start 2 "$CROWD" serve 0.0.0.0 7010
	sleep 0.2
	coproc ASKS { exec ip netns exec r1 "$CROWD" ask 10.10.2.2 7010 1030; }
	SCENE_JOBS+=("$ASKS_PID")
	local said
	read -r -u "${ASKS[0]}" said && [ "$said" = ready ]
}
check "the table of n2 is full" crowded
hand 1 2 sport 7000
check "a connection stays because of that" [ "$moved $stayed $lost $why" = "0 1 0 no-room" ]
check "and is answered here once more" asked a five "n1 five"
echo end >&"${ASKS[1]}"
check "that they end makes room" wait_until went 1 2 7000
check "and what stayed is moved" asked a six "n2 six"

### the end

for name in a b c; do
	ask_close $name
done
check "nothing is left on either node" all_gone 7000 7001
hands_tell
capture_end
# The scene's own end closes what fills the queue; that is not of interest.
check "who asked saw one connection" flawless /tmp/pcap 7000 1
check "and so with what stayed" flawless /tmp/pcap 7001 1
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
