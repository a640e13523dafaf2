#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The two commands a node that the README shows, as they stand there but for the
# addresses: a pool of two with authenticated keys, and a connection that is offloaded.
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 16
scene_begin
pool_create 3
remotes_create 1
spillway_load
PATH=$PWD/build/ctl:$PATH

# A machine of its own: its /etc, /run and /var are the node's alone.
mkdir -p /etc/spillway /run/spillway /var/lib/spillway /tmp/vm-{1,2,3}/{etc,run,lib}
# shellcheck disable=SC2016
machine=(sh -c 'mount --bind /tmp/vm-$0/etc /etc/spillway &&
		mount --bind /tmp/vm-$0/run /run/spillway &&
		mount --bind /tmp/vm-$0/lib /var/lib/spillway && exec "$@"')

vm() { # I COMMAND...
	node_exec "$1" "${machine[@]}" "$@"
}

readme() { # I N: the N-th command of node I
	sed -n "s/^vm-$1# //p" README.md | sed -n "$2p" |
		sed 's/192\.0\.2\.1\([0-9]\)/10.99.0.\1/g'
}

command_1=$(readme 1 1)
command_2=$(readme 2 1)
note "$command_1"
line_1=$(vm 1 sh -c "$command_1")
check "init: done" [ $? = 0 ]
line_2=$(vm 2 sh -c "$command_2")
note "$line_1"
check "init: prints the line for the peers" grep -Eq \
	'^vm-1 id 1 endpoint 10\.99\.0\.1:51821 key [A-Za-z0-9+/]{43}=$' <<< "$line_1"
check "init: the key is the owner's alone" [ "$(stat -c %a /tmp/vm-1/etc/private.key)" = 600 ]
check "init: the line has the public key" \
	[ "${line_1##* }" = "$("$SPILLCTL" pubkey < /tmp/vm-1/etc/private.key)" ]
before=$(sha256sum /tmp/vm-1/etc/*)
said=$(vm 1 sh -c "$command_1" 2>&1)
check "init: again: refused" [ "$?$said" = \
	"1spillctl: init: /etc/spillway/spillway.json: File exists" ]
check "init: again: nothing has changed" [ "$before" = "$(sha256sum /tmp/vm-1/etc/*)" ]

pids=()
# As wg does it.
(umask 022 && "$SPILLCTL" genkey > /tmp/open 2> /tmp/warning)
check "genkey warns where everybody could read the key" grep -q "umask 077" /tmp/warning
(umask 077 && "$SPILLCTL" genkey > /tmp/shut 2> /tmp/warning)
check "and only there" [ ! -s /tmp/warning ]

# spilld --peer "LINE OF THE OTHER"
daemon() { # I LINE
	local words
	words=$(readme $(($1 > 1 ? 2 : 1)) 2)
	[ "${words%%\"*}" = "spilld --peer " ] || return
	node_start "$1" "${machine[@]}" "$1" spilld --peer "$2" &> "/tmp/log$1"
	pids[$1]=$!
}
check "the second command of node 1" daemon 1 "$line_2"
check "the second command of node 2" daemon 2 "$line_1"
check "the peers are up" wait_until -t 40 peers_up 1 2
check "on both" wait_until -t 20 peers_up 2 2

remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.5
node_exec 1 "$STREAM" run 10.20.1.2 5000 2 10 50000 > /tmp/out &
run=$!
there() { [ "$(conns_count 1 dport 5000 role local)" = 2 ]; }
wait_until there
check "a connection is offloaded" spillctl 1 -q offload dport 5000 to vm-2
wait $run
check "and works" [ $? = 0 ]
note "$(stat_of 1 tx_packets) packets were relayed"
check "over the peer" [ "$(stat_of 1 tx_packets)" -gt 50 ]

# Node 3 has the address and the name of node 2, but not its key.
kill "${pids[2]}"
wait "${pids[2]}"
ip -n n2 link set lan0 down
ip -n n3 addr flush dev lan0
ip -n n3 addr add 10.99.0.2/24 dev lan0
vm 3 sh -c "$command_2" > /dev/null
daemon 3 "$line_1"
refused() { grep -q "control: 10.99.0.2:[0-9]* .*its key is not pinned" /tmp/log1; }
check "another key at the peer's address is refused" wait_until -t 30 refused
sed 's/^/# /' /tmp/log[123]
