#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab itself: links are as wide, as slow and as lossy as a scene says, programs are
# in their node's cgroup, waiting ends, and nothing of a scene stays.
. tests/lab/scene.sh

ktap_plan 9

# A whole scene of its own comes and goes.
(
	scene_begin
	pool_create 2 10mbit
	remotes_create 1
	node_start 1 sleep 1000
	remote_start 1 sleep 1000
	scene_end
) > /tmp/scene 2>&1
check "a scene ends well" [ $? = 0 ]
left() { ip netns list; ip -br link | grep -v '^lo '; pgrep -x sleep; ls -d /sys/fs/cgroup/n[0-9]*; }
check "and nothing of it stays" [ -z "$(left 2> /dev/null)" ]
left 2> /dev/null | sed 's/^/# left: /'

scene_begin
pool_create 2 10mbit
remotes_create 1

throughput() { # NODE: kbit/s from it to the remote, over four seconds
	node_exec "$1" iperf3 -c 10.20.1.2 -t 4 -J | jq '.end.sum_received.bits_per_second / 1000 | floor'
}
remote_start 1 iperf3 -s > /dev/null
listens() { remote_exec 1 ss -Hltn 'sport = 5201' | grep -q .; }
wait_until listens
got=$(throughput 1)
note "through 10 Mbit/s: $got kbit/s"
check "a shaped uplink is as wide as was said" [ $((got > 8500 && got < 10500)) = 1 ]
tc -n n2 qdisc del dev up0 root
got=$(throughput 2)
note "without shaping: $got kbit/s"
check "and one that is not is wider" [ "$got" -gt 20000 ]

pings() { # COUNT: what ping's last two lines say: received, mean RTT in ms
	node_exec 1 ping -q -i 0.05 -c "$1" 10.20.1.2 |
		awk -F '[ /]' '/received/ { got = $4 } /^rtt/ { printf "%d %d", got, $8 }'
}
netem_set r1 eth0 delay 60ms
read -r got rtt <<< "$(pings 20)"
note "$got answers of 20, $rtt ms"
check "a delay is seen" [ $((rtt >= 60 && rtt < 90)) = 1 ]
netem_set r1 eth0 loss 30%
read -r got rtt <<< "$(pings 100)"
note "$got answers of 100"
check "so is loss" [ $((got >= 45 && got <= 90)) = 1 ]

node_start 2 sleep 1000
pid=$!
in_cgroup() { grep -qx 0::/n2 "/proc/$pid/cgroup"; }
check "a node's program is in its cgroup" wait_until in_cgroup

begin=${EPOCHREALTIME/./}
wait_until -t 1 false
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
check "waiting in vain ends" [ $((took >= 1000 && took < 5000)) = 1 ]
check "waiting for what is there ends at once" wait_until -t 1 true
