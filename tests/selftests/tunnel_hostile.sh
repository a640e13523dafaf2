#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Datagrams that are short, of no known type or key, from a wrong address, replayed or
# forged: each is dropped, counted by its reason, and not answered.
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 8
scene_begin
pool_create 3
spillway_up 3 || exit 1

# send HEX: from n3's own socket, not the tunnel's, to n1; dd makes it one datagram
send() {
	# shellcheck disable=SC2001
	printf '%b' "$(sed 's/../\\x&/g' <<< "$1")" > /tmp/datagram
	node_exec 3 bash -c 'dd if=/tmp/datagram bs=4096 2> /dev/null > /dev/udp/10.99.0.1/51821'
}
grew() { # COUNTER BEFORE
	[ "$(stat_of 1 "$1")" -gt "$2" ]
}
expect() { # NAME COUNTER HEX
	local before
	before=$(stat_of 1 "$2")
	send "$3"
	check "$1 is counted as $2" wait_until grew "$2" "$before"
}

rest=$(printf '00%.0s' $(seq 60))
answers=$(link_stat n3 lan0 rx_packets)
expect "a short datagram" rx_drop_short 01010000
expect "an unknown type" rx_drop_type "0207$rest"
expect "an unknown key" rx_drop_no_key "01010000deadbeef$rest"

# A real datagram of n2's, sent by n3.
node_exec 1 timeout 5 tcpdump -i lan0 -nn -c 1 -xx src 10.99.0.2 and udp port 51821 \
	2> /dev/null > /tmp/dump
datagram=$(awk '/^\t0x/ { for (i = 2; i <= NF; i++) printf "%s", $i }' /tmp/dump |
	   cut -c $(((14 + 20 + 8) * 2 + 1))-)
note "a datagram of n2: $datagram"
expect "a real one again, from elsewhere," rx_drop_replay "$datagram"
check "and the endpoint stays" [ "$(spillctl 1 -j peers show n2 | jq -r '.. | .endpoint? // empty')" = 10.99.0.2:51821 ]

before=$(stat_of 1 rx_drop_replay)
netem_set n2 lan0 duplicate 100%
check "each that comes twice is counted as rx_drop_replay" \
	wait_until grew rx_drop_replay "$before"
tc -n n2 qdisc del dev lan0 root

# The same key id with another secret: what n2 seals is forged for n1.
forge() {
	local secret
	spillctl 2 key del n1
	secret=$("$SPILLCTL" genkey)
	spillctl 2 key set n1 tx id "$((0x$(cut -c 9-16 <<< "$datagram")))" <<< "$secret"
	ip -n n2 link set spill0 down
	ip -n n2 link set spill0 up
}
before=$(stat_of 1 rx_drop_auth)
forge
check "a forged one is counted as rx_drop_auth" wait_until grew rx_drop_auth "$before"
# ARP and heartbeats of two peers come on n3's link; nothing else may.
note "packets to n3 meanwhile: $(($(link_stat n3 lan0 rx_packets) - answers))"
# n1 itself must have sent none; n3 hears of n2, whose device went down and up.
icmp=$(node_exec 1 nstat -az IcmpOutMsgs | awk '/IcmpOutMsgs/ { print $2 }')
check "nothing was answered" [ "$icmp" = 0 ]
