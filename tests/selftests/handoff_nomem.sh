#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that is not to be had, at each allocation of a move in turn: the kernel that
# watches itself lets the N-th of a task fail, for N from 1 to where a move needs no more.
# Moves are worked at on either node by the same workers, so N counts those of both. Each
# connection goes on at one of the two nodes, never at both and never at none; every byte
# is right, and when all is over nothing is left.
# SPW_FIRST=N in the environment: from the N-th on.
# lab: --smp 1
# kernels: debug
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
RATE=20000
FIRST=${SPW_FIRST:-1}
MOST=1000
STORMS=20
FAULTS=/sys/kernel/debug
TRACE=/sys/kernel/tracing

[ -e /proc/self/fail-nth ] || {
	ktap_plan 1
	ok "no memory # SKIP the kernel has no fault injection"
	exit 0
}

### what fails

# The trace says who asked in vain, also where the allocation is to fail without a word.
faults_begin() {
	local kind
	for kind in failslab fail_page_alloc; do
		echo 0 > $FAULTS/$kind/ignore-gfp-wait
		echo 0 > $FAULTS/$kind/verbose
	done
	echo 0 > $FAULTS/fail_page_alloc/min-order
	mountpoint -q $TRACE || mount -t tracefs tracefs $TRACE
	for kind in kmalloc kmem_cache_alloc; do
		echo 'ptr == 0' > $TRACE/events/kmem/$kind/filter
		echo 1 > $TRACE/events/kmem/$kind/enable
	done
	echo 1 > $TRACE/options/stacktrace
	echo 1 > $TRACE/options/sym-offset
	echo > $TRACE/trace
}

# Who asked in vain: the innermost functions that are the module's.
faults_tell() {
	awk '
		function over() { if (stack) n[stack]++; else if (began) n["(not the module)"]++ }
		/ptr=/ { over(); began = 1; depth = 0; stack = "" }
		/\[spillway\]/ && $1 == "=>" && depth++ < 3 {
			sub(/\+.*/, "", $2)
			stack = stack (stack ? " < " : "") $2
		}
		END { over(); for (i in n) print n[i], i }
	' $TRACE/trace | sort -k 2 > /tmp/sites
	note "allocations that failed:"
	sed 's/^/#   /' /tmp/sites
}

# All this is done so often, on a kernel so slow, that no program is run for it.

workers() { # PATTERN: sets pids
	local file name
	pids=()
	for file in /proc/[0-9]*/comm; do
		read -r name < "$file" && [[ $name =~ ^kworker/[0-9]+:[0-9]+$1 ]] &&
			pids+=("${file//[^0-9]/}")
	done 2> /dev/null
}
nth_set() { # N
	local pid
	for pid in "${pids[@]}"; do
		echo "$1" > "/proc/$pid/fail-nth"
	done 2> /dev/null
}
# Did none of these come to its N-th?
nth_left() {
	local pid n
	for pid in "${pids[@]}"; do
		read -r n < "/proc/$pid/fail-nth" && [ "$n" != 0 ] || return
	done 2> /dev/null
}

### moves

ends_at() { # NODE PORT REMOTE-PORT: sets ends, how many sockets it has of that connection
	local lines line name
	printf -v name ':%04X [0-9A-F]+:%04X 0[1245689B]' "$2" "$3"
	mapfile -t lines < "/proc/${inside[$1]}/net/tcp"
	ends=0
	for line in "${lines[@]}"; do
		[[ ! $line =~ $name ]] || ends=$((ends + 1))
	done
}
where_is() { # PORT REMOTE-PORT: sets where, once one node has it
	local at1
	ends_at 1 "$@"
	at1=$ends
	ends_at 2 "$@"
	where=$((at1 ? 1 : 2))
	[ $((at1 + ends)) = 1 ]
}
settled() { where_is "$@" || wait_until -t 60 where_is "$@"; }

# What comes in at a node is of the only connection that is not idle.
came_in() { # NODE: sets came
	local words
	while read -r -a words; do
		[ "${words[0]}" = Tcp: ] && came=${words[10]}
	done < "/proc/${inside[$1]}/net/snmp"
}
more_came() {
	came_in "$where"
	[ "$came" -gt $((before + 4)) ]
}
busy_lives() { # N
	came_in "$where"
	before=$came
	wait_until -t 20 more_came
}
idle_lives() { # N: who has it answers
	asked q "hello $1" "n$where hello $1"
}

# give FROM PORT REMOTE-PORT: sets result and why
give() {
	local out
	out=$("$SPILLCTL" -N "n$1" -j handoff sport "$2" dport "$3" to "n$((3 - $1))" \
		anytime wait 100 2>&1)
	result=stayed why=${out//[[:space:]]/ }
	[[ ! $out =~ \"result\":\ *\"([a-z]+)\" ]] || result=${BASH_REMATCH[1]} why=-
	[[ ! $out =~ \"reason\":\ *\"([a-z-]+)\" ]] || why=${BASH_REMATCH[1]}
	echo "$result ${why:-without a word}" >> $HANDS
	[ "$result" != lost ]
}

# one_move PATTERN PORT REMOTE-PORT N: sets used, whether anything failed
one_move() {
	local status
	settled "$2" "$3" || return
	workers "$1"
	nth_set "$4"
	give "$where" "$2" "$3"
	status=$?
	used=1
	nth_left && used=0
	nth_set 0
	[ $status = 0 ] && settled "$2" "$3"
}

told() { # N PORT REMOTE-PORT
	local at1
	ends_at 1 "$2" "$3"
	at1=$ends
	ends_at 2 "$2" "$3"
	note "allocation $1: $result ($why); sockets: $at1 at n1, $ends at n2"
}

# Each N, until nothing is left to fail: three times, since not all moves need the same.
each_allocation() { # PATTERN PORT REMOTE-PORT LIVES
	local n whole=0 failed=0
	: > $HANDS
	for ((n = FIRST; n <= MOST && whole < 3; n++)); do
		{ one_move "$1" "$2" "$3" $n && "$4" $n; } || {
			told $n "$2" "$3"
			return 1
		}
		failed=$((failed + used))
		[ "$used$result" = 0moved ] && whole=$((whole + 1))
	done
	note "$failed moves with an allocation that failed, $n tried"
	sort $HANDS | uniq -c | sed 's/^/# /'
	[ $whole = 3 ]
}

# What cannot wait for memory, whoever it is for: also where packets come in.
storm() { # PORT REMOTE-PORT LIVES
	local n status
	: > $HANDS
	echo -1 > $FAULTS/failslab/times
	echo 1 > $FAULTS/failslab/ignore-gfp-wait
	for ((n = 1; n <= STORMS; n++)); do
		settled "$1" "$2" || return
		echo 5 > $FAULTS/failslab/probability
		give "$where" "$1" "$2"
		status=$?
		echo 0 > $FAULTS/failslab/probability
		{ [ $status = 0 ] && settled "$1" "$2" && "$3" $n; } || {
			told $n "$1" "$2"
			return 1
		}
	done
	sort $HANDS | uniq -c | sed 's/^/# /'
}

ktap_plan 11
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
spillway_rekey 2
netem_set rtr r1 delay 5ms limit 5000
mkdir /tmp/moved
inside=()
for i in 1 2; do
	node_start $i "$BATON" serve 0.0.0.0 7000 /tmp/moved > /tmp/serve-$i
	node_start $i "$ANSWER" 0.0.0.0 7001 "n$i"
	inside[i]=${SCENE_JOBS[-1]}
done
sleep 0.5
remote_start 1 "$BATON" remote 10.10.1.2 7000 1 0 $RATE > /tmp/remote
remote=$!
check "a stream begins" wait_until sockets_are 1 7000 1
check "a connection that is idle" ask_open q 10.10.1.2 7001
sleep 1
busy=$(sockets 1 7000 | sed 's/.*://; s/ *$//')
idle=$(sockets 1 7001 | sed 's/.*://; s/ *$//')
faults_begin

check "each allocation of who moves, an idle one" each_allocation H 7001 "$idle" idle_lives
check "each allocation of who moves, data in all queues" \
	each_allocation H 7000 "$busy" busy_lives
check "each allocation of the other workers" \
	each_allocation '(-|$)' 7001 "$idle" idle_lives

check "what cannot wait has no memory, now and then" storm 7000 "$busy" busy_lives

### the end

echo 0 > $TRACE/events/kmem/kmalloc/enable
echo 0 > $TRACE/events/kmem/kmem_cache_alloc/enable
faults_tell
check "they are the module's" [ "$(wc -l < /tmp/sites)" -gt 5 ]
ask_close q
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
# Not for so long as this kernel is given otherwise.
gone() { LAB_SLOW=1 all_gone 7000 7001; }
check "each was taken up once" wait_until state_left
check "nothing is left on either node" gone
scene_kill
check "the module lets itself unload" wait_until -t 15 rmmod spillway
