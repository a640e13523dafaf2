#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --icount
# The tunnel's path shrinks to 1280 bytes under bulk connections of 1500-byte packets and
# 64 KB bursts that are relayed in both directions: once behind a router that says so,
# once behind one that drops in silence. Every byte right, no fragment anywhere, no ICMP
# message to the remote, no stall; and when the path has grown, it is used. Then the
# target's own uplink is the one that shrinks: the origin hears of it.
#
#   n1 path0 10.98.1.2 -- 10.98.1.1 h1 10.98.0.1 -- 10.98.0.2 h2 10.98.2.1 -- 10.98.2.2 n2
#
# With OUTER=6 the tunnel is IPv6, its addresses fd00:98:1::2 and so on.
. tests/lab/scene.sh
. tests/lab/spillway.sh
OUTER=${OUTER:-4}
STALL_MS=1000
SECONDS_TOTAL=60
SECONDS_BULK=20

ktap_plan 19
# Pauses of the emulator look like a queue that grows to HyStart, which then stops below
# the window of a whole burst.
echo 0 > /sys/module/tcp_cubic/parameters/hystart
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1

path_create() {
	local i
	for i in 1 2; do
		ip netns add "h$i"
		ip netns exec "h$i" sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
		ip -n "h$i" link set lo up
		link_pair "n$i" path0 "10.98.$i.2/24" "h$i" node0 "10.98.$i.1/24"
		ip -n "n$i" addr add "fd00:98:$i::2/64" dev path0 nodad
		ip -n "h$i" addr add "fd00:98:$i::1/64" dev node0 nodad
		ip -n "n$i" route add 10.98.0.0/16 via "10.98.$i.1"
		ip -n "n$i" route add fd00:98::/32 via "fd00:98:$i::1"
	done
	link_pair h1 mid0 10.98.0.1/24 h2 mid0 10.98.0.2/24
	for i in 1 2; do
		ip -n "h$i" addr add "fd00:98::$i/64" dev mid0 nodad
		ip -n "h$i" route add "10.98.$((3 - i)).0/24" via "10.98.0.$((3 - i))"
		ip -n "h$i" route add "fd00:98:$((3 - i))::/64" via "fd00:98::$((3 - i))"
	done
}

endpoint() { # I
	if [ "$OUTER" = 6 ]; then echo "[fd00:98:$1::2]:51821"; else echo "10.98.$1.2:51821"; fi
}

path_mtu() { # BYTES
	ip -n h1 link set mid0 mtu "$1"
	ip -n h2 link set mid0 mtu "$1"
}

found() { # I BYTES: what node I sends to its peer is that large at most
	[ "$(spillctl "$1" -j peers | jq -r '.peers[].path_mtu_bytes')" = "$2" ]
}
both_found() { found 1 "$1" && found 2 "$1"; }
holes() { [ "$(stat_of 1 pmtu_black_hole)" -ge 1 ] && [ "$(stat_of 2 pmtu_black_hole)" -ge 1 ]; }

spillctl 1 events > /tmp/events &
SCENE_JOBS+=($!)
path_create
ip -n lan link set br0 down
spillctl 1 peers set n2 endpoint "$(endpoint 2)"
spillctl 2 peers set n1 endpoint "$(endpoint 1)"
check "a peer elsewhere is another path: 1500 is found on it" wait_until both_found 1500
both_up() { peers_up 1 2 && peers_up 2 2; }
wait_until both_up

### traffic: both nodes' connections, each relayed by the other

remote_start 1 "$STREAM" serve 5000 &> /tmp/serve
for ns in n1 n2 h1 h2 r1 rtr; do
	ip netns exec $ns nstat -rn
done
ip netns exec h1 tcpdump -i mid0 -nn -U -w /tmp/fragments.pcap \
	'ip[6:2] & 0x3fff != 0 or ip6[6] == 44' 2> /dev/null &
SCENE_JOBS+=($!)
remote_exec 1 tcpdump -i eth0 -nn -U -w /tmp/icmp.pcap icmp 2> /dev/null &
SCENE_JOBS+=($!)
sleep 0.5
node_exec 1 "$STREAM" run 10.20.1.2 5000 1 $SECONDS_BULK 3500000 65536 > /tmp/bulk1 &
jobs=$!
node_exec 1 "$STREAM" run 10.20.1.2 5000 3 $SECONDS_TOTAL 100000 > /tmp/some1 &
jobs="$jobs $!"
node_exec 2 "$STREAM" run 10.20.1.2 5000 4 $SECONDS_TOTAL 400000 > /tmp/some2 &
jobs="$jobs $!"
there() { [ "$(conns_count 1 dport 5000)" = 4 ] && [ "$(conns_count 2 dport 5000)" = 4 ]; }
wait_until there
spillctl 1 offload dport 5000 to n2
spillctl 2 offload dport 5000 to n1
sleep 1
node_start 1 tcpdump -i spill0 -nn -l -c 3000 'src 10.10.1.2 and tcp' > /tmp/sent 2> /dev/null
node_start 2 tcpdump -i spill0 -nn -l -c 3000 'src 10.10.1.2 and tcp' > /tmp/got 2> /dev/null
longest() {
	grep -o 'length [0-9]*' "$1" | awk '$2 > n { n = $2 } END { print n + 0 }'
}
long() { [ "$(longest "$1")" -ge "$2" ]; }
check "bursts of 60 KB and more enter the tunnel" wait_until -t 8 long /tmp/sent 60000
check "and leave it as large ones" wait_until -t 2 long /tmp/got 40000
note "longest inner packet: $(longest /tmp/sent) bytes sent, $(longest /tmp/got) received"

### a router that says so

for i in 1 2; do
	node_exec $i sysctl -qw net.ipv4.route.mtu_expires=4 net.ipv6.route.mtu_expires=4
done
before=$(stat_of 1 tx_recut)
path_mtu 1280
check "1280 is taken over from ICMP" wait_until -t 2 both_found 1280
sleep 1
check "packets are cut again, until TCP makes them smaller" [ "$(stat_of 1 tx_recut)" -gt "$before" ]
smaller() { node_exec 1 ss -Htni dport = :5000 | grep -o ' mss:[0-9]*' | cut -d: -f2 |
	awk '$1 > 1280 - 60 { n++ } END { exit n > 0 }'; }
check "which it does" wait_until -t 3 smaller
check "that was no black hole" [ "$(stat_of 1 pmtu_black_hole)" = 0 ]
path_mtu 1500
check "the path has grown: 1500" wait_until -t 20 both_found 1500

### one that drops in silence

for i in 1 2; do
	ip netns exec h$i nft -f - <<-END
	table inet quiet {
		chain output {
			type filter hook output priority 0;
			icmp type destination-unreachable counter drop
			icmpv6 type packet-too-big counter drop
		}
	}
	END
	node_exec $i sh -c 'echo 5 > /sys/class/net/spill0/spillway/pmtu_raise_s'
done
path_mtu 1280
check "the black hole is noticed within a second" wait_until -t 1 holes
check "1280 is found by probes" wait_until -t 10 both_found 1280
path_mtu 1500
check "the path has grown: 1500 is found by probes" wait_until -t 20 both_found 1500
spillctl 1 peers
spillctl 1 peers --stats

### the target's uplink

ip -n n2 route change default via 10.10.2.1 mtu 1280
origin_knows() { node_exec 1 ss -Htni dport = :5000 | grep -q 'pmtu:1280'; }
check "the origin's sockets hear of the target's smaller link" wait_until -t 5 origin_knows
sleep 1
ip -n n2 route change default via 10.10.2.1

### the own link

ip -n n1 link set path0 mtu 1400
found_1400() { found 1 1400; }
check "the own link's MTU is kept" wait_until -t 2 found_1400

right=0
for job in $jobs; do
	wait "$job" || right=1
done
check "every byte right" [ $right = 0 ]
wait_until sh -c '[ $(wc -l < /tmp/serve) = 8 ]'
sed 's/^/# /' /tmp/bulk1 /tmp/some1 /tmp/some2 /tmp/serve
pause=$(grep -o 'pause [0-9]*' /tmp/serve | awk '$2 > n { n = $2 } END { print NR == 8 ? n : 99999 }')
check "no stall: the longest pause was $pause ms" [ "$pause" -le $STALL_MS ]

sleep 0.5
fragments=0
for ns in n1 n2 h1 h2 r1 rtr; do
	for name in IpFragCreates IpFragOKs IpReasmReqds Ip6FragCreates Ip6FragOKs \
		Ip6ReasmReqds; do
		fragments=$((fragments + $(mib $ns $name)))
	done
	note "$ns: datagrams too large for the next link:" \
		"$(($(mib $ns IpFragFails) + $(mib $ns Ip6FragFails) + $(mib $ns Ip6InTooBigErrors)))"
done
fragments=$((fragments + $(tcpdump -nn -r /tmp/fragments.pcap 2> /dev/null | wc -l)))
check "no fragment" [ $fragments = 0 ]
tcpdump -nn -r /tmp/icmp.pcap 2> /dev/null | sed 's/^/# /'
icmp=$(($(tcpdump -nn -r /tmp/icmp.pcap 2> /dev/null | wc -l) + $(mib r1 IcmpInMsgs)))
check "no ICMP to the remote" [ "$icmp" = 0 ]
sed 's/^/# /' /tmp/events | grep 'health'
told() { grep -q 'health peer n2 up .* pmtu 1280' /tmp/events; }
check "what was found was told in events" told
check "nothing was reset" [ "$(mib r1 TcpEstabResets)" = 0 ]
