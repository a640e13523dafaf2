#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# New keys every five seconds under relayed connections: through many rotations, the end
# of a spilld, a clock that jumps, and a control connection that is cut: for a while, and
# until the keys end, when the connections return to local before. Every byte right, and
# no datagram without its key. Virtual time, for the keys' three minutes.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
SPILLD=$PWD/build/ctl/spilld

ktap_plan 31
scene_begin
pool_create 2
remotes_create 1
spillway_load

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

pids=()
spilld_start() { # I
	node_start "$1" "$SPILLD" -c "/tmp/c$1" 2>> "/tmp/log$1"
	pids[$1]=$!
}

control_of() { # I JQ
	echo status | timeout 5 curl -s --unix-socket "/tmp/spilld$1" telnet://spilld |
		jq -e ".control | $2"
}
epochs() { # I
	control_of "$1" '.peers[0].epochs'
}
epochs_above() { # I N
	[ "$(epochs "$1")" -gt "$2" ]
}
connected() { # I
	control_of "$1" '.peers[0].connected'
}
key_left_ms() { # I
	spillctl "$1" -j peers | jq '.peers[0].tx_key_left_ms // 0'
}
relayed() { # N: that many connections
	[ "$(conns_count 1 role offloaded)" = "$1" ]
}
local_again() {
	relayed 0
}

traffic() { # SECONDS
	node_exec 1 "$STREAM" run 10.20.1.2 5000 4 "$1" 20000 > /tmp/run &
	run=$!
	wait_until all_there || return
	spillctl 1 -q offload dport 5000 to n2
}
all_there() { [ "$(conns_count 1 role local dport 5000)" = 4 ]; }
traffic_ends() {
	wait "$run" && return
	sed 's/^/# /' /tmp/run
	return 1
}

# What was sent with a key that the other had not, or not any more, on both nodes.
without_key() {
	local i counter sum=0
	for i in 1 2; do
		for counter in tx_drop_no_key tx_drop_key_spent rx_drop_no_key rx_drop_key_old \
			rx_drop_auth rx_drop_replay; do
			sum=$((sum + $(stat_of $i $counter)))
		done
	done
	echo $sum
}

cut_control() { # add|delete: as a firewall between the nodes would
	local i
	for i in 1 2; do
		if [ "$1" = add ]; then
			node_exec $i nft -f - <<-END
			table ip cut {
				chain in {
					type filter hook input priority 0
					iifname "lan0" meta l4proto tcp drop
				}
			}
			END
		else
			node_exec $i nft delete table ip cut
		fi
	done
}

config 1
config 2
remote_start 1 "$STREAM" serve 5000 &> /dev/null
spilld_start 1
spilld_start 2
check "the peers are up" wait_until -t 20 peers_up 1 2
check "on both" wait_until -t 20 peers_up 2 2

### rotation

check "connections are offloaded" traffic 45
first=$(epochs 1)
sleep 40
last=$(epochs 1)
note "$((last - first)) rotations in 40 s"
check "six rotations and more" [ $((last - first)) -ge 6 ]
check "and not many more" [ $((last - first)) -le 9 ]
check "the connections stay relayed" relayed 4
check "every byte right" traffic_ends
check "no datagram without its key" [ "$(without_key)" = 0 ]
check "the kernel counts the keys" [ "$(stat_of 1 key_new)" -ge 8 ]
check "and tells how long they live" [ "$(key_left_ms 1)" -gt 170000 ]

### one spilld ends, and comes again

traffic 30
kill -9 "${pids[2]}"
sleep 8
check "killed: the connections stay relayed" relayed 4
spilld_start 2
check "started again: new keys" wait_until -t 10 epochs_above 2 0
check "started again: they rotate" wait_until -t 15 epochs_above 2 1
check "every byte right" traffic_ends
check "no datagram without its key" [ "$(without_key)" = 0 ]

### the clock jumps, forth and back

now=$(date +%s)
date -s "@$((now + 400 * 86400))" > /dev/null
last=$(epochs 1)
sleep 12
check "a clock 400 days ahead: they rotate" epochs_above 1 "$last"
date -s "@$((now - 20 * 365 * 86400))" > /dev/null
last=$(epochs 1)
sleep 12
check "a clock 20 years back: they rotate" epochs_above 1 "$last"
date -s "@$((now + 24))" > /dev/null

### the control connection is cut

traffic 60
cut_control add
sleep 50
check "cut for 50 s: the connection is given up" [ "$(connected 1)" = false ]
check "cut for 50 s: the connections stay relayed" relayed 4
cut_control delete
last=$(epochs 1)
check "every byte right" traffic_ends
check "whole again: new keys" wait_until -t 45 epochs_above 1 "$last"
check "no datagram without its key" [ "$(without_key)" = 0 ]

### until the keys end

traffic 200
spillctl 1 events > /tmp/events &
SCENE_JOBS+=($!)
cut_control add
sleep 150
check "cut for 150 s: the connections stay relayed" relayed 4
check "before the keys end they are local" wait_until -t 20 local_again
left=$(key_left_ms 1)
note "$left ms before the end of the key"
check "some seconds before" [ "$left" -gt 10000 ]
check "the reason is told" [ "$(grep -c 'recalled.*key-expiring' /tmp/events)" = 4 ]
told=$(spillctl 1 offload dport 5000 to n2 2>&1)
check "nothing new is given to the peer" grep -q key-expiring <<< "$told"
check "every byte right" traffic_ends
check "no datagram without its key but heartbeats" \
	[ "$(spillctl 1 stats | awk '$1 == "tx_drop_key_spent" || $1 == "tx_drop_no_key" { n += $2 } END { print n + 0 }')" -le 1 ]
no_key() { [ "$(key_left_ms 1)" = 0 ] && [ "$(stat_of 1 key_expired)" -ge 2 ]; }
check "the keys are wiped" wait_until -t 20 no_key
cut_control delete
check "whole again: the peer is up" wait_until -t 60 peers_up 1 2
sed 's/^/# /' /tmp/log1 /tmp/log2
