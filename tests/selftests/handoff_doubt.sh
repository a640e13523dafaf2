#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The path to the target is cut when COMMIT has been sent: nobody knows where the endpoint
# is, and the application is not kept waiting for that. Nothing of it leaves meanwhile.
# When the path is back, it turns out to be at the target, or to have stayed: then what the
# application wanted to say in the meantime is said.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
TRACE=/sys/kernel/tracing

ktap_plan 17
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 10
lan_set 1 delay 100ms && lan_set 2 delay 100ms
for i in 1 2; do
	node_start $i "$ANSWER" 0.0.0.0 7000 n$i
done
mount -t tracefs tracefs $TRACE 2> /dev/null
echo 1 > $TRACE/events/spillway/spillway_move_origin/enable
sleep 2

cut() { ip -n lan link set "n$1" down; }
mend() { ip -n lan link set "n$1" up; }
committing() { grep -q ' to=5 ' $TRACE/trace; } # SPW_ORIGIN_COMMITTING
# in_doubt NAME NODE: its connection is given to n2, and that node cut off while COMMIT is
# under way. The command goes on.
in_doubt() {
	local port
	port=$(sockets 1 7000 | sed 's/.*://; s/ *$//')
	echo > $TRACE/trace
	node_exec 1 "$SPILLCTL" -j handoff sport 7000 dport "$port" to n2 anytime wait 30 > /tmp/hand &
	hand=$!
	wait_until -t 5 committing || {
		sed 's/^/# /' $TRACE/trace
		return 1
	}
	cut "$2"
}
told() { # moved|stayed
	wait "$hand"
	hand_status=$?
	: > $HANDS
	hand_read && [ "${!1}" = 1 ] && return
	note "$moved moved, $stayed stayed, $lost lost, status $hand_status: $why"
	return 1
}
muted() { [ "$(stat_of 1 move_muted)" = "$1" ]; }
# It takes a lock to tell all of a socket.
seen_at_once() {
	local from
	from=$(date +%s%N)
	node_exec 1 ss -Htmi "sport = :7000" > /tmp/seen
	[ $((($(date +%s%N) - from) / 1000000)) -lt 1000 ] && [ -s /tmp/seen ]
}
none_of() { # FILE: nothing of n1's address left n1
	[ "$(tcpdump -nn -r "$1" 'src 10.10.1.2 and tcp port 7000' 2> /dev/null | wc -l)" = 0 ]
}
silent_begin() {
	ip netns exec n1 tcpdump -i up0 -nn -U -w "$1" tcp 2> "$1.says" &
	silent=$!
	SCENE_JOBS+=("$silent")
	wait_until grep -q listening "$1.says"
}
silent_end() {
	kill $silent
	wait $silent
	return 0
}

### it is at the target

check "a question is answered" ask_open one 10.10.1.2 7000
check "by the origin" asked one hello "n1 hello"
check "COMMIT arrives, its answer does not" in_doubt one 1
check "the application does not wait for long" wait_until -t 1 muted 1
silent_begin /tmp/silent1
check "nor who looks at its socket" seen_at_once
sleep 1
silent_end
check "nothing leaves the origin" none_of /tmp/silent1
mend 1
check "when the path is back it has moved" told moved
check "the target answers" asked one again "n2 again"
check "it is one endpoint" sockets_are 1 7000 0
ask_close one

### it stayed

sleep 2
check "another question is answered" ask_open two 10.10.1.2 7000
ask_only two "wait 2000"
sleep 0.2
check "COMMIT does not arrive, while the application thinks" in_doubt two 2
check "it does not wait for long" wait_until -t 1 muted 2
silent_begin /tmp/silent2
sleep 3
silent_end
check "what it says does not leave the origin" none_of /tmp/silent2
# What the socket took now would be lost with it.
untaken() { node_exec 1 ss -Htn "sport = :7000" | awk '{ n++; sum += $3 } END { exit !(n == 1 && !sum) }'; }
check "nor is it taken" untaken
mend 2
check "when the path is back it has stayed" told stayed
answered() { ask_said two && [ "$said" = "n1 wait 2000" ]; }
check "and what it had to say arrives" answered
ask_close two
check "nothing is left on either node" all_gone 7000
