#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Twenty bulk connections, half of them opened by the node and half accepted, data both
# ways, are offloaded and recalled every 200 ms for 60 s: every byte right, nothing
# reset, no retransmission storm, and a capture on the device shows the inner packets.
. tests/lab/scene.sh
. tests/lab/spillway.sh
SECONDS_TOTAL=68	# of traffic
SECONDS_FLAP=60
RATE=150000

ktap_plan 9
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1

remote_start 1 "$STREAM" serve 5000 &> /tmp/serve-r1
node_start 1 "$STREAM" serve 5001 &> /tmp/serve-n1
sleep 0.5
node_exec 1 nstat -rn
remote_exec 1 nstat -rn
node_exec 1 "$STREAM" run 10.20.1.2 5000 10 $SECONDS_TOTAL $RATE > /tmp/out &
out=$!
remote_exec 1 "$STREAM" run 10.10.1.2 5001 10 $SECONDS_TOTAL $RATE > /tmp/in &
in=$!
all_there() { [ "$(conns_count 1 role local)" = 20 ]; }
check "all connections are in the table" wait_until -t 20 all_there
node_start 1 tcpdump -i spill0 -nn -c 50 -w /tmp/spill0.pcap tcp 2> /dev/null

node_exec 1 "$FLAP" 10.20.1.2 2 200 $SECONDS_FLAP > /tmp/moves
check "no move was refused" [ $? = 0 ]
moves=$(cut -d' ' -f1 /tmp/moves)
note "$moves moves of up to 20 connections, $(stat_of 1 offloaded) connections offloaded"
spillctl 1 conns

wait $out
check "outbound: every byte right" [ $? = 0 ]
wait $in
check "inbound: every byte right" [ $? = 0 ]
sed 's/^/# /' /tmp/out /tmp/in
check "a move came every 200 ms" [ "$moves" = $((SECONDS_FLAP * 5)) ]

count() { # NS NAME: since the start
	ip netns exec "$1" nstat -saz "$2" | awk -v n="$2" '$1 == n { print $2 }'
}
resets=0
for ns in n1 r1; do
	for name in TcpOutRsts TcpEstabResets; do
		resets=$((resets + $(count $ns $name)))
	done
done
check "no reset" [ $resets = 0 ]
sent=$(($(count n1 TcpOutSegs) + $(count r1 TcpOutSegs)))
again=$(($(count n1 TcpRetransSegs) + $(count r1 TcpRetransSegs)))
note "$again of $sent segments sent again, relayed $(stat_of 1 tx_packets)"
check "no retransmission storm: below 2 %" [ $((again * 50)) -lt $sent ]
check "thousands of packets were relayed" [ "$(stat_of 1 tx_packets)" -gt 5000 ]
sleep 1
inner=$(tcpdump -nn -r /tmp/spill0.pcap 2> /dev/null | grep -c '10.10.1.2.*> 10.20.1.2')
note "$inner inner packets in the capture"
check "the capture on spill0 shows the inner packets" [ "$inner" -ge 20 ]
