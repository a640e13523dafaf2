#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be moved is refused with its reason, and nothing of its batch is moved: a
# peer that is unknown, oneself, down or draining, a connection that is gone, named
# twice, offloaded already, not offloaded, or inside the pool.
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 18
scene_begin
pool_create 3
remotes_create 1
spillway_up 3 || exit 1
remote_start 1 "$STREAM" serve 5000 &> /dev/null
node_start 2 "$STREAM" serve 5002 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run 10.20.1.2 5000 3 600 20000 > /tmp/out 2>&1 &
SCENE_JOBS+=($!)
there() { [ "$(conns_count 1 dport 5000)" = 3 ]; }
wait_until there
read -r -d '' a b c <<< "$(spillctl 1 -H conns dport 5000 | awk '{ print $1 }')"
note "connections $a $b $c"

offloaded() { # how many, and which
	spillctl 1 -H conns role offloaded | awk '{ print $1 }' | sort -n | tr '\n' ' '
}

# refused STATUS WORDS ARGS...: spillctl says WORDS, ends with STATUS, nothing moves
refused() {
	local status=$1 words=$2 before got
	shift 2
	before=$(offloaded)
	spillctl 1 "$@" > /tmp/said 2>&1
	got=$?
	if [ $got = "$status" ] && grep -q -e "$words" /tmp/said && [ "$(offloaded)" = "$before" ]; then
		ok "$*: $words"
	else
		not_ok "$*: $words"
		note "status $got, offloaded before: $before, now: $(offloaded)"
		sed 's/^/# /' /tmp/said
	fi
}

refused 4 "no such peer" offload "$a" to nobody
refused 4 "no such peer" offload "$a" to n1
refused 4 no-such-connection offload "$a" 999999 to n2
refused 1 twice-in-batch offload "$a" "$b" "$a" to n2
refused 2 "not a number" offload "$a" x to n2
refused 2 usage offload "$a" n2
refused 1 not-offloaded recall "$a"

spillctl 1 peers set n2 admin drain
refused 1 peer-drains offload "$a" to n2
spillctl 1 peers set n2 admin ready
spillctl 1 key del n2
refused 1 "conn $a: refused: " offload "$a" to n2
spillway_keys 1 2

ip -n n3 link set spill0 down
is_down() { [ "$(spillctl 1 -H peers show n3 | awk '{ print $4 }')" = down ]; }
check "a silent peer is down" wait_until is_down
refused 1 peer-down offload "$a" to n3

up() { [ "$(spillctl 1 -H peers show n2 | awk '{ print $4 }')" = up ]; }
check "the other one is up again" wait_until -t 20 up
check "what can go goes" spillctl 1 -q offload "$a" to n2
check "and only that" [ "$(offloaded)" = "$a " ]
refused 1 offloaded-already offload "$b" "$a" to n2
refused 1 not-offloaded recall "$a" "$b"

node_exec 1 "$STREAM" run 10.99.0.2 5002 1 600 20000 > /dev/null 2>&1 &
SCENE_JOBS+=($!)
inside() { spillctl 1 -H conns dport 5002 | awk '{ print $1 }'; }
is_inside() { [ -n "$(inside)" ]; }
wait_until is_inside
refused 1 inside-pool offload "$(inside)" to n2
alive() { [ "$(node_exec 1 ss -Htn state established dport = :5000 | wc -l)" = 3 ]; }
check "all connections are still there" alive
