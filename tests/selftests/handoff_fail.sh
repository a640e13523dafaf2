#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Moves that fail: at each step where the module can be told to, and by a path between the
# nodes that is cut at any moment, for less time and for more than a peer is waited for.
# Each connection goes on at one of the two nodes, never at both and never at none; every
# byte is right, and when all is over nothing is left.
# SPW_MOVES=1000 in the environment: so many for each of the two.
# lab: --icount
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
MOVES=${SPW_MOVES:-20}
CONNS=4
RATE=100000
FAIL=/sys/module/spillway/parameters/fail_move

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
spillway_rekey 2
netem_set rtr r1 delay 5ms limit 5000
mkdir /tmp/moved
for i in 1 2; do
	node_start $i "$BATON" serve 0.0.0.0 7000 /tmp/moved > /tmp/serve-$i
done
sleep 0.5
remote_start 1 "$BATON" remote 10.10.1.2 7000 $CONNS 0 $RATE > /tmp/remote
remote=$!
check "streams begin" wait_until sockets_are 1 7000 $CONNS
sleep 1
mapfile -t ports < <(sockets 1 7000 | sed 's/.*://; s/ *$//')

# Sets where: the one node that has it. A frozen socket and a dormant one are both
# sockets; when no move is under way there is one.
where_is() { # PORT
	local at1 at2
	at1=$(sockets 1 7000 "$1" | wc -l)
	at2=$(sockets 2 7000 "$1" | wc -l)
	where=$((at1 ? 1 : 2))
	[ $((at1 + at2)) = 1 ]
}
settled() { # PORT: one has it, once what became of a move is known to both
	wait_until -t 90 where_is "$1" || {
		note "$1: $(sockets 1 7000 "$1" | wc -l) sockets at n1, $(sockets 2 7000 "$1" | wc -l) at n2"
		return 1
	}
}
# It does not only exist: bytes come and go.
bytes_of() { # NODE PORT
	node_exec "$1" ss -Htni "sport = :7000 and dport = :$2" |
		grep -o 'bytes_received:[0-9]*' | cut -d : -f 2
}
alive() { # PORT
	local now
	settled "$1" || return
	now=$(bytes_of "$where" "$1")
	wait_until -t 60 more_came "$1" "${now:-0}" || {
		note "$1: nothing comes at n$where"
		return 1
	}
}
more_came() { [ "$(bytes_of "$where" "$1")" -gt "$2" ]; }

peers_settled() { wait_until -t 30 peers_up 1 2 && wait_until -t 30 peers_up 2 2; }
lost_all=0
one_move() { # COMMAND...: what is to go wrong, begun just before; sets port
	local from
	port=${ports[RANDOM % CONNS]}
	settled "$port" || return
	from=$where
	"$@" "$from" &
	hand "$from" $((3 - from)) sport 7000 dport "$port" anytime
	lost_all=$((lost_all + ${lost:-0}))
	wait $!
	peers_settled && alive "$port"
}

### at each step

# The module's switch for this: the number of the step that fails next, on either node,
# then 0 again. It is only there in the lab. It is set before the move begins, whose first
# step may fail too.
at_each_step() {
	local step i last=10
	for i in $(seq "$MOVES"); do
		step=$((i % last + 1))
		echo "$step" > $FAIL
		one_move true || {
			note "move $i, step $step"
			return 1
		}
	done
	echo 0 > $FAIL
}
if [ -e $FAIL ]; then
	check "$MOVES moves fail, at each step" at_each_step
	hands_tell
	check "none was lost" [ $lost_all = 0 ]
	# What cannot be said at first is said later.
	check "all stayed but those of the last step" \
		[ "$(grep -c '^moved' $HANDS)" = $(((MOVES + 1) / 10)) ]
else
	ok "moves fail at each step # SKIP the module has no switch for it"
	ok "none was lost # SKIP"
	ok "all stayed but those of the last step # SKIP"
fi

### by the path

# How long the path is cut: mostly shorter than a peer is waited for, some times longer.
break_path() { # FROM
	sleep "0.$(printf %03d $((RANDOM % 40)))"
	ip -n lan link set "n$1" down
	if [ $((RANDOM % 4)) = 0 ]; then sleep 3; else sleep "0.$(printf %03d $((RANDOM % 200)))"; fi
	ip -n lan link set "n$1" up
}
# The commit goes with the image, but where the target is not ready for that (14).
by_the_path() {
	local i
	for i in $(seq "$MOVES"); do
		[ ! -e $FAIL ] || echo $((i % 2 * 14)) > $FAIL
		one_move break_path || {
			note "move $i"
			return 1
		}
	done
}
: > $HANDS
lost_all=0
check "$MOVES moves with the path cut at any moment" by_the_path
hands_tell
check "none was lost" [ $lost_all = 0 ]
both_ways() { awk '{ n[$1]++ } END { exit !(n["moved"] && n["stayed"]) }' $HANDS; }
check "some moved, some stayed" both_ways

### the end

ends() {
	kill -TERM $remote
	wait $remote
}
check "every byte was right" ends
sed 's/^/# /' /tmp/remote
grep -h 'wrong\|nobody' /tmp/serve-1 /tmp/serve-2 | sed 's/^/# /'
state_left() {
	set -- /tmp/moved/*
	[ ! -e "$1" ] || {
		note "left: $*"
		return 1
	}
}
check "each was taken up once" wait_until state_left
note "images sent ahead: $(stat_of 1 move_ahead) + $(stat_of 2 move_ahead), shipped as what was new: $(stat_of 1 move_patched) + $(stat_of 2 move_patched)"
check "nothing is left on either node" all_gone 7000
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
