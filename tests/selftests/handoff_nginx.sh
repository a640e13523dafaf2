#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nginx on both nodes, as Debian has it, under wrk with connections that it keeps: they go
# to and fro while it runs. Every answer is right, wrk tells of no error, and its link saw
# each connection begin once. A port whose connection moved, and was ended by the server,
# is good for another one at once.
# lab: --icount
# SPW_MOVES=100 in the environment: so often for each connection.
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
MOVES=${MOVES:-${SPW_MOVES:-20}}
CONNS=8

ktap_plan 14
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
spillway_rekey 2
netem_set rtr r1 delay 2ms limit 5000

mkdir -p /tmp/www
head -c 20000 /dev/urandom > /tmp/www/file
nginx_start() { # I
	mkdir -p /tmp/nginx$1
	cat > /tmp/nginx$1/conf <<-END
		daemon off;
		user root;
		worker_processes 1;
		pid /tmp/nginx$1/pid;
		error_log /tmp/nginx$1/error warn;
		events { worker_connections 1024; }
		http {
			access_log off;
			sendfile on;
			tcp_nopush on;
			keepalive_timeout 600s;
			keepalive_requests 1000000000;
			client_body_temp_path /tmp/nginx$1;
			proxy_temp_path /tmp/nginx$1;
			fastcgi_temp_path /tmp/nginx$1;
			uwsgi_temp_path /tmp/nginx$1;
			scgi_temp_path /tmp/nginx$1;
			server {
				listen 0.0.0.0:80;
				root /tmp/www;
				add_header Node n$1 always;
			}
			server {
				listen 0.0.0.0:81;
				keepalive_timeout 3s;
				root /tmp/www;
				add_header Node n$1 always;
			}
		}
	END
	node_start "$1" nginx -e /tmp/nginx$1/error -c /tmp/nginx$1/conf
}
# wrk hears each answer, and thinks before it asks again.
cat > /tmp/wrk.lua <<-'END'
	local threads = {}
	local body, by

	function setup(thread)
		table.insert(threads, thread)
	end
	function init()
		local file = io.open("/tmp/www/file", "rb")
		body = file:read("*a")
		file:close()
		good, bad, n1, n2 = 0, 0, 0, 0
	end
	function delay()
		return math.random(0, 20)
	end
	function response(status, headers, text)
		if status == 200 and text == body then good = good + 1 else bad = bad + 1 end
		if headers["Node"] == "n1" then n1 = n1 + 1 else n2 = n2 + 1 end
	end
	function done(summary)
		local sum = { good = 0, bad = 0, n1 = 0, n2 = 0 }
		for _, thread in ipairs(threads) do
			for name in pairs(sum) do
				sum[name] = sum[name] + thread:get(name)
			end
		end
		for name, value in pairs(sum) do
			print("count " .. name .. " " .. value)
		end
		for name, value in pairs(summary.errors) do
			print("error " .. name .. " " .. value)
		end
		print("count requests " .. summary.requests)
	end
END
nginx_start 1
nginx_start 2
serves() { remote_exec 1 curl -s "http://10.10.$1.2/file" | cmp - /tmp/www/file; }
check "nginx serves on n1" wait_until serves 1
check "and on n2" wait_until serves 2

capture_begin /tmp/pcap
sleep 0.2
ip netns exec r1 wrk -t 2 -c $CONNS -d 1000s --timeout 10s -s /tmp/wrk.lua \
	http://10.10.1.2/file &> /tmp/wrk &
wrk=$!
SCENE_JOBS+=("$wrk")
check "wrk has its connections" wait_until sockets_are 1 80 $CONNS
# It measures for half a second before it begins, and has tried the address before.
sleep 1
judged /tmp/pcap 80
begun=$handshakes

to_and_fro() {
	local i
	for i in $(seq $((MOVES / 2))); do
		hand_all 1 2 sport 80 && [ "$all_moved" = $CONNS ] &&
			hand_all 2 1 sport 80 && [ "$all_moved" = $CONNS ] || {
			note "round $i: $all_moved moved, then $stayed stayed, $lost lost: $why"
			return 1
		}
	done
}
check "$CONNS connections move $MOVES times each" to_and_fro
hands_tell
# wrk closes them without having read all, which draws RSTs; so the capture ends before.
sleep 1
capture_end
wrk_ends() {
	kill -INT "$wrk"
	wait "$wrk"
}
check "wrk ends well" wrk_ends
sed 's/^/# /' /tmp/wrk
of_wrk() { awk -v a="$1" -v b="$2" '$1 == a && $2 == b { print $3 }' /tmp/wrk; }
no_errors() {
	local name
	for name in connect read write status timeout; do
		[ "$(of_wrk error $name)" = 0 ] || return
	done
}
check "it tells of no error" no_errors
answers() {
	[ "$(of_wrk count bad)" = 0 ] && [ "$(of_wrk count good)" -gt $((CONNS * MOVES)) ]
}
check "every answer was right" answers
both() { [ "$(of_wrk count n1)" -gt 0 ] && [ "$(of_wrk count n2)" -gt 0 ]; }
check "both nodes answered" both
check "each connection began once, and nothing was odd" flawless /tmp/pcap 80 "$begun"
for i in 1 2; do
	sed "s/^/# n$i /" /tmp/nginx$i/error
done

### the port once more

# Asks once and waits until the server has enough.
cat > /tmp/ask <<-'END'
	exec 3<> /dev/tcp/10.10.1.2/81
	printf 'GET /file HTTP/1.1\r\nHost: a\r\n\r\n' >&3
	cat <&3 > /tmp/asked
END
goes() {
	remote_start 1 bash /tmp/ask
	asker=$!
	wait_until sockets_are 1 81 1 && sleep 0.5 || return
	port=$(sockets 1 81 | sed 's/.*://; s/ *$//')
	hand_all 1 2 sport 81 && [ "$all_moved" = 1 ]
}
check "a connection goes to n2" goes
waits() {
	wait "$asker"
	node_exec 2 ss -Htan state time-wait "dport = :$port" | grep -q ":81 "
}
check "which ends it, and waits" waits
port_free() { [ -z "$(remote_exec 1 ss -Htan "sport = :$port")" ]; }
again() {
	wait_until port_free || return
	remote_exec 1 curl -sSD /tmp/headers -o /dev/null -w '%{time_connect}' \
		--local-port "$port" http://10.10.1.2:81/file > /tmp/connected 2> /tmp/curl || {
		sed 's/^/# /' /tmp/curl
		return 1
	}
	note "from $port once more: connected after $(cat /tmp/connected) s"
	grep -q '^Node: n1' /tmp/headers && [ "$(bc <<< "$(cat /tmp/connected) < 2")" = 1 ] &&
		[ "$(stat_of 2 move_reused)" -gt 0 ]
}
check "n1 answers the next from that port, when it is asked again" again
check "nothing is left on either node" all_gone 80 81
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
