#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# redis on both nodes with the same content, under redis-benchmark with connections that it
# keeps, and beside it a redis-cli whose answers are compared one by one: all go to and fro
# meanwhile. redis-benchmark ends well, each answer is right, and their link saw no
# connection more than before. A guest that skips idle time has time for both.
# lab: --icount
# SPW_MOVES=100 in the environment: so often for each connection.
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
MOVES=${SPW_MOVES:-20}
CONNS=8
KEYS=100

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
spillway_rekey 2
# Between an answer and the next request there is a round trip.
netem_set rtr r1 delay 10ms limit 5000
netem_set rtr n1 delay 10ms limit 5000

redis_start() { # I
	mkdir -p /tmp/redis$1
	node_start "$1" redis-server --port 6379 --bind 0.0.0.0 --protected-mode no \
		--dir /tmp/redis$1 --save '' --appendonly no --timeout 0 --tcp-keepalive 0 \
		> /tmp/redis$1/log
}
filled() { # I
	seq $KEYS | sed 's/.*/SET key:& value-&-of-the-same/' |
		node_exec "$1" redis-cli > /tmp/filled &&
		[ "$(grep -c OK /tmp/filled)" = $KEYS ]
}
for i in 1 2; do
	redis_start $i
done
for i in 1 2; do
	check "redis serves on n$i" wait_until filled $i
done

bench() { # REQUESTS
	remote_exec 1 redis-benchmark -h 10.10.1.2 -p 6379 -c $CONNS -k 1 -n "$1" -t get -r 1000 --csv
}
# How many requests last as long as the moves do: less than a second each time.
bench 1000 > /tmp/first
rate=$(awk -F'"' '/GET/ { print int($4) }' /tmp/first)
check "redis-benchmark runs" [ "${rate:-0}" -gt 10 ]
note "$rate requests a second"
wait_until sockets_are 1 6379 0

# Each question differs, and so does each answer.
questions() {
	local i
	for ((i = 1; ; i++)); do
		echo "ECHO question-$i" && echo "GET key:$((i % KEYS + 1))" || return
		sleep 0.02
	done
}
right_answers() { # N
	awk -v n="$1" -v keys=$KEYS 'BEGIN { for (i = 1; i <= n; i++)
		print "question-" i "\nvalue-" (i % keys + 1) "-of-the-same" }'
}
capture_begin /tmp/pcap
(questions 2> /dev/null | ip netns exec r1 redis-cli -h 10.10.1.2 -p 6379 > /tmp/answers 2>&1) &
SCENE_JOBS+=($!)
bench $((rate * MOVES)) &> /tmp/bench &
bench=$!
SCENE_JOBS+=("$bench")
check "all connections are there" wait_until sockets_are 1 6379 $((CONNS + 1))
sleep 0.5
judged /tmp/pcap 6379
begun=$handshakes

to_and_fro() {
	local i
	for i in $(seq $((MOVES / 2))); do
		hand_all 1 2 sport 6379 && [ "$all_moved" -ge $CONNS ] &&
			hand_all 2 1 sport 6379 && [ "$all_moved" -ge $CONNS ] || {
			note "round $i: $all_moved moved, then $stayed stayed, $lost lost: $why"
			return 1
		}
	done
}
check "$((CONNS + 1)) connections move $MOVES times each" to_and_fro
hands_tell
check "redis-benchmark still ran" kill -0 $bench
sleep 0.5
capture_end
bench_ends() { wait $bench && grep -q GET /tmp/bench && ! grep -qi err /tmp/bench; }
check "it ends well, without an error" bench_ends
sed 's/^/# /' /tmp/bench
answers() {
	local n
	cp /tmp/answers /tmp/answers-now
	n=$(($(wc -l < /tmp/answers-now) / 2))
	note "$n answers compared twice"
	[ $n -gt $((MOVES * 5)) ] && right_answers $n > /tmp/right &&
		head -n $((2 * n)) /tmp/answers-now | cmp - /tmp/right
}
check "every answer to redis-cli was right" answers
check "no connection began anew, and nothing was odd" flawless /tmp/pcap 6379 "$begun"
scene_remote_ends() {
	ip netns pids r1 | xargs -r kill
	all_gone 6379
}
check "nothing is left on either node" scene_remote_ends
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
