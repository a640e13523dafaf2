#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections that a node has opened move to another, where sockets wait for them: a pool
# of them to and fro, by IPv4 and IPv6, with the numbers of its questions unbroken. Where a
# move fails they go on, and who waited waits on. Who waits can leave at any time, and only
# who may waits at all.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
export SESSION=$PWD/build/lab/session
export POOL=$PWD/build/lab/pool
export ADOPTER=$PWD/build/lab/adopter
FAIL=/sys/module/spillway/parameters/fail_move
N=4

ktap_plan 44
scene_begin
pool_create 2
remotes_create 1
for i in 1 2; do
	ip netns exec n$i sysctl -qw net.ipv6.conf.all.forwarding=1
done
spillway_up 2 || exit 1
handoff_there
capture_begin /tmp/pcap
remote_start 1 "$SESSION" 7002 r1 > /tmp/session
sleep 0.5

# pool_open NAME NODE ADDRESS: a pool on that node, to a server there.
pool_open() {
	mkfifo "/tmp/to-$1" "/tmp/from-$1"
	exec {pool_in}<> "/tmp/to-$1" {pool_out}<> "/tmp/from-$1"
	eval "pool_in_$1=$pool_in pool_out_$1=$pool_out"
	# shellcheck disable=SC2016
	node_start "$2" bash -c 'exec "$1" "$2" 7002 < "$3" > "$4"' pool "$POOL" "$3" \
		"/tmp/to-$1" "/tmp/from-$1"
	eval "pool_job_$1=$!"
}
pool_only() { # NAME COMMAND: told says pool_told
	local to=pool_in_$1
	echo "$2" >&"${!to}"
}
pool_told() { # NAME: sets told
	local from=pool_out_$1
	read -r -t $((12 * ${LAB_SLOW:-1})) told <&"${!from}" || told="nothing came"
}
pool() { # NAME COMMAND ANSWER
	pool_only "$1" "$2"
	pool_told "$1"
	[ "$told" = "$3" ] && return
	note "$1: \"$2\" was answered with \"$told\", not \"$3\""
	return 1
}
outs_are() { # NODE N: connections to the server, opened by one of the two
	[ "$(conns_count "$1" dport 7002 dir out)" = "$2" ] &&
		[ "$(node_exec "$1" ss -Htn state established dport = :7002 | wc -l)" = "$2" ]
}

### to and fro

pool_open a 1 10.20.1.2
pool_open b 2 10.20.1.2
check "a pool is opened" pool a "open $N" "opened $N"
check "and asks" pool a ask "right $N of $N"
check "where nobody waits for it" pool a "give n2" "gave 0 kept $N"
check "it stays" pool a ask "right $N of $N"
check "its twin waits" pool b "adopt $N" "waits $N"
check "and gets it" pool a "give n2" "gave $N kept 0"
check "knows it" pool b "wait $N" "here $N"
check "and goes on with the next numbers" pool b ask "right $N of $N"
[ $KTAP_FAILED = 0 ] || exit 1
moved_whole() { outs_are 1 0 && outs_are 2 $N && moved_are 1 moved $N; }
check "as connections that a node has opened" wait_until -t 5 moved_whole
check "n1 waits in turn" pool a "adopt $N" "waits $N"
check "and gets them back" pool b "give n1" "gave $N kept 0"
to_and_fro() {
	local i
	for i in 1 2 3; do
		pool a "wait $N" "here $N" && pool a ask "right $N of $N" &&
			pool b "adopt $N" "waits $N" && pool a "give n2" "gave $N kept 0" &&
			pool b "wait $N" "here $N" && pool b ask "right $N of $N" &&
			pool a "adopt $N" "waits $N" && pool b "give n1" "gave $N kept 0" || {
			note "round $i"
			return 1
		}
	done
	pool a "wait $N" "here $N"
}
check "and so three times" to_and_fro
check "nothing is wrong with them" pool a ask "right $N of $N"

### it fails

# A move claims who waits at 100 ms, brings the image at 200 ms, and commits at 300 ms.
lan_set 2 delay 100ms
closes() { # SECONDS
	pool b "adopt 1" "waits 1" && pool_only a "give n2" && sleep "$1" &&
		pool b "leave 1" "waits 0" && pool_told a && [ "$told" = "gave 0 kept $N" ] &&
		pool a ask "right $N of $N" && return
	note "$told"
	return 1
}
check "who waits leaves before the image comes: all stay" closes 0.15
check "or after it" closes 0.25
lan_set 2 delay 0ms
pool b "adopt 1" "waits 1"
# Of the steps of fail_move those of the target: room, image, build, go.
fails() { # STEP
	echo "$1" > $FAIL
	pool a "give n2" "gave 0 kept $N" && pool a ask "right $N of $N"
	local status=$?
	echo 0 > $FAIL
	return $status
}
for step in 2 7 8 9; do
	check "where step $step fails all stay" fails $step
done
check "and who waited waits on" pool b "wait 0" "here 0"
check "for the first that comes" pool a "give n2" "gave 1 kept $((N - 1))"
check "which it gets" pool b "wait 1" "here 1"
check "whole" pool b ask "right 1 of 1"
check "and the others are where they were" pool a ask "right $((N - 1)) of $((N - 1))"

### by name, and by the operator

pool_only a ids
pool_told a
id=${told##* }
check "another waits for one by its id" pool b "adopt #$id" "waits 1"
hand 1 2 dport 7002 anytime
check "the operator hands all over" [ "$moved $stayed $lost" = "1 $((N - 2)) 0" ]
check "the others have nobody to go to" [ "$why" = no-listener ]
check "and that one comes" pool b "wait 2" "here 2"
check "with its number" pool b ask "right 2 of 2"

### who waits leaves

check "some wait" pool b "adopt 3" "waits 3"
check "and leave" pool b "leave 2" "waits 1"
check "and wait again" pool b "adopt 1" "waits 2"
# shellcheck disable=SC2154
{ kill -9 "$pool_job_b" && wait "$pool_job_b"; } 2> /dev/null
killed() { pool a ask "right $((N - 2)) of $((N - 2))" && outs_are 2 0; }
wait_until -t 5 outs_are 2 0
check "a pool is killed that has some and waits for others" killed
check "nobody waits there any more" pool a "give n2" "gave 0 kept $((N - 2))"

### IPv6

pool_open c 1 fd00:20:1::2
pool_open d 2 fd00:20:1::2
six() {
	pool c "open 2" "opened 2" && pool c ask "right 2 of 2" && pool d "adopt 2" "waits 2" &&
		pool c "give n2" "gave 2 kept 0" && pool d "wait 2" "here 2" &&
		pool d ask "right 2 of 2" && pool c "adopt 2" "waits 2" &&
		pool d "give n1" "gave 2 kept 0" && pool c "wait 2" "here 2" &&
		pool c ask "right 2 of 2"
}
check "the same with IPv6" six
pool_open e 2 ::ffff:10.20.1.2
mapped() {
	pool e "adopt 1" "waits 1" && pool a "give n2" "gave 1 kept $((N - 3))" &&
		pool e "wait 1" "here 1" && pool e ask "right 1 of 1" &&
		pool e "adopt 1" "waits 1" && echo 9 > $FAIL &&
		pool a "give n2" "gave 0 kept $((N - 3))" && echo 0 > $FAIL &&
		pool a "give n2" "gave 1 kept 0" && pool e "wait 2" "here 2" &&
		pool e ask "right 2 of 2"
}
check "and with IPv4 on a socket of IPv6" mapped
echo 0 > $FAIL

### bad input

says() { # COMMAND...
	node_exec 1 "$@" > /tmp/adopter && return
	sed 's/^/# /' /tmp/adopter
	return 1
}
check "a socket that waits behaves, and bad input is refused" says "$ADOPTER" all
check "who may not cannot" says setpriv --reuid 65534 --regid 65534 --clear-groups \
	--bounding-set -all "$ADOPTER" denied
node_exec 1 sh -c 'echo 20 > /sys/class/net/spill0/spillway/adopt_max'
check "no more than may wait" says "$ADOPTER" limit 20
check "which is counted" [ "$(stat_of 1 adopt_refused)" = 1 ]

### the end

for name in a c d e; do
	pool_only $name "quit"
	job=pool_job_$name
	kill "${!job}"
done
check "nothing is left on either node" all_gone 7002
capture_end
check "the remote's link saw nothing odd" flawless /tmp/pcap 7002 $((N + 2))
node_start 1 "$ADOPTER" device > /tmp/device
device=$!
wait_until -t 5 grep -q waits /tmp/device
node_exec 1 ip link del spill0
wait "$device"
ended=$?
grep -v waits /tmp/device | sed 's/^/# /'
check "who waits when the device goes is told" [ $ended = 0 ]
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
