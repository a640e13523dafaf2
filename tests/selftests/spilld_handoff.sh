#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A service whose requests cost more and more processor time: spilld sees that it will not
# do, and hands connections over to the other node, as many as it takes and before the
# service is short of time, while those who ask notice nothing. A class that the operator
# has not named stays, and nothing is relayed, since that would not help. Virtual time, so
# that load is what the requests cost.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
SPILLD=$PWD/build/ctl/spilld
CONNS=12
PAUSE=0.1
QUOTA=10000 # of 100000 us: what the service may have

ktap_plan 18
scene_begin
pool_create 2
remotes_create 1
spillway_load

# What counts is the service, apart from spilld and the rest of the node.
echo +cpu > /sys/fs/cgroup/cgroup.subtree_control
for i in 1 2; do
	mkdir "/sys/fs/cgroup/service$i"
	echo "$QUOTA 100000" > "/sys/fs/cgroup/service$i/cpu.max"
done
# `ip netns exec` mounts a /sys of its own.
# shellcheck disable=SC2016
cgroups=(sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"')
serve() { # I PORT
	# shellcheck disable=SC2016
	node_start "$1" "${cgroups[@]}" sh -c 'echo $$ > "$0" && exec "$@"' \
		"/sys/fs/cgroup/service$1/cgroup.procs" "$ANSWER" 0.0.0.0 "$2" "n$1"
}

config() { # I
	local i=$1 j=$((3 - $1))
	cat > "/tmp/c$i" <<-END
	{ "node": { "name": "n$i", "id": $i, "private_key_file": "$(node_key "$i")" },
	"peers": [ { "name": "n$j", "id": $j, "endpoint": "10.99.0.$j:51821",
	             "public_key": "$(node_public "$j")" } ],
	"sources": { "cgroup": "/sys/fs/cgroup/service$i", "count": [ "cpu" ] },
	"classes": [ { "name": "web", "local_port": 7000, "handoff": true }, { "name": "rest" } ],
	"forecast": { "horizon": "10s" },
	"history": { "path": "/tmp/h$i.db" }, "status": { "socket": "/tmp/spilld$i" } }
	END
}
status() { # I REQUEST JQ
	echo "$2" | timeout 5 curl -s --unix-socket "/tmp/spilld$1" telnet://spilld | jq -r "$3"
}
known() { # I
	[ "$(status "$1" status '.last.load != null and .peers[0].free > 0.5')" = true ]
}

# Each connection asks, again and again, for so much work as /tmp/work says.
work_is() { # US
	echo "$1" > /tmp/work.new
	mv /tmp/work.new /tmp/work
}
asks() { # PORT
	exec 3<> "/dev/tcp/10.10.1.2/$1" 4<> /tmp/never
	local n=0 us line
	while [ ! -e /tmp/over ]; do
		read -r us < /tmp/work
		echo "work $us" >&3
		read -r -t 10 -u 3 line || {
			echo "no answer"
			return
		}
		[[ $line = "n"[12]" work $us" ]] || {
			echo "wrong: $line"
			return
		}
		n=$((n + 1))
		read -r -t "$PAUSE" -u 4
	done
	echo "right $n, the last by ${line%% *}"
}
export -f asks
export PAUSE

for i in 1 2; do
	config $i
	node_start $i "${cgroups[@]}" "$SPILLD" -c /tmp/c$i 2> /tmp/log$i
done
serve 1 7000
serve 2 7000
serve 1 7001
check "the peers are up" wait_until -t 20 peers_up 1 2
check "on both" wait_until -t 20 peers_up 2 2
handoff_there
handoff_idle 0
capture_begin /tmp/pcap
work_is 200
mkfifo /tmp/never
for i in $(seq $CONNS); do
	remote_start 1 bash -c 'asks 7000' > "/tmp/asks-$i" 2>&1
done
remote_start 1 bash -c 'asks 7001' > /tmp/asks-other 2>&1
check "they ask n1" wait_until sockets_are 1 7000 $CONNS
[ $KTAP_FAILED = 0 ] || exit 1
check "each node knows the load and the other's room" wait_until -t 20 known 1
check "on both nodes" wait_until -t 20 known 2

### nothing to be done

sleep 10
note "load of n1: $(status 1 status '.last.load')"
none_moved() { moved_are 2 arrived 0 && sockets_are 1 7000 $CONNS; }
check "while there is time enough nothing moves" none_moved

### more and more

came() { [ "$(sockets 2 7000 | wc -l)" -gt 0 ]; }
more() {
	local us
	for us in $(seq 225 25 750); do
		work_is "$us"
		sleep 1.5
		came && break
	done
	note "at $us us each, load of n1: $(status 1 status '.last.load')"
	came
}
check "as it gets more, connections are handed over" more
for us in $(seq $((us + 25)) 25 750); do
	work_is "$us"
	sleep 1.5
done
sleep 5
note "$(sockets 1 7000 | wc -l) are at n1, $(sockets 2 7000 | wc -l) at n2"
some_stay() { [ "$(sockets 1 7000 | wc -l)" -ge 3 ] && [ "$(sockets 2 7000 | wc -l)" -ge 3 ]; }
check "as many as it takes, not all" some_stay
note "load: $(status 1 status '.last.load') and $(status 2 status '.last.load')"
note "highest load of n1: $(status 1 "history 120" '[.samples[].load] | max')"
averted() { [ "$(status 1 "history 120" '[.samples[].load] | max < 0.95')" = true ]; }
check "n1 was never short of time" averted
check "nor was n2" [ "$(status 2 status '.last.load < 0.9')" = true ]
check "spilld says what it did" grep -q 'began to hand off' /tmp/log1
check "what is not named stays" sockets_are 1 7001 1
check "and nothing is relayed" [ "$(conns_count 1 role offloaded)" = 0 ]
check "none was lost" [ "$(stat_of 1 move_lost)" = 0 ]

### the end

touch /tmp/over
ended() { [ "$(cat /tmp/asks-* | wc -l)" = $((CONNS + 1)) ]; }
check "all end" wait_until ended
right() { [ "$(grep -c '^right' /tmp/asks-*  | awk -F: '{ n += $2 } END { print n }')" = $((CONNS + 1)) ]; }
check "every answer was right" right
sort /tmp/asks-* | sed 's/^/# /'
check "nothing is left on either node" all_gone 7000 7001
capture_end
check "who asked saw one connection each" flawless /tmp/pcap 7000 $CONNS
sed 's/^/# /' /tmp/log[12]
