#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A network that lets no node send with another's address: what a target sends goes out
# through the origin, of IPv4 and IPv6, with data both ways and every byte right, also
# through a firewall there that drops what is invalid. Straight out it is dropped; so it is
# where the tunnel to the origin is cut, until that is there again. ICMP that comes to the
# origin finds the socket at the target.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
CONNS=2
RATE=100000

ktap_plan 16
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
mkdir /tmp/dir
for i in 1 2; do
	node_exec $i sysctl -qw net.ipv6.conf.all.forwarding=1
	node_start $i "$BATON" serve :: 7000 /tmp/dir > /tmp/serve-$i
done
node_exec 1 nft -f - <<-'END'
	table inet filter {
		chain output {
			type filter hook output priority 0; policy accept;
			ct state invalid counter drop
		}
	}
END
# What leaves a node with an address that is not its own.
ip netns exec rtr nft -f - <<-'END'
	table inet filter {
		chain guard {
			type filter hook prerouting priority -300; policy accept;
			iifname "n1" ip saddr != 10.10.1.0/24 counter drop
			iifname "n1" ip6 saddr fd00:10:2::/64 counter drop
			iifname "n2" ip saddr != 10.10.2.0/24 counter drop
			iifname "n2" ip6 saddr fd00:10:1::/64 counter drop
		}
	}
END
forged() { # IP|IP6: packets that left n2 so
	ip netns exec rtr nft list chain inet filter guard | awk -v f="$1" '
		/"n2"/ && $3 == f { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'
}
none_forged() { [ "$(forged ip) $(forged ip6)" = "0 0" ]; }
more_forged() { [ "$(forged ip)" -gt "$1" ] && [ "$(forged ip6)" -gt "$2" ]; }

through() { # I 0|1
	node_exec "$1" sh -c "echo $2 > /sys/class/net/spill0/spillway/handoff_return"
}
refused() { ! through 2 2 2> /dev/null; }
check "a setting that makes no sense is refused" refused
through 2 1
forwards() { # I
	spillctl "$1" -j peers | jq -e ".peers[0].forwards_ipv6" > /dev/null
}
wait_until forwards 1
wait_until forwards 2

begin() {
	remote_start 1 "$BATON" remote 10.10.1.2 7000 $CONNS 0 $RATE > /tmp/four
	four=$!
	remote_start 1 "$BATON" remote fd00:10:1::2 7000 $CONNS 0 $RATE > /tmp/six
	six=$!
	wait_until sockets_are 1 7000 $((2 * CONNS))
	sleep 0.5
}
check "streams of IPv4 and IPv6 begin" begin
all_went() { # FROM TO
	hand_all "$1" "$2" sport 7000 anytime && [ $all_moved = $((2 * CONNS)) ] && return
	note "$all_moved moved, $stayed stayed, $lost lost: $why"
	return 1
}
check "they go to n2" all_went 1 2
returned() { [ "$(stat_of 1 move_returned)" -gt "$1" ]; }
# Bytes that n2 sends on through the tunnel come out at n1.
check "their packets come out of n1" wait_until returned 100
out=$(link_stat n2 up0 tx_bytes)
sleep 1
stays() {
	note "bytes that left n2 by its uplink in a second: $(($(link_stat n2 up0 tx_bytes) - out))"
	none_forged && [ $(($(link_stat n2 up0 tx_bytes) - out)) -lt 2000 ]
}
check "and none leaves n2 by its uplink" stays
check "they go back to n1, and once more to n2" eval "all_went 2 1 && all_went 1 2"
check "still none with n1's address has left n2" none_forged

### a path that takes less than it did

before=$(stat_of 1 move_icmp)
mtu() { ip -n rtr link set r1 mtu "$1"; }
mtu 1300
learnt() { # both families
	node_exec 2 ss -Htnie state established sport = :7000 | tr '\n' ' ' |
		grep -o 'pmtu:[0-9]*' > /tmp/pmtu
	[ "$(grep -c ':1300$' /tmp/pmtu)" = $((2 * CONNS)) ]
}
check "n2's sockets learn of a path that takes less" wait_until -t 20 learnt
[ $KTAP_FAILED = 0 ] || sed 's/^/# /' /tmp/pmtu
told() { [ "$(stat_of 1 move_icmp)" -gt "$before" ]; }
check "from ICMP that came to n1" told
mtu 1500

### straight out, where the setting says so

before=$(stat_of 1 move_returned)
through 2 0
check "without the setting they leave n2 straight, and are dropped" wait_until more_forged 0 0
through 2 1
check "with it again, through n1" wait_until returned $((before + 50))

### the tunnel is cut

ip -n lan link set n1 down
cut() { [ "$(spillctl 2 -H peers | awk '{ print $4 }')" = down ]; }
check "n2 finds n1 down" wait_until cut
four_forged=$(forged ip) six_forged=$(forged ip6)
check "its packets leave straight" wait_until -t 30 more_forged "$four_forged" "$six_forged"
ip -n lan link set n1 up
before=$(stat_of 1 move_returned)
check "and through n1 once that is there again" wait_until -t 60 returned $((before + 50))
sleep 2

end() {
	kill -TERM "$four" "$six"
	wait "$four"
	local status=$?
	wait "$six" && [ $status = 0 ]
}
check "every byte is right" end
sed 's/^/# /' /tmp/four /tmp/six
check "nothing is left on either node" all_gone 7000
for i in 1 2; do
	spillctl $i stats | awk -v i=$i '/move_|rx_drop_moved|no_conn/ && $2 { print "# n" i, $1, $2 }'
done
node_exec 1 nft list chain inet filter output | sed -n 's/^.*counter/# invalid at n1:/p'
