#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A server that knows Spillway: who has logged in and how many requests there were goes
# along with the connection, which it gives away itself, to and fro, also by IPv6. Where it
# stays the server is told, and goes on. Bad input is refused and changes nothing, nor does
# anyone need a privilege.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
export SESSION=$PWD/build/lab/session
export SOCKOPTS=$PWD/build/lab/sockopts

ktap_plan 26
scene_begin
pool_create 2
remotes_create 1
for i in 1 2; do
	ip netns exec n$i sysctl -qw net.ipv6.conf.all.forwarding=1
done
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
capture_begin /tmp/pcap
for i in 1 2; do
	node_start $i "$SESSION" 7000 n$i > /tmp/session-$i
done
node_start 1 "$SESSION" 7001 n1 > /tmp/session-alone
remote_start 1 "$SESSION" 7002 r1 > /tmp/session-r1
sleep 0.5

setting() { # I NAME VALUE
	node_exec "$1" sh -c "echo $3 > /sys/class/net/spill0/spillway/$2"
}

### to and fro

check "a connection is opened" ask_open a 10.10.1.2 7000
check "and somebody logs in" asked a "login ann" "n1 ann 1"
check "the server gives it to n2" asked a "give n2" "n1 ann 2"
check "where it is known who that is" asked a "who" "n2 ann 3"
[ $KTAP_FAILED = 0 ] || exit 1
there() { sockets_are 1 7000 0 && sockets_are 2 7000 1 && moved_are 1 moved 1; }
check "and has a socket, the only one" there
check "n2 gives it back, to whom it likes" asked a "give" "n2 ann 4"
check "n1 goes on" asked a "who" "n1 ann 5"
# What one leaves behind would soon be more than that.
setting 1 session_kbytes 1
setting 2 session_kbytes 1
to_and_fro() {
	local n=5 i
	for i in $(seq 10); do
		asked a "give n2" "n1 ann $((n + 1))" && asked a "login ann$i" "n2 ann$i $((n + 2))" &&
			asked a "give n1" "n2 ann$i $((n + 3))" &&
			asked a "login ann" "n1 ann $((n + 4))" || {
			note "round $i"
			return 1
		}
		n=$((n + 4))
	done
}
check "and so ten times" to_and_fro
handed() { # FROM TO
	hand "$1" "$2" sport 7000 && [ "$moved $stayed $lost" = "1 0 0" ] && return
	note "$moved moved, $stayed stayed, $lost lost: $why"
	return 1
}
check "the operator hands it over" handed 1 2
check "and the session goes along" asked a "who" "n2 ann 46"
check "and comes back" handed 2 1
check "with it" asked a "who" "n1 ann 47"

### it stays

check "where n2 has no room for the session" setting 2 session_kbytes 0
hand 1 2 sport 7000
check "a connection stays" [ "$moved $stayed $lost" = "0 1 0" ]
note "because: $why"
check "and so does its session" asked a "who" "n1 ann 48"
setting 2 session_kbytes 64
ask_open b 10.10.1.2 7001
asked b "login bob" "n1 bob 1"
asked b "give n2" "n1 bob 2"
# 2: SPILLWAY_MOVE_STAYED; 22: SPILLWAY_REASON_MOVE_LISTENER
check "the server is told that it stayed, and why" asked b "state" "n1 bob 3 result 2 reason 22"
check "and can try again" asked b "give n2" "n1 bob 4"
check "with the same result" asked b "state" "n1 bob 5 result 2 reason 22"

### IPv6

six() {
	ask_open c fd00:10:1::2 7000 && asked c "login cid" "n1 cid 1" && asked c "give n2" "n1 cid 2" &&
		asked c "who" "n2 cid 3" && asked c "give n1" "n2 cid 4" && asked c "who" "n1 cid 5"
}
check "the same with IPv6" six

### bad input

setting 1 session_kbytes 256
says() { # NODE WHAT COMMAND...
	node_exec 1 "${@:2}" "$SOCKOPTS" "$1" 10.20.1.2 7002 > /tmp/sockopts && return
	sed 's/^/# /' /tmp/sockopts
	return 1
}
check "bad input is refused and changes nothing" says all
check "the same for a user without privileges" says all setpriv --reuid 65534 --regid 65534 \
	--clear-groups --bounding-set -all
without() {
	remote_exec 1 "$SOCKOPTS" none 10.10.1.2 7000 > /tmp/sockopts && return
	sed 's/^/# /' /tmp/sockopts
	return 1
}
check "without a device there is none of it" without
setting 1 session_kbytes 0
setting 1 handoff_asked 0
check "what the operator does not want is refused" says full
check "and the connection has noticed none of all that" asked a "who" "n1 ann 49"

### the end

for name in a b c; do
	ask_close $name
done
check "nothing is left on either node" all_gone 7000 7001
grep -hv 'new\|came' /tmp/session-? /tmp/session-alone | sort | uniq -c | sed 's/^/# /'
capture_end
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
