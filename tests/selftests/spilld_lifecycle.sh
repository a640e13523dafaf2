#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spilld begins, is killed, begins again, loses its device, ends: what it sets up, what
# it leaves alone, and what it refuses before it has touched anything.
. tests/lab/scene.sh
. tests/lab/spillway.sh
SPILLD=$PWD/build/ctl/spilld

ktap_plan 23
scene_begin
pool_create 2
remotes_create 1
spillway_load

config() { # I [NODE-KEYS]
	local i=$1 j=$((3 - $1))
	cat > "/tmp/c$i" <<-END
	{ // node $i
	"node": { "name": "n$i", "id": $i ${2:+, $2} },
	"peers": [ { "name": "n$j", "id": $j, "endpoint": "10.99.0.$j:51821",
	             "psk_file": "$(psk_file 1 2)" } ],
	"sources": { "cgroup": "none", "uplink": "up0", "uplink_rate": "100mbit",
	             "conns_max": 1000, "count": [ "network", "conns" ] },
	"offload": { "enabled": false },
	"history": { "path": "/tmp/h$i.db" }, "state": { "path": "/tmp/s$i.db" },
	"status": { "socket": "/tmp/spilld$i" } }
	END
}

spilld_start() { # I ARGS...
	local i=$1
	shift
	node_start "$i" "$SPILLD" -c "/tmp/c$i" "$@" 2>> "/tmp/log$i"
	eval "spilld$i=\$!"
	eval "spilld$i=\${SCENE_JOBS[-1]}"
}

# once I ARGS...: runs and is expected to end by itself; its last line in $said.
once() {
	local i=$1
	shift
	said=$(timeout 10 ip netns exec "n$i" "$SPILLD" -c "/tmp/c$i" "$@" 2>&1)
}

ask() { # I REQUEST
	echo "$2" | timeout 5 curl -s --unix-socket "/tmp/spilld$1" telnet://spilld
}

has_device() {
	ip -n "n$1" link show spill0 &> /dev/null
}

peer_is() { # I STATE
	[ "$(spillctl "$1" -H peers | awk '{ print $4 }')" = "$2" ]
}

peer_free() { # I: what the other says that it can take, permille
	ask "$1" status | jq -e '.peers[0].free * 1000 | round'
}

### refused, with nothing done

config 1 '"prot": 5'
once 1
check "an unknown key: exit status 2" [ $? = 2 ]
check "an unknown key: file, line, path and the nearest" \
	[ "$said" = '<3>/tmp/c1:2: node.prot: unknown key; did you mean "port"?' ]
config 1
once 1 --check
check "a good file: --check says nothing" [ "$?$said" = 0 ]
chmod 644 "$(psk_file 1 2)"
once 1
check "a secret that others may read: exit status 1" [ $? = 1 ]
check "a secret that others may read: says which" grep -q "peer n2: psk_file: /tmp/psk-1-2" <<< "$said"
chmod 600 "$(psk_file 1 2)"
config 1 '"create": false'
once 1
check "no device, and it may not make one: exit status 1" [ $? = 1 ]
ip -n n1 link add spill0 type dummy
config 1
once 1
check "a device of another kind: says so" \
	[ "$said" = '<3>spill0: is a device of kind dummy, not spillway' ]
ip -n n1 link del spill0
check "nothing was made" eval "! has_device 1"

### it begins

config 2
spilld_start 1
spilld_start 2
check "the peers are up" eval "wait_until -t 20 peer_is 1 up && wait_until -t 20 peer_is 2 up"
check "status: a sample with all that counts" wait_until -t 10 eval \
	'ask 1 status | jq -e ".last.load != null and .last.resources.conns.load != null and
	 .last.threshold > 0 and .node.name == \"n1\" and .error_count == 0"'
check "each hears how much the other can take" wait_until -t 10 eval \
	'[ "$(peer_free 1)" -gt 500 ] && [ "$(peer_free 2)" -gt 500 ]'
check "status: what it does not know is refused" eval \
	'ask 1 bogus | jq -e ".error | length > 0"'
check "history: a row a second" wait_until -t 10 eval \
	'ask 1 "history 60" | jq -e ".samples | length >= 5 and (.[-1].t_ms - .[-2].t_ms > 500)"'
check "the second at one socket is refused" eval 'once 1; [ $? = 1 ]'

### it dies and comes back under relayed connections

remote_start 1 "$STREAM" serve 5000 &> /tmp/serve
sleep 0.5
node_exec 1 "$STREAM" run 10.20.1.2 5000 4 25 100000 > /tmp/run &
run=$!
all_there() { [ "$(conns_count 1 role local)" = 4 ]; }
wait_until -t 10 all_there
spillctl 1 offload role local to n2 > /dev/null
first=$(sqlite_pn() { od -An -c /tmp/s1.db | md5sum; }; sqlite_pn)
kill -9 "$spilld1"
wait "$spilld1" 2> /dev/null
spilld_start 1
check "killed and started again: connections stay where they were" wait_until -t 10 eval \
	'ask 1 status | jq -e ".last.offloaded == 4"'
check "the packet numbers were moved on" [ "$first" != "$(od -An -c /tmp/s1.db | md5sum)" ]
before=$(stat_of 2 rx_packets)
check "what is sealed after it opens" wait_until -t 5 eval \
	'[ "$(stat_of 2 rx_packets)" -gt $((before + 20)) ]'
check "nothing was taken for a replay" [ "$(stat_of 2 rx_drop_replay)" = 0 ]
wait $run
check "every byte right" [ $? = 0 ]

### its device is taken away

ip -n n1 link del spill0
check "a device that was deleted is set up again" eval \
	"wait_until -t 20 has_device 1 && wait_until -t 20 peer_is 1 up"

### it ends

kill "$spilld1"
wait "$spilld1"
check "ended by SIGTERM: exit status 0, the device stays" eval "[ $? = 0 ] && has_device 1"
check "the other hears that it takes nothing" wait_until -t 10 eval '[ "$(peer_free 2)" = 0 ]'
kill "$spilld2"
wait "$spilld2"
spilld_start 2 --cleanup
wait_until -t 10 test -S /tmp/spilld2
kill "$spilld2"
wait "$spilld2"
check "--cleanup: the device goes" eval "! has_device 2"
sed 's/^/# /' /tmp/log1 /tmp/log2
