#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPv6 inside, in both directions, through a tunnel over IPv4; then both families through
# one over IPv6. Stateful firewalls on both nodes. Connections with a mapped address are
# IPv4 on the wire and are treated so. Given and taken back several times, every byte is
# right and nothing is reset; when the device goes, the connections go on.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 37
scene_begin
pool_create 2
remotes_create 1

# What the operator of a target sets.
forward_ipv6() { # I 0|1
	node_exec "$1" sysctl -qw net.ipv6.conf.all.forwarding="$2"
}

firewall() { # I
	node_exec "$1" nft -f - <<-END
	flush ruleset
	table inet filter {
		chain input {
			type filter hook input priority 0; policy drop;
			ct state invalid drop
			ct state established,related accept
			iifname "lo" accept
			iifname "lan0" udp dport 51821 accept
			tcp dport 5001 accept
			icmp type echo-request accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert,
				      nd-router-advert, echo-request } accept
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			iifname "spill0" accept
			ct state invalid drop
			ct state established,related accept
		}
		chain output {
			type filter hook output priority 0; policy accept;
			ct state invalid counter drop
		}
	}
	END
}

firewall 1
firewall 2
forward_ipv6 2 1
spillway_up 2 || exit 1
ok "the tunnel over IPv4 is up"
forwards() { # true|false: what node 1 has heard
	spillctl 1 -j peers | jq -e ".peers[0].forwards_ipv6 == $1" > /dev/null
}
check "the target says that it forwards IPv6" wait_until forwards true

remote_start 1 "$STREAM" serve6 5000 &> /dev/null
node_start 1 "$STREAM" serve6 5001 &> /dev/null
sleep 0.3

JOBS=()
# run_streams NAME COMMAND...: in the background; streams_right NAME waits for its end
run_streams() {
	local name=$1
	shift
	"$@" > "/tmp/$name" 2>&1 &
	JOBS[${#JOBS[@]}]=$!
}

all_right() {
	local job failed=0
	for job in "${JOBS[@]}"; do
		wait "$job" || failed=1
	done
	JOBS=()
	sed 's/^/# /' /tmp/out-? /tmp/in-?
	return $failed
}

streams() { # SECONDS: out and in over IPv6, out and in with mapped addresses, 2 each
	run_streams out-6 node_exec 1 "$STREAM" run fd00:20:1::2 5000 2 "$1" 200000
	run_streams out-4 node_exec 1 "$STREAM" run ::ffff:10.20.1.2 5000 2 "$1" 200000
	run_streams in-6 remote_exec 1 "$STREAM" run fd00:10:1::2 5001 2 "$1" 200000
	run_streams in-4 remote_exec 1 "$STREAM" run 10.10.1.2 5001 2 "$1" 200000
}

there() { [ "$(conns_count 1 dport 5000)" = 4 ] && [ "$(conns_count 1 sport 5001)" = 4 ]; }
offloaded() { [ "$(conns_count 1 role offloaded)" = "$1" ]; }
ports() { conns_count 1 "$@"; }

streams 24
check "connections of both families and directions are in the table" wait_until there
spillctl 1 conns | sed 's/^/# /'
check "IPv6 out" [ "$(ports dir out dst fd00:20:1::2)" = 2 ]
check "IPv6 in" [ "$(ports dir in src fd00:10:1::2/128)" = 2 ]
check "a mapped address is an IPv4 one" [ "$(ports dst 10.20.1.0/24)" = 4 ]
check "a prefix of no bits is a family" \
	[ "$(ports src ::/0) $(ports src 0.0.0.0/0)" = "4 4" ]
shown() { spillctl 1 -H conns dst fd00:20:1::/64 dport 5000 | grep -q " \[fd00:20:1::2\]:5000 "; }
check "shown in brackets" shown
json() { spillctl 1 -j conns dst fd00:20:1::2 dport 5000 | jq -e > /dev/null \
	'.conns[0].remote_addr == "fd00:20:1::2" and .conns[0].remote_port == 5000'; }
check "shown in JSON" json

### through a tunnel over IPv4

node_exec 1 timeout 20 tcpdump -i spill0 -nn -c 50 -w /tmp/inner.pcap ip6 2> /dev/null &
dump=$!
sleep 0.5
base6=$(link_stat n2 up0 tx_packets)
carried() { [ "$(link_stat n2 up0 tx_packets)" -gt $((base6 + 100)) ]; }
check "offload by an IPv6 prefix" spillctl 1 -q offload src fd00:10:1::/64 to n2
check "only those" offloaded 4
check "packets leave by the target" wait_until carried
wait $dump
inner() { tcpdump -nn -r /tmp/inner.pcap 2> /dev/null |
	grep -c "IP6 fd00:10:1::2.* > fd00:20:1::2.*: Flags"; }
check "the device's tap shows the inner packets" [ "$(inner)" = 50 ]
check "the rest, too" spillctl 1 -q offload src 0.0.0.0/0 to n2
check "all are offloaded" offloaded 8

moved=0
for _ in 1 2 3 4 5; do
	sleep 0.4
	spillctl 1 -q recall --all || break
	sleep 0.4
	spillctl 1 -q offload src ::/0 to n2 && spillctl 1 -q offload src 0.0.0.0/0 to n2 || break
	moved=$((moved + 1))
done
check "given and taken back five times more" [ $moved = 5 ]

### a target that does not forward IPv6

local6() { [ "$(ports role local src ::/0)" = 4 ] && offloaded 4; }
forward_ipv6 2 0
check "what a peer does not forward any more returns, the rest stays" wait_until local6
spillctl 1 offload src ::/0 to n2 > /tmp/said 2>&1
check "and is refused" grep -q no-ipv6 /tmp/said
forward_ipv6 2 1
again() { spillctl 1 -q offload src ::/0 to n2; }
check "until it forwards again" wait_until again

# Switched off for the device of the origin: packets leave by their own way.
node_exec 1 sysctl -qw net.ipv6.conf.spill0.disable_ipv6=1
sleep 0.3
direct=$(node_exec 1 nstat -asz Ip6OutOctets | awk '/Ip6OutOctets/ { print $2 }')
left() { [ "$(link_stat n2 up0 tx_packets)" -le $((base6 + 3)) ]; }
spillctl 1 -q recall src 0.0.0.0/0
sleep 0.3
base6=$(link_stat n2 up0 tx_packets)
sleep 1
check "with IPv6 off for the device nothing of it goes through the target" left
now=$(node_exec 1 nstat -asz Ip6OutOctets | awk '/Ip6OutOctets/ { print $2 }')
check "but by its own way" [ "$now" -gt $((direct + 100000)) ]
node_exec 1 sysctl -qw net.ipv6.conf.spill0.disable_ipv6=0

### what cannot be moved

(exec ip netns exec rtr "$STREAM" serve6 5002) &> /dev/null &
SCENE_JOBS+=($!)
gateway=$(ip -n rtr -6 addr show dev n1 scope link | awk '/inet6/ { sub("/.*", "", $2); print $2 }')
sleep 0.3
run_streams out-l node_exec 1 "$STREAM" run "$gateway%up0" 5002 1 6 20000
run_streams out-o node_exec 1 "$STREAM" run-options fd00:20:1::2 5000 1 6 20000
refused() { # WORDS FILTER...
	local words=$1
	shift
	wait_until [ "$(ports "$@")" = 1 ]
	spillctl 1 offload "$@" to n2 > /tmp/said 2>&1
	grep -q "$words" /tmp/said || { sed 's/^/# /' /tmp/said; return 1; }
}
sleep 1
check "a link-local address is refused" refused link-local dport 5002
optional=$(spillctl 1 -H conns role local src ::/0 dport 5000 | awk '{ print $1 }')
spillctl 1 offload "$optional" to n2 > /tmp/said 2>&1
check "so is a socket with options" grep -q extension-headers /tmp/said

check "every byte right, no reset" all_right
check "the tables are empty in the end" wait_until -t 30 [ "$(ports)" = 0 ]
quiet() { [ "$(stat_of "$1" tx_drop_no_conn) $(stat_of "$1" rx_drop_inner)" = "0 0" ]; }
check "the devices say nothing of their own" quiet 1
check "nor does the target's" quiet 2

### through a tunnel over IPv6

ip -n n1 link del spill0
ip -n n2 link del spill0
SPILLWAY_NET=fd00:99::
check "the tunnel over IPv6 is up" spillway_up 2
endpoint() { spillctl 1 -H peers | grep -q " \[fd00:99::2\]:51821 "; }
check "its endpoint is shown" endpoint
streams 14
wait_until there
node_exec 2 timeout 20 tcpdump -i lan0 -nn -c 50 -w /tmp/tunnel.pcap udp port 51821 and greater 200 2> /dev/null &
dump=$!
sleep 0.5
check "offload" spillctl 1 -q offload src ::/0 to n2
check "of both families" spillctl 1 -q offload src 0.0.0.0/0 to n2
base6=$(link_stat n2 up0 tx_packets)
check "packets leave by the target" wait_until carried
wait $dump
outer() { tcpdump -nn -r /tmp/tunnel.pcap 2> /dev/null | grep -c "IP6 fd00:99::1.51821 > fd00:99::2.51821"; }
check "over IPv6" [ "$(outer)" -ge 40 ]

# A device found by those who are there already; and its end under traffic.
sleep 1
ip -n n1 link del spill0
sleep 0.5
spillway_node 1 2
check "connections are found again by a new device" wait_until there
wait_until peers_up 1 2
again_all() { spillctl 1 -q offload src ::/0 to n2 && spillctl 1 -q offload src 0.0.0.0/0 to n2; }
check "and offloaded again" wait_until again_all
sleep 1
rmmod spillway
check "every byte right, the module's end included" all_right
dropped=$(node_exec 1 nft list chain inet filter output | grep -o 'packets [0-9]*')
check "the origin's conntrack found nothing invalid" [ "$dropped" = "packets 0" ]
