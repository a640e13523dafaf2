# SPDX-License-Identifier: GPL-2.0-or-later
# Endpoints that move, in a scene: what moves them, who asks and answers on them, and what
# the remote's link saw. Sourced after spillway.sh.
# shellcheck shell=bash

export ANSWER=$PWD/build/lab/answer
export BATON=$PWD/build/lab/baton
export TCPCHECK=$PWD/build/lab/tcpcheck
HANDS=/tmp/hands # a line for each move: what became of it, why, bytes, blackout in us, known in us

# A scene that cannot begin says so at once. On a slow kernel all take longer than keys live.
handoff_there() {
	: > $HANDS
	[ -z "${LAB_SLOW-}" ] || spillway_rekey "$(ip netns list | grep -c '^n[0-9]')"
	spillctl 1 moved > /tmp/there 2>&1 && spillctl 2 moved >> /tmp/there 2>&1 && return
	sed 's/^/# /' /tmp/there
	not_ok "spillctl and the module know how to hand over"
	exit 1
}

# How long nothing may have come or gone before an unmodified server may be left.
handoff_idle() { # MS
	local i file
	for i in 1 2; do
		for file in $(node_exec $i find /sys/class/net/spill0/spillway/ -name '*idle*'); do
			node_exec $i sh -c "echo $1 > $file" || return
		done
	done
}

# hand FROM TO WORDS...: what the words (a filter) choose goes from node to node. Sets moved,
# stayed, lost, and why: the reasons of those that did not move. True if the command
# could be given and all is over.
hand() {
	local from=$1 to=$2
	shift 2
	moved=0 stayed=0 lost=0 why=
	local words=() options=()
	while [ $# -gt 0 ]; do
		if [ "$1" = anytime ]; then options+=("$1"); else words+=("$1"); fi
		shift
	done
	spillctl "$from" -j handoff "${words[@]}" to "n$to" "${options[@]}" wait 100 \
		> /tmp/hand 2> /tmp/hand-says
	hand_status=$?
	hand_read || {
		note "handoff ${words[*]} from n$from to n$to: status $hand_status"
		sed 's/^/#   /' /tmp/hand /tmp/hand-says
		return 1
	}
}

# What is refused by the batch as a whole never began, and stayed as well.
hand_read() {
	[ $hand_status -le 1 ] || [ $hand_status = 5 ] || return
	jq -r '(.handoff // .) |
		((.jobs[]?.conns[]?), (.refused[]? | .result = "stayed")) |
		"\(.result) \(.reason // "-") \(.image_bytes // 0) \(.blackout_us // 0) \(.known_us // 0)"' \
		< /tmp/hand > /tmp/hand-conns || return
	cat /tmp/hand-conns >> $HANDS
	moved=$(grep -c '^moved' /tmp/hand-conns)
	stayed=$(grep -c '^stayed' /tmp/hand-conns)
	lost=$(grep -c '^lost' /tmp/hand-conns)
	# shellcheck disable=SC2034
	why=$(awk '$1 != "moved" { print $2 }' /tmp/hand-conns | sort -u | xargs)
	[ $((moved + stayed + lost)) = "$(wc -l < /tmp/hand-conns)" ]
}

# hand_all FROM TO WORDS...: again and again, until none is left that could be moved. Sets
# all_moved.
hand_all() {
	local tries
	all_moved=0
	for tries in $(seq 40); do
		hand "$@" || return
		[ "$lost" = 0 ] || return
		all_moved=$((all_moved + moved))
		[ "$stayed" = 0 ] && return
		[ "$tries" -lt 3 ] || sleep 0.05
	done
	note "still $stayed at n$1: $why"
	return 1
}

hands_tell() {
	sort $HANDS | awk '{ n[$1 " " $2]++ } END { for (i in n) print "# " n[i], i }'
	awk '$1 == "moved" { print $4, $3 }' $HANDS | sort -n | awk '
		{ us[NR] = $1; if ($2 > most) most = $2 }
		END { if (NR) printf "# blackout %d us in the median, %d at most; an image of %d bytes at most\n",
			us[int((NR + 1) / 2)], us[NR], most }'
}

moved_are() { # I ROLE N
	[ "$(spillctl "$1" -H moved | awk -v r="$2" '$1 == r' | wc -l)" = "$3" ]
}

# Connections that a node's sockets have at a port: SYN_RECV and TIME_WAIT left out.
sockets() { # I PORT [REMOTE-PORT]
	node_exec "$1" ss -Htn state established state close-wait state last-ack \
		state fin-wait-1 state fin-wait-2 state closing \
		"sport = :$2 ${3:+and dport = :$3}"
}
sockets_are() { # I PORT N
	[ "$(sockets "$1" "$2" | wc -l)" = "$3" ]
}

# Once all connections are closed: no entry, socket or job under way is left.
nothing_left() { # PORT...: sets left, what still is
	local i port
	for i in 1 2; do
		left="entries at n$i"
		[ "$(spillctl $i -H moved | wc -l)" = 0 ] || return
		for port in "$@"; do
			left="sockets of port $port at n$i"
			sockets_are $i "$port" 0 && [ "$(conns_count $i sport "$port")" = 0 ] || return
		done
		left="moves at n$i that did not end, or ended without a beginning"
		spillctl $i stats | awk '{ n[$1] = $2 }
			END { exit n["move_begun"] != n["move_moved"] + n["move_stayed"] + n["move_lost"] ||
				   n["move_asked"] != n["move_arrived"] + n["move_refused"] }' || return
	done
	left="a connection that left one node and did not come to the other, once"
	[ "$(stat_of 1 move_moved)" = "$(stat_of 2 move_arrived)" ] &&
		[ "$(stat_of 2 move_moved)" = "$(stat_of 1 move_arrived)" ]
}
all_gone() { # PORT...
	local i
	wait_until -t 70 nothing_left "$@" && return
	note "left: $left"
	for i in 1 2; do
		note "left at n$i:"
		{
			spillctl $i moved
			spillctl $i conns
			node_exec $i ss -Htan
			spillctl $i stats | grep move_
		} | sed 's/^/#   /'
	done
	return 1
}

### who asks

# ask_open NAME ADDRESS PORT: a connection of remote 1, on which `ask NAME QUESTION` prints
# the answer. The question "bye" ends it.
ask_open() {
	mkfifo "/tmp/ask-$1" "/tmp/answer-$1"
	# Open both ways: neither end waits for the other to open it.
	exec {ask_in}<> "/tmp/ask-$1" {ask_out}<> "/tmp/answer-$1"
	eval "ask_in_$1=$ask_in ask_out_$1=$ask_out"
	# shellcheck disable=SC2016
	remote_start 1 bash -c 'exec 3<>"/dev/tcp/$1/$2" < "$3" > "$4" || exit
		echo open
		while read -r question && [ "$question" != bye ]; do
			echo "$question" >&3
			read -r -t $((10 * ${LAB_SLOW:-1})) answer <&3 || answer="nothing came"
			echo "$answer"
		done' ask "$2" "$3" "/tmp/ask-$1" "/tmp/answer-$1"
	ask_said "$1" && [ "$said" = open ]
}
ask_said() { # NAME: sets said
	local from=ask_out_$1
	read -r -t $((12 * ${LAB_SLOW:-1})) said <&"${!from}"
}
ask_only() { # NAME QUESTION: ask_said tells the answer
	local to=ask_in_$1
	echo "$2" >&"${!to}"
}
ask() { # NAME QUESTION
	ask_only "$@"
	ask_said "$1" || said="no answer"
	[ "$2" = bye ] || echo "$said"
}
asked() { # NAME QUESTION ANSWER: is it that?
	local got
	got=$(ask "$1" "$2")
	[ "$got" = "$3" ] || {
		note "\"$2\" was answered with \"${got:0:60}\", not \"${3:0:60}\""
		return 1
	}
}
ask_close() { # NAME
	ask_only "$1" bye
}

### what the remote's link saw

# Segments one by one, as a network has them, so that each can be lost by itself.
no_bursts() {
	local ns dev
	while read -r ns dev; do
		ip netns exec "$ns" ethtool -K "$dev" tso off gso off || return
	done <<< $'n1 up0\nn2 up0\nr1 eth0'
}

capture_begin() { # FILE
	ip netns exec r1 tcpdump -i eth0 -nn -U -s 128 -B 16384 --immediate-mode \
		-w "$1" tcp 2> "$1.says" &
	capture=$!
	SCENE_JOBS+=("$capture")
	wait_until grep -q listening "$1.says"
}
capture_end() {
	sleep 0.5
	kill "$capture"
	wait "$capture"
	return 0
}

# judged FILE PORT [unordered]: sets what tcpcheck counts.
# shellcheck disable=SC2034
judged() {
	local word
	connections=0 handshakes=0 faults=-1
	client_row=0 client_again=0 client_stale=0 client_duplicates=0
	server_row=0 server_again=0 server_stale=0 server_duplicates=0
	"$TCPCHECK" "$@" > /tmp/judged
	[ $? -le 1 ] || return
	for word in $(tail -n 1 /tmp/judged); do
		[[ $word =~ ^[a-z_]+=[0-9]+$ ]] && declare -g "$word"
	done
}
# A capture of a port shows so many connections, each begun once, and nothing odd. Several
# processors change the order of packets.
flawless() { # FILE PORT CONNECTIONS
	local order=()
	[ "$(nproc)" = 1 ] || order=(unordered)
	judged "$1" "$2" "${order[@]}" || return
	[ "$faults" = 0 ] && [ "$connections" = "$3" ] && [ "$handshakes" = "$3" ] && return
	note "$handshakes handshakes, $3 expected"
	sed 's/^/# /' /tmp/judged
	return 1
}
