# SPDX-License-Identifier: GPL-2.0-or-later
# Paths: what is compared, each with namespaces of its own. Sourced after scene.sh and
# spillway.sh.
# shellcheck shell=bash
#
# All are of the same shape; only what lies between a and b differs. What a sends crosses
# it, b forwards to r; what r answers comes straight back, as the answers to a relayed
# connection do. Only in "wireguard-both" the answers cross the tunnel as well, as they do
# where it is a VPN. "veth" goes straight to r.
#
#        10.K.1.1  10.K.1.2
#   ┌───┐      tunnel      ┌───┐                 ┌───┐
#   │ a ├──────────────────┤ b ├─────────────────┤ r │ 10.K.9.9
#   └─┬─┘ pool0      pool0 └───┘ 10.K.2.1     .2 └─┬─┘
#     │ 10.K.3.1                                   │ 10.K.3.2
#     └────────────────────────────────────────────┘

die() {
	echo "bench: $*" >&2
	exit 1
}

path_create() { # NAME K
	local n=$1 k=$2 side
	for side in a b r; do
		ip netns add "$side-$n" || return
		ip -n "$side-$n" link set lo up
		ip netns exec "$side-$n" sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv4.conf.all.send_redirects=0
	done
	link_pair "a-$n" pool0 "10.$k.1.1/24" "b-$n" pool0 "10.$k.1.2/24" || return
	link_pair "b-$n" out0 "10.$k.2.1/24" "r-$n" in0 "10.$k.2.2/24" || return
	link_pair "a-$n" out0 "10.$k.3.1/24" "r-$n" out0 "10.$k.3.2/24" || return
	ip -n "r-$n" addr add "10.$k.9.9/32" dev lo || return
	# The way back to a, for a loose reverse path filter to see.
	ip -n "b-$n" route add default via "10.$k.1.1" || return
	ip -n "b-$n" addr add "10.$k.8.8/32" dev lo || return
	ip -n "b-$n" route add "10.$k.9.9" via "10.$k.2.2"
}

tunnel_veth() { # NAME K
	ip -n "a-$1" route add "10.$2.8.8" via "10.$2.1.2" &&
		ip -n "a-$1" route add "10.$2.9.9" via "10.$2.3.2"
}

tunnel_routed() {
	ip -n "a-$1" route add "10.$2.9.9" via "10.$2.1.2"
}

# Both ends of a device that carries IP; the route into it.
tunnel_device() { # NAME K DEV
	ip -n "a-$1" addr add "10.$2.4.1/24" dev "$3" &&
		ip -n "b-$1" addr add "10.$2.4.2/24" dev "$3" &&
		ip -n "a-$1" link set "$3" up && ip -n "b-$1" link set "$3" up &&
		ip -n "a-$1" route add "10.$2.8.8" via "10.$2.4.2" dev "$3" onlink &&
		ip -n "a-$1" route add "10.$2.9.9" via "10.$2.4.2" dev "$3" onlink
}

tunnel_fou() {
	local side here there
	for side in a b; do
		here=10.$2.1.1 there=10.$2.1.2
		[ $side = a ] || { here=10.$2.1.2 there=10.$2.1.1; }
		ip -n "$side-$1" fou add port 5555 ipproto 4 || return
		ip -n "$side-$1" link add fou0 type ipip local "$here" remote "$there" \
			encap fou encap-sport auto encap-dport 5555 || return
	done
	tunnel_device "$1" "$2" fou0
}

tunnel_vxlan() {
	ip -n "a-$1" link add vx0 type vxlan id 42 local "10.$2.1.1" remote "10.$2.1.2" \
		dstport 4789 || return
	ip -n "b-$1" link add vx0 type vxlan id 42 local "10.$2.1.2" remote "10.$2.1.1" \
		dstport 4789 || return
	tunnel_device "$1" "$2" vx0
}

tunnel_wireguard() {
	local side
	for side in a b; do
		ip -n "$side-$1" link add wg0 type wireguard || return
		(umask 077 && wg genkey > "/tmp/wg-$side") || return
		ip netns exec "$side-$1" wg set wg0 listen-port 51820 private-key "/tmp/wg-$side"
	done
	ip netns exec "a-$1" wg set wg0 peer "$(wg pubkey < /tmp/wg-b)" \
		endpoint "10.$2.1.2:51820" \
		allowed-ips "10.$2.4.0/24,10.$2.8.8/32,10.$2.9.9/32"
	ip netns exec "b-$1" wg set wg0 peer "$(wg pubkey < /tmp/wg-a)" \
		endpoint "10.$2.1.1:51820" \
		allowed-ips "10.$2.4.0/24,10.$2.3.1/32"
	tunnel_device "$1" "$2" wg0 || return
	[ "$1" = wireguard-both ] || return 0
	ip -n "r-$1" route add "10.$2.3.1" via "10.$2.2.1" &&
		ip -n "b-$1" route add "10.$2.3.1" dev wg0
}

spillway_end() { # NAME SIDE K ID
	local ctl=("$SPILLCTL" -N "$2-$1")
	ip -n "$2-$1" link add spill0 type spillway &&
		ip -n "$2-$1" addr add "10.$3.1.$4/32" dev spill0 &&
		"${ctl[@]}" dev set name "$2" id "$4" &&
		ip -n "$2-$1" link set spill0 up
}

spillway_peers() { # NAME K
	"$SPILLCTL" -N "a-$1" peers add b id 2 endpoint "10.$2.1.2:51821" &&
		"$SPILLCTL" -N "b-$1" peers add a id 1 endpoint "10.$2.1.1:51821" &&
		spillway_new_keys "$1"
}

# As if they had never met: no key is old, nothing is known of the path.
spillway_afresh() { # NAME K
	"$SPILLCTL" -N "a-$1" peers del b && "$SPILLCTL" -N "b-$1" peers del a &&
		spillway_peers "$1" "$2" && wait_until -t 20 peer_up "$1"
}

# Data keys for both directions; they live for 180 s.
spillway_new_keys() { # NAME
	local key side other id
	for side in a b; do
		other=b
		[ $side = a ] || other=a
		key=$(head -c 32 /dev/urandom | base64) id=$SRANDOM
		"$SPILLCTL" -N "$other-$1" key set $side rx id $id <<< "$key" &&
			"$SPILLCTL" -N "$side-$1" key set $other tx id $id <<< "$key" || return
	done
}

# The connection goes straight to r, until it is offloaded.
tunnel_spillway() {
	tunnel_veth "$1" "$2"
	spillway_load && spillway_end "$1" a "$2" 1 && spillway_end "$1" b "$2" 2 &&
		spillway_peers "$1" "$2"
}

peer_up() { # NAME
	[ "$("$SPILLCTL" -N "a-$1" -H peers | awk '{ print $4 }')" = up ]
}

tx_packets() { # NAME
	"$SPILLCTL" -N "a-$1" stats | awk '$1 == "tx_packets" { print $2 }'
}

is_spillway() {
	[[ $1 == spillway* ]]
}

# With acknowledgement, and the same again without, where there is such a thing.
HAVE_ARQ=
with_arq() {
	[ -e /sys/module/spillway ] || spillway_load || return
	ip link add spill9 type spillway || return
	if [ -e /sys/class/net/spill9/spillway/arq ]; then
		HAVE_ARQ=1
		PATHS+=(spillway-noarq)
	fi
	ip link del spill9
}

arq_set() { # NAME
	local on=1
	[ -n "$HAVE_ARQ" ] || return 0
	[[ $1 != *-noarq ]] || on=0
	ip netns exec "a-$1" sh -c "echo $on > /sys/class/net/spill0/spillway/arq" &&
		ip netns exec "b-$1" sh -c "echo $on > /sys/class/net/spill0/spillway/arq"
}

# Makes all of PATHS, in this order; K counts from 1.
paths_up() {
	local path k=0
	modprobe -a wireguard fou ipip vxlan 2> /dev/null
	with_arq || die "no spillway device"
	for path in "${PATHS[@]}"; do
		k=$((k + 1))
		path_create "$path" $k || die "$path: namespaces"
		"tunnel_${path%%-*}" "$path" $k || die "$path: tunnel"
		! is_spillway "$path" || arq_set "$path" || die "$path: arq"
	done
	for path in "${PATHS[@]}"; do
		is_spillway "$path" || continue
		wait_until -t 20 peer_up "$path" || die "$path: the peer is not up"
	done
}
