# SPDX-License-Identifier: GPL-2.0-or-later
# Scenes: a pool of nodes, remotes and links in one guest, each node a network
# namespace with a cgroup of its own. Sourced by tests; runs in a guest only.
# shellcheck shell=bash
#
#    r1 10.20.1.2   r2 10.20.2.2 ...          remotes: know nothing of us
#        |              |
#   ┌────┴──────────────┴───────────────┐
#   │ rtr  10.20.j.1          10.10.i.1 │      the outside
#   └────┬──────────────┬───────────────┘
#    up0 │ 10.10.1.2    │ 10.10.2.2 ...        uplinks: shaped, a node's size
#      ┌─┴──┐         ┌─┴──┐
#      │ n1 │         │ n2 │ ...               nodes
#      └─┬──┘         └─┬──┘
#   lan0 │ 10.99.0.1    │ 10.99.0.2 ...        pool network: the tunnel's path
#   ┌────┴──────────────┴────┐
#   │ lan (a bridge)         │
#   └────────────────────────┘
#
# Each link has IPv6 too: 10.10.i.x is fd00:10:i::x, 10.20.j.x fd00:20:j::x and 10.99.0.i
# fd00:99::i. A node forwards IPv6 only where it is told to.

SCENE_NODES=0
SCENE_JOBS=()
KTAP_TESTS=0
KTAP_FAILED=0
SPILLCTL=${SPILLCTL:-$PWD/build/ctl/spillctl}
export STREAM=$PWD/build/lab/stream
export FLAP=$PWD/build/lab/flap

### results

ktap_plan() { # N
	echo "TAP version 13"
	echo "1..$1"
}

ok() { # NAME
	KTAP_TESTS=$((KTAP_TESTS + 1))
	echo "ok $KTAP_TESTS $*"
}

not_ok() { # NAME
	KTAP_TESTS=$((KTAP_TESTS + 1))
	KTAP_FAILED=$((KTAP_FAILED + 1))
	echo "not ok $KTAP_TESTS $*"
}

# check NAME COMMAND...: one result from a command's status, its output kept.
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

note() {
	echo "# $*"
}

### waiting

# wait_until [-t SECONDS] COMMAND...: polls; false when the time is over, which is longer on
# a kernel that watches itself.
wait_until() {
	local seconds=10 end
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	end=$(($(date +%s%N) + seconds * ${LAB_SLOW:-1} * 1000000000))
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

### the pool

node_exec() { # I COMMAND...
	local i=$1
	shift
	ip netns exec "n$i" "$@"
}

remote_exec() { # J COMMAND...
	local j=$1
	shift
	ip netns exec "r$j" "$@"
}

# In the background, in the node's cgroup, ended with the scene.
node_start() { # I COMMAND...
	local i=$1
	shift
	(echo "$BASHPID" > "/sys/fs/cgroup/n$i/cgroup.procs" &&
	 exec ip netns exec "n$i" "$@") &
	SCENE_JOBS+=($!)
}

remote_start() { # J COMMAND...
	local j=$1
	shift
	(exec ip netns exec "r$j" "$@") &
	SCENE_JOBS+=($!)
}

# add_addr6 NS DEV ADDR: there at once, with no wait for duplicates to be detected.
add_addr6() {
	ip -n "$1" addr add "$3" dev "$2" nodad
}

link_pair() { # NS-A DEV-A ADDR-A NS-B DEV-B ADDR-B
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4" || return
	[ "$3" = - ] || ip -n "$1" addr add "$3" dev "$2"
	[ "$6" = - ] || ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

scene_begin() {
	modprobe -a veth bridge sch_netem sch_tbf nf_tables nft_ct nft_masq nf_conntrack \
		2> /dev/null
	trap scene_end EXIT
	ip netns add rtr
	ip netns add lan
	ip -n rtr link set lo up
	ip netns exec rtr sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.send_redirects=0 \
		net.ipv6.conf.all.forwarding=1
	ip -n lan link add br0 type bridge
	ip -n lan link set br0 up
}

node_create() { # I RATE|-
	local i=$1 rate=$2
	ip netns add "n$i" || return
	mkdir -p "/sys/fs/cgroup/n$i"
	ip -n "n$i" link set lo up
	ip netns exec "n$i" sysctl -qw net.ipv4.conf.all.rp_filter=1 \
		net.ipv4.conf.default.rp_filter=1
	link_pair "n$i" up0 "10.10.$i.2/24" rtr "n$i" "10.10.$i.1/24" || return
	link_pair "n$i" lan0 "10.99.0.$i/24" lan "n$i" - || return
	add_addr6 "n$i" up0 "fd00:10:$i::2/64" && add_addr6 rtr "n$i" "fd00:10:$i::1/64" &&
		add_addr6 "n$i" lan0 "fd00:99::$i/64" || return
	ip -n lan link set "n$i" master br0
	ip -n "n$i" route add default via "10.10.$i.1"
	ip -n "n$i" -6 route add default via "fd00:10:$i::1"
	[ "$rate" = - ] || tc -n "n$i" qdisc add dev up0 root tbf rate "$rate" \
		burst 32k latency 100ms
}

pool_create() { # N [RATE]
	local i
	for i in $(seq "$1"); do
		node_create "$i" "${2:--}" || return
	done
	SCENE_NODES=$1
}

remotes_create() { # M
	local j
	for j in $(seq "$1"); do
		ip netns add "r$j" || return
		ip -n "r$j" link set lo up
		link_pair "r$j" eth0 "10.20.$j.2/24" rtr "r$j" "10.20.$j.1/24" || return
		ip -n "r$j" route add default via "10.20.$j.1"
		add_addr6 "r$j" eth0 "fd00:20:$j::2/64" &&
			add_addr6 rtr "r$j" "fd00:20:$j::1/64" || return
		ip -n "r$j" -6 route add default via "fd00:20:$j::1"
	done
}

# netem_set NS DEV ARGS...: delay, loss and so on for what leaves DEV.
netem_set() {
	local ns=$1 dev=$2
	shift 2
	tc -n "$ns" qdisc replace dev "$dev" root netem "$@"
}

# lan_set I ARGS...: netem for what is on its way to node I in the pool's network. It
# meets each datagram by itself, as a real network would, not the burst that they leave in.
lan_set() {
	local i=$1 n
	shift
	for n in $(seq "$SCENE_NODES"); do
		ip netns exec "n$n" ethtool -K lan0 tx-udp-segmentation off \
			tcp-segmentation-offload off generic-segmentation-offload off gro on || return
	done
	netem_set lan "n$i" "$@"
}

### counters

link_stat() { # NS DEV COUNTER: e.g. n1 up0 tx_bytes
	ip netns exec "$1" cat "/sys/class/net/$2/statistics/$3"
}

mib() { # NS NAME: e.g. n1 TcpRetransSegs
	ip netns exec "$1" nstat -az "$2" 2> /dev/null | awk -v n="$2" '$1 == n { print $2 }'
}

### the end

scene_kill() {
	local i
	for i in "${SCENE_JOBS[@]}"; do
		kill "$i" 2> /dev/null
	done
	for i in $(seq "$SCENE_NODES"); do
		[ -e "/sys/fs/cgroup/n$i/cgroup.kill" ] && echo 1 > "/sys/fs/cgroup/n$i/cgroup.kill"
	done
	SCENE_JOBS=()
}

# Everything that the scene made goes, then the module: it must let itself unload.
scene_end() {
	local i ns failed=$KTAP_FAILED
	trap - EXIT
	scene_kill
	for ns in $(ip netns list | awk '{ print $1 }'); do
		ip netns del "$ns"
	done
	wait 2> /dev/null
	for i in $(seq "$SCENE_NODES"); do
		wait_until rmdir "/sys/fs/cgroup/n$i"
	done
	if [ -e /sys/module/spillway ] && ! wait_until -t 10 rmmod spillway; then
		echo "# rmmod spillway failed: leaked"
		failed=1
	fi
	[ "$failed" = 0 ] || exit 1
	exit 0
}
