#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spilld begins, is killed, begins again, loses its device, ends: what it sets up, what
# it leaves alone, and what it refuses before it has touched anything.
. tests/lab/scene.sh
. tests/lab/spillway.sh
SPILLD=$PWD/build/ctl/spilld

ktap_plan 25
scene_begin
pool_create 2
remotes_create 1
spillway_load

config() { # I [NODE-KEYS]
	local i=$1 j=$((3 - $1))
	cat > "/tmp/c$i" <<-END
	{ // node $i
	"node": { "name": "n$i", "id": $i, "private_key_file": "$(node_key "$i")" ${2:+, $2} },
	"peers": [ { "name": "n$j", "id": $j, "endpoint": "10.99.0.$j:51821",
	             "public_key": "$(node_public "$j")" } ],
	"sources": { "cgroup": "none", "uplink": "up0", "uplink_rate": "100mbit",
	             "conns_max": 1000, "count": [ "network", "conns" ] },
	"offload": { "enabled": false },
	"history": { "path": "/tmp/h$i.db" },
	"status": { "socket": "/tmp/spilld$i" } }
	END
}

pids=()

spilld_start() { # I ARGS...
	local i=$1
	shift
	node_start "$i" "$SPILLD" -c "/tmp/c$i" "$@" 2>> "/tmp/log$i"
	pids[i]=${SCENE_JOBS[-1]}
}

spilld_end() { # I SIGNAL: returns its exit status
	kill "-$2" "${pids[$1]}"
	wait "${pids[$1]}" 2> /dev/null
}

# once I ARGS...: runs and is expected to end by itself; its last line in $said.
once() {
	local i=$1
	shift
	local status
	said=$(timeout 10 ip netns exec "n$i" "$SPILLD" -c "/tmp/c$i" "$@" 2>&1)
	status=$?
	said=${said##*$'\n'}
	return $status
}

ask() { # I REQUEST
	echo "$2" | timeout 5 curl -s --unix-socket "/tmp/spilld$1" telnet://spilld
}

answers() { # I REQUEST CONDITION
	ask "$1" "$2" | jq -e "$3" > /dev/null
}

has_device() {
	ip -n "n$1" link show spill0 &> /dev/null
}

peer_is() { # I STATE
	[ "$(spillctl "$1" -H peers | awk '{ print $4 }')" = "$2" ]
}

no_device() {
	! has_device "$1"
}

both_up() {
	peer_is 1 up && peer_is 2 up
}

both_have_room() {
	answers 1 status '.peers[0].free > 0.5' && answers 2 status '.peers[0].free > 0.5'
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
chmod 644 "$(node_key 1)"
once 1
check "a key that others may read: exit status 1" [ $? = 1 ]
check "a key that others may read: says which" \
	grep -q "node.private_key_file: /tmp/key-1" <<< "$said"
chmod 600 "$(node_key 1)"
config 1 '"create": false'
once 1
check "no device, and it may not make one" \
	[ "$?$said" = '1<3>spill0: no such device, and node.create is false' ]
ip -n n1 link add spill0 type dummy
config 1
once 1
check "a device of another kind" \
	[ "$?$said" = '1<3>spill0: is a device of kind dummy, not spillway' ]
ip -n n1 link del spill0
check "nothing was made" no_device 1

### it begins

config 2
spilld_start 1
spilld_start 2
check "the peers are up" wait_until -t 20 both_up
# The machine that runs the guest may stop it for seconds: no peer is down by that.
for i in 1 2; do
	node_exec $i sh -c 'echo 30000 > /sys/class/net/spill0/spillway/down_after_ms'
done
check "status: a sample with all that counts" wait_until -t 10 answers 1 status \
	'.last.load != null and .last.resources.conns.load != null and
	 .last.threshold > 0 and .node.name == "n1" and .error_count == 0'
check "each hears how much the other can take" wait_until -t 10 both_have_room
check "a question that is unknown gets an error" answers 1 bogus '.error | length > 0'
check "history: a row a second" wait_until -t 10 answers 1 "history 60" \
	'.samples | length >= 5 and (.[-1].t_ms - .[-2].t_ms > 500)'
once 1
check "a second one for the same node" \
	[ "$?$said" = '1<3>node.control_port: TCP port 51821: Address already in use' ]

### it dies and comes back under relayed connections

remote_start 1 "$STREAM" serve 5000 &> /tmp/serve
sleep 0.5
node_exec 1 "$STREAM" run 10.20.1.2 5000 4 25 100000 > /tmp/run &
run=$!
all_there() { [ "$(conns_count 1 role local dport 5000)" = 4 ]; }
wait_until -t 10 all_there
check "connections are offloaded" spillctl 1 -q offload dport 5000 to n2
spilld_end 1 KILL
spilld_start 1
check "killed and started again: connections stay where they were" \
	wait_until -t 10 answers 1 status '.last.offloaded == 4'
opened=$(stat_of 2 rx_packets)
more_opened() { [ "$(stat_of 2 rx_packets)" -gt $((opened + 20)) ]; }
check "what it seals from then on opens" wait_until -t 5 more_opened
check "nothing was taken for a replay" [ "$(stat_of 2 rx_drop_replay)" = 0 ]
wait $run
check "every byte right" [ $? = 0 ]

### its device is taken away

ip -n n1 link del spill0
check "a device that was deleted is made again" wait_until -t 20 has_device 1
check "and its peers come up" wait_until -t 20 both_up

### it ends

spilld_end 1 TERM
check "ended by SIGTERM: exit status 0" [ $? = 0 ]
check "the device stays" has_device 1
check "the other hears that it takes nothing" \
	wait_until -t 10 answers 2 status '.peers[0].free == 0'
spilld_end 2 TERM
spilld_start 2 --cleanup
wait_until -t 10 test -S /tmp/spilld2
spilld_end 2 TERM
check "--cleanup: the device goes" no_device 2
sed 's/^/# /' /tmp/log1 /tmp/log2
