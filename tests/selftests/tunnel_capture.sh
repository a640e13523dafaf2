#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture of the tunnel as Wireshark sees it by tests/wireshark/spillway.lua: without
# keys the clear headers, with the keys that this scene installs every frame, datagrams
# of bursts included, and the TCP packets inside.
. tests/lab/scene.sh
. tests/lab/spillway.sh
LUA=tests/wireshark/spillway.lua

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1

# Keys that are known here: those of one direction have one id on both ends.
umask 077
for i in 1 2; do
	od -An -tx1 -N32 /dev/urandom | tr -d ' \n' > /tmp/key$i
	echo "0x$i$i $(cat /tmp/key$i)" >> /tmp/keys
done
spillctl 1 key set n2 rx id $((0x22)) --file /tmp/key2
spillctl 2 key set n1 rx id $((0x11)) --file /tmp/key1
sent=$(stat_of 1 tx_packets)
ip netns exec n1 tcpdump -i lan0 -nn -U --immediate-mode -B 16384 -w /tmp/capture udp port 51821 \
	2> /tmp/tcpdump &
tcpdump=$!
sleep 1
spillctl 1 key set n2 tx id $((0x11)) --file /tmp/key1
spillctl 2 key set n1 tx id $((0x22)) --file /tmp/key2
# Probes belong into the capture too.
ip -n n1 link set lan0 mtu 1400
sleep 0.5
ip -n n1 link set lan0 mtu 1500

remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run 10.20.1.2 5000 1 5 100000 > /tmp/out 2>&1 &
run=$!
there() { [ "$(conns_count 1 dport 5000)" = 1 ]; }
wait_until there
spillctl 1 -q offload dport 5000 to n2
wait $run
check "traffic ran" [ $? = 0 ]
sent=$(($(stat_of 1 tx_packets) - sent))
# It stops at once, whatever it has not read yet; in blocks that would be a second of it.
sleep 2
kill $tcpdump
wait $tcpdump
sed 's/^/# /' /tmp/tcpdump

dissect() { # ARGS...
	tshark -X lua_script:$LUA -r /tmp/capture -T fields -E separator='|' "$@" \
		2> /tmp/stderr
}
dissect -o spillway.keyfile:/tmp/keys -Y spillway -e frame.number -e ip.src \
	-e spillway.key_id -e spillway.frame.type -e spillway.authentic -e tcp.dstport \
	-e spillway.heartbeat.node > /tmp/open
note "$(wc -l < /tmp/open) packets dissected, $sent datagrams of data sent"
grep -v 'Running as' /tmp/stderr | sed 's/^/# /'
tail -3 /tmp/open | sed 's/^/# /'

# of TYPE: frames of a type in all packets that n1 sent
of() {
	awk -F'|' -v t="$1" '$2 ~ /^10.99.0.1(,|$)/ {
		for (i = split($4, type, ","); i > 0; i--)
			n += type[i] == t
		} END { print n + 0 }' /tmp/open
}
note "frames of data from n1: $(of 1)"
check "every datagram of data is found in it, those of bursts too" [ "$(of 1)" = "$sent" ]
bursts=$(awk -F'|' '$4 ~ /1,1/ { n++ } END { print n + 0 }' /tmp/open)
check "there are bursts" [ "$bursts" -ge 3 ]
check "inner packets are TCP to the remote's port" \
	[ "$(awk -F'|' '$6 ~ /5000/ { n++ } END { print n + 0 }' /tmp/open)" -ge 20 ]
check "and come from the origin's address" grep -q '10\.99\.0\.1,10\.10\.1\.2' /tmp/open
check "heartbeats of both nodes are read" \
	[ "$(awk -F'|' '$4 == 2 { print $7 }' /tmp/open | sort -u | tr '\n' ' ')" = "1 2 " ]
check "probes are seen" [ "$(of 4)" -ge 1 ]
check "and replies" [ "$(awk -F'|' '$4 ~ /5/ { n++ } END { print n + 0 }' /tmp/open)" -ge 1 ]
known() { awk -F'|' '$3 == "0x00000011" || $3 == "0x00000022"' /tmp/open; }
check "all that these keys sealed is authentic" [ -z "$(known | awk -F'|' '$5 ~ /0|^$/')" ]

# A wrong key opens nothing.
echo "0x11 $(cat /tmp/key2)" > /tmp/wrong
right=$(dissect -o spillway.keyfile:/tmp/wrong -Y 'spillway.authentic == 1 || tcp' \
	-e frame.number -c 20 | wc -l)
check "a wrong key opens nothing" [ "$right" = 0 ]
headers=$(dissect -Y 'spillway.version == 1 && spillway.pn' -e spillway.key_id | wc -l)
all=$(tcpdump -nn -r /tmp/capture 2> /dev/null | wc -l)
check "without keys each packet shows its clear header" [ "$headers" = "$all" ]
