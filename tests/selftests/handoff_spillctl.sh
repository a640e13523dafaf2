#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the operator sees of endpoints that move: jobs, each connection's result, events on
# both nodes, refusals, exit statuses; and a node that is drained.
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh

ktap_plan 22
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
for i in 1 2; do
	# One connection at a time.
	node_start $i "$ANSWER" 0.0.0.0 7000 n$i
	node_start $i "$ANSWER" 0.0.0.0 7002 n$i
	node_start $i "$SPILLCTL" events > /tmp/events$i 2>&1
done
node_start 1 "$ANSWER" 0.0.0.0 7001 n1
sleep 0.5

# says STATUS WORDS...: what node 1 says is in /tmp/out and /tmp/err.
says() {
	local wanted=$1 got
	shift
	spillctl 1 "$@" > /tmp/out 2> /tmp/err
	got=$?
	[ $got = "$wanted" ] && return
	note "status $got:"
	sed 's/^/#   /' /tmp/out /tmp/err
	return 1
}
out() {
	grep -Eq -e "$1" /tmp/out || {
		sed 's/^/# /' /tmp/out
		return 1
	}
}
happened() { # NODE WORDS
	wait_until grep -Eq -e "$2" "/tmp/events$1" || {
		sed 's/^/# /' "/tmp/events$1"
		return 1
	}
}

opened() { ask_open a 10.10.1.2 7000 && ask_open b 10.10.1.2 7002 && ask_open c 10.10.1.2 7001; }
check "three connections are opened" opened
asked a x "n1 x" && asked b x "n1 x" && asked c x "n1 x" || exit 1
id() { # SPORT
	spillctl 1 -H conns sport "$1" | awk '{ print $1 }'
}
check "two go to where they are listened for" says 0 handoff "$(id 7000)" "$(id 7002)" to n2 wait 20
check "the job is named" out '^job 1: 2 connections$'
check "and what became of it" out '^job 1: 2 moved, 0 stayed, 0 lost in '
check "one to a port that nobody serves does not" says 1 handoff sport 7001 to n2 wait 20
check "with the reason" grep -Eq 'conn [0-9]+: stayed: no-listener' /tmp/err
check "both jobs are listed" says 0 -H job
check "as they ended" [ "$(awk '{ print $1, $3, $4, $5, $6, $7 }' /tmp/out | tr '\n' ' ')" = "1 2 2 0 0 0 2 1 0 1 0 0 " ]
check "one is shown" says 0 -j job show 1
whole='[.job.conns[] | select(.result == "moved" and .peer == "n2" and .image_bytes > 0
	and .blackout_us > 0)] | length'
check "with all that is known of its connections" [ "$(jq "$whole" /tmp/out)" = 2 ]
note "blackout $(jq -c '[.job.conns[].blackout_us]' /tmp/out) us"
check "a wait for it is over at once" says 0 job wait 1 0
check "it cannot be cancelled any more" says 1 job cancel 1
check "a job that is none is not found" says 4 job show 99
check "they are not among the node's own" says 2 conns role moved
check "but listed" [ "$(spillctl 1 -H moved peer n2 | grep -c ^moved)" = 2 ]

began() { happened 1 '^job +1 begun: 2 connections' && happened 1 '^job +1 over: 2 moved'; }
check "events tell of the job" began
told() { happened 1 '^conn .* moved .* -> n2' && happened 1 'stayed .*no-listener'; }
check "and of the connections" told
check "at the other node, too" happened 2 '^conn .* arrived '

check "they are answered there" asked a y "n2 y"
asked b y "n2 y"
spillctl 2 drain wait 20 > /tmp/out 2> /tmp/err
check "the other node is drained" [ $? = 0 ]
sed 's/^/# /' /tmp/out /tmp/err
home() { asked a z "n1 z" && asked b z "n1 z" && asked c z "n1 z"; }
check "all are answered where they began" home
for name in a b c; do
	ask_close $name
done
check "nothing is left on either node" all_gone 7000 7001 7002
