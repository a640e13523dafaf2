#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An hour of virtual time: twenty connections, data both ways, relayed through a network
# that loses one datagram of a hundred, with new keys every five seconds. Every byte right,
# no packet number used twice with one key, and each datagram that was sent was received,
# dropped for a reason that is counted, or lost by the network as it was told to.
# lab: --icount --shift 3 --mem 4096
. tests/lab/scene.sh
. tests/lab/spillway.sh
SPILLD=$PWD/build/ctl/spilld
SECONDS_TOTAL=${SPW_SECONDS:-3600}
CONNS=20
RATE=40000
WRITE=10000

ktap_plan 16
scene_begin
pool_create 2
remotes_create 1
spillway_load
lan_set 1 loss 1% delay 2ms limit 10000
lan_set 2 loss 1% delay 2ms limit 10000

config() { # I
	local i=$1 j=$((3 - $1))
	cat > "/tmp/c$i" <<-END
	{ "node": { "name": "n$i", "id": $i, "private_key_file": "$(node_key "$i")",
		    "rekey": "5s" },
	"peers": [ { "name": "n$j", "id": $j, "endpoint": "10.99.0.$j:51821",
	             "public_key": "$(node_public "$j")" } ],
	"sources": { "cgroup": "none", "uplink": "up0", "uplink_rate": "100mbit",
	             "count": [ "network" ] },
	"offload": { "enabled": false },
	"history": { "path": "/tmp/h$i.db" }, "status": { "socket": "/tmp/spilld$i" } }
	END
}

# What the node sends, each datagram by itself.
capture() { # I
	ip netns exec "n$1" tcpdump -i lan0 -Q out -s 80 -B 8192 -w "/tmp/n$1.pcap" \
		udp port 51821 2> "/tmp/tcpdump$1" &
	dumps+=($!)
	wait_until grep -q listening "/tmp/tcpdump$1"
}

given() { [ "$(conns_count 1 role offloaded dport 5000)" = $CONNS ]; }
give() {
	spillctl 1 -q offload role local dport 5000 to n2
	given
}

dumps=()
capture 1
capture 2
config 1
config 2
remote_start 1 "$STREAM" serve-lumps 5000 4000 2000 &> /tmp/served
node_start 1 "$SPILLD" -c /tmp/c1 2> /tmp/log1
node_start 2 "$SPILLD" -c /tmp/c2 2> /tmp/log2
check "the peers are up" wait_until -t 30 peers_up 1 2
node_exec 1 "$STREAM" run-lumps 10.20.1.2 5000 $CONNS "$SECONDS_TOTAL" $RATE $WRITE > /tmp/out &
stream=$!
check "all connections are relayed" wait_until -t 30 give
sleep $((SECONDS_TOTAL - 60))
check "and stay so" given
wait $stream
check "every byte right" [ $? = 0 ]

# Silence, so that all counters stand still: then what was sent has come or is lost.
for i in 1 2; do
	node_exec $i nft -f - <<-END
	table ip quiet {
		chain out {
			type filter hook output priority 0;
			oifname "lan0" udp dport 51821 drop
			oifname "lan0" tcp dport 51821 drop
			oifname "lan0" tcp sport 51821 drop
		}
	}
	END
done
sleep 3
kill -INT "${dumps[@]}"
wait "${dumps[@]}"
check "the captures are whole" [ "$(grep -hc '^0 packets dropped by kernel' /tmp/tcpdump1 /tmp/tcpdump2 |
	paste -sd+ | bc)" = 2 ]

sum() { # I PATTERN
	spillctl "$1" stats | awk -v p="^($2)\$" '$1 ~ p { n += $2 } END { print n + 0 }'
}
lost() { # I: by the network, on the way to node I
	tc -n lan -s -j qdisc show dev "n$1" | jq '[.[] | select(.kind == "netem") | .drops] | add'
}
came='rx_packets|heartbeat_rx|ack_rx|probe_rx|probe_reply_rx|control_(rx|ack_rx|duplicate|beyond|stale)'
for i in 1 2; do
	j=$((3 - i))
	numbers=$(build/lab/numbers 51821 /tmp/n$i.pcap)
	check "n$i: no number twice with one key" [ $? = 0 ]
	note "n$i: $numbers"
	keys=$(awk '{ print $3 }' <<< "$numbers")
	check "n$i: new keys all the time" [ "$keys" -ge $((SECONDS_TOTAL / 8)) ]
	sent=$(awk '{ print $1 }' <<< "$numbers")
	received=$(sum $j "$came") dropped=$(sum $j 'rx_drop_.*') tcp=$(mib "n$j" UdpRcvbufErrors)
	note "n$i to n$j: $sent sent, $received of use, $dropped dropped, $(lost $j) lost (TCP's too), ${tcp:-0} by UDP"
	# The network drops segments of the control connection as well.
	missing=$((sent - received - dropped))
	check "n$i: nothing comes twice" [ $missing -ge 0 ]
	check "n$i: nothing is missing but what the network lost" [ $missing -le "$(lost $j)" ]
	check "n$i: one of a hundred" [ $((missing * 50)) -lt "$sent" ]
done
spillctl 1 stats | awk '$2 { print "# n1 " $0 }'
check "nothing was dropped for want of a key" \
	[ $(($(sum 1 '.x_drop_(no_key|key_.*)') + $(sum 2 '.x_drop_(no_key|key_.*)'))) = 0 ]
