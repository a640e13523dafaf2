#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --icount
# Floods at ten times the rate of the real traffic, at the tunnel's port of both nodes:
# random bytes, forged tags, replays inside and outside the window. Relay goes on and
# every byte is right; each datagram is dropped with its reason; nothing is answered,
# logged or remembered. And a real datagram with each bit flipped, and cut at each length.
. tests/lab/scene.sh
. tests/lab/spillway.sh
FLOOD=build/lab/flood
RATE=8000	# of a flood, a second and node
COUNT=24000
SECONDS_TOTAL=40
WINDOW=8128	# numbers that the replay window holds

ktap_plan 23
scene_begin
pool_create 3
remotes_create 1
spillway_up 2 || exit 1

drops() { # NODE [REASON]: all datagrams that it has refused, or those for one reason
	spillctl "$1" stats | awk -v n="rx_drop_${2:-}" 'index($1, n) == 1 { s += $2 } END { print s + 0 }'
}
capture() { # FILE COUNT: of n1's datagrams to n2
	node_exec 2 timeout 20 tcpdump -p -i lan0 -Z root -U -c "$2" -w "$1" \
		src 10.99.0.1 and udp dst port 51821 2> /dev/null
}
unreclaimable() {
	awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}
lines_logged() {
	dmesg | wc -l
}
sent_icmp() { # NODE
	mib "n$1" IcmpOutMsgs
}
real_packets() {
	echo $(($(stat_of 1 tx_packets) + $(stat_of 2 tx_packets)))
}

# flood NAME REASON NODE KIND [FILE]: each is refused for that reason
flood() {
	local name=$1 reason=$2 node=$3 before sent answers got
	shift 3
	before=$(drops "$node" "$reason")
	read -r sent answers < <(node_exec 3 $FLOOD "10.99.0.$node" 51821 $RATE $COUNT "$@")
	got=$(($(drops "$node" "$reason") - before))
	note "$name: $sent sent, $got refused, $answers answered"
	check "$name: each refused, none answered" [ "$sent" -gt 0 -a "$got" = "$sent" -a "$answers" = 0 ]
}

remote_start 1 "$STREAM" serve 5000 &> /dev/null
wait_until remote_exec 1 sh -c 'ss -Hltn sport = 5000 | grep -q .'
node_exec 1 "$STREAM" run 10.20.1.2 5000 4 $SECONDS_TOTAL 200000 > /tmp/out &
stream=$!
all_there() { [ "$(conns_count 1 dport 5000)" = 4 ]; }
check "connections are there" wait_until all_there
spillctl 1 offload dport 5000 to n2 > /dev/null
check "and relayed" [ "$(conns_count 1 role offloaded)" = 4 ]
sleep 1

capture /tmp/old 200
old=$(stat_of 1 tx_packets)
logged=$(lines_logged) memory=$(unreclaimable) heard=$(link_stat n3 lan0 rx_packets)
icmp=(0 "$(sent_icmp 1)" "$(sent_icmp 2)")
begin=$(date +%s%N)
before=$(real_packets)

for node in 1 2; do
	flood "random bytes to n$node" '' $node random
done
flood "forged to n2" auth 2 forge /tmp/old
flood "forged to n1" no_key 1 forge /tmp/old
capture /tmp/recent 200
flood "replays inside the window" replay 2 replay /tmp/recent
note "$(($(stat_of 1 tx_packets) - old)) datagrams since the first were captured"
left_window() { [ $(($(stat_of 1 tx_packets) - old)) -gt $WINDOW ]; }
check "the first captured have left the window" wait_until -t 20 left_window
flood "replays outside the window" replay 2 replay /tmp/old

ms=$((($(date +%s%N) - begin) / 1000000))
real=$((($(real_packets) - before) * 1000 / ms))
note "real datagrams: $real a second, both ways; flood: $RATE"
check "real traffic went on" [ $real -gt 100 ]
check "the flood was ten times as much" [ $((real * 10)) -le $RATE ]

capture /tmp/one 200
flood "any bit flipped" '' 2 flip /tmp/one
flood "cut at any length" '' 2 cut /tmp/one

check "the connections are still relayed" [ "$(conns_count 1 role offloaded)" = 4 ]
note "log lines: $logged before, $(lines_logged) after"
check "nothing was logged" [ "$(lines_logged)" = "$logged" ]
# A leak of 8 bytes, the smallest object, for each would be more.
grown=$(($(unreclaimable) - memory))
note "unreclaimable slab grew by $grown kB in $((COUNT * 6)) datagrams"
check "memory did not grow" [ $grown -lt 800 ]
note "$(($(link_stat n3 lan0 rx_packets) - heard)) frames to n3 meanwhile"
check "n3 heard nothing but ARP" [ $(($(link_stat n3 lan0 rx_packets) - heard)) -lt 40 ]
for i in 1 2; do
	check "n$i sent no ICMP" [ "$(sent_icmp $i)" = "${icmp[i]}" ]
	check "n$i has not moved its peer" [ "$(spillctl $i -j peers | jq -r '.. | .endpoint? // empty')" = "10.99.0.$((3 - i)):51821" ]
done
wait $stream
check "every byte right" [ $? = 0 ]
sed 's/^/# /' /tmp/out
check "no reset" [ "$(mib n1 TcpEstabResets)" = 0 ]
