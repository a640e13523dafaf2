#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that is not to be had while an operator's request is answered, at each allocation
# in turn: the kernel that watches itself lets the N-th fail, for N from 1 to where the
# request needs no more (tests/lab/nth.c). A request either fails, says so and has changed
# nothing, or is done, in part if it says so (status 5); where it was the answer that had no
# memory nobody knows, and that is said. What is shown is all or an error.
# lab: --smp 1
# kernels: debug
. tests/lab/scene.sh
. tests/lab/spillway.sh
. tests/lab/handoff.sh
NTH_SO=$PWD/build/lab/nth.so
export NTH_FILE=/tmp/nth-failed
MOST=1000
CONNS=40 # more than fit into one message

[ -e /proc/self/fail-nth ] || {
	ktap_plan 1
	ok "no memory # SKIP the kernel has no fault injection"
	exit 0
}

faults_begin() {
	local kind dir=/sys/kernel/debug
	for kind in failslab fail_page_alloc; do
		echo 0 > $dir/$kind/ignore-gfp-wait
		echo 0 > $dir/$kind/verbose
	done
	echo 0 > $dir/fail_page_alloc/min-order
}

# nth N COMMAND...: sets used, whether it came to its N-th, said, and returns its status
nth() {
	local n=$1 status
	shift
	rm -f $NTH_FILE
	LD_PRELOAD=$NTH_SO NTH=$n "$@" > /tmp/out 2> /tmp/said
	status=$?
	used=0
	[ ! -e $NTH_FILE ] || used=1
	return $status
}

complaint() { # N WHAT
	note "allocation $1: $2"
	sed 's/^/#   /' /tmp/out /tmp/said | head -5
}

# changes STATE UNDO COMMAND...: STATE is a command that prints what the command changes
changes() {
	local state=$1 undo=$2 n before after status failed=0 refused=0
	shift 2
	before=$($state)
	for ((n = 1; n <= MOST; n++)); do
		nth $n "$@"
		status=$?
		after=$($state)
		failed=$((failed + used))
		if [ $status != 0 ] && [ ! -s /tmp/said ]; then
			complaint $n "failed without a word"
			return 1
		elif [ $status != 0 ] && [ $status != 5 ] && [ "$after" != "$before" ] &&
			! grep -q 'may have been done' /tmp/said; then
			complaint $n "failed, and yet: $(xargs <<< "$before") is $(xargs <<< "$after")"
			return 1
		elif [ $status = 0 ] && [ "$after" = "$before" ]; then
			complaint $n "done, and yet nothing has changed"
			return 1
		fi
		[ $status = 0 ] || refused=$((refused + 1))
		if [ "$after" != "$before" ]; then
			$undo > /tmp/out 2> /tmp/said || {
				complaint $n "cannot be undone"
				return 1
			}
			[ "$($state)" = "$before" ] || wait_until same_again "$state" "$before" || {
				complaint $n "is not undone: $($state | xargs)"
				return 1
			}
		fi
		[ "$used" = 1 ] || break
	done
	note "$failed allocations failed, $refused requests by that"
	[ "$used" = 0 ] && [ $status = 0 ] && [ $n -gt 3 ]
}
same_again() { [ "$($1)" = "$2" ]; }

# shows FILTER COMMAND...: FILTER leaves of the output what does not change by itself
shows() {
	local filter=$1 n want status failed=0 errors=0
	shift
	want=$("$@" | $filter)
	for ((n = 1; n <= MOST; n++)); do
		nth $n "$@"
		status=$?
		failed=$((failed + used))
		if [ $status != 0 ]; then
			errors=$((errors + 1))
			[ -s /tmp/said ] || {
				complaint $n "failed without a word"
				return 1
			}
		elif [ "$($filter < /tmp/out)" != "$want" ]; then
			complaint $n "shows something else"
			return 1
		fi
		[ "$used" = 1 ] || break
	done
	note "$failed allocations failed, $errors requests by that"
	[ "$used" = 0 ] && [ $status = 0 ] && [ $n -gt 3 ]
}
first_column() { awk '{ print $1 }'; }
of_1() { "$SPILLCTL" -N n1 "$@"; }

ktap_plan 19
scene_begin
pool_create 2
remotes_create 1
spillway_up 2 || exit 1
handoff_there
handoff_idle 0
spillway_rekey 2
ip netns add alone
for i in 1 2; do
	node_start $i "$ANSWER" 0.0.0.0 7000 n$i
	node_start $i "$ANSWER" 0.0.0.0 7001 n$i
done
sleep 0.5
for ((i = 0; i < CONNS; i++)); do
	# shellcheck disable=SC2016
	remote_start 1 bash -c 'exec 3<>/dev/tcp/10.10.1.2/7000 && sleep 10000'
done
check "connections to an idle server" wait_until -t 30 sockets_are 1 7000 $CONNS
check "and one that asks" ask_open a 10.10.1.2 7001
asked a one "n1 one"
faults_begin

### what is shown

check "conns" shows first_column of_1 -H conns sport 7000 --sort age
check "peers" shows first_column of_1 -H peers
check "stats" shows first_column of_1 -H stats
check "replicas" shows first_column of_1 -H replicas

### what is changed

peers() { of_1 -H peers | awk '{ print $1 }'; }
weights() { of_1 -j peers | jq -c '.peers[] | [.name, .weight]'; }
add_9() { of_1 peers add n9 id 9 endpoint 10.99.0.9:51821; }
del_9() { of_1 peers del n9; }
check "peers add" changes peers del_9 "$SPILLCTL" -N n1 peers add n9 id 9 endpoint 10.99.0.9:51821
add_9
check "peers del" changes peers add_9 "$SPILLCTL" -N n1 peers del n9
weight_1() { of_1 peers set n9 weight 1; }
check "peers set" changes weights weight_1 "$SPILLCTL" -N n1 peers set n9 weight 7
keys() { of_1 -j peers | jq -c '.peers[] | select(.name == "n9") | .tx_key_left_ms != null'; }
new_key() { (umask 077 && head -c 32 /dev/urandom | base64 > /tmp/key); }
set_key() { of_1 key set n9 tx id $((++key_id)) --file /tmp/key; }
no_key() {
	new_key
	of_1 key del n9
}
new_key
check "key set" changes keys no_key "$SPILLCTL" -N n1 key set n9 tx id 7 --file /tmp/key
key_id=100
key_again() {
	new_key
	set_key
}
key_again
check "key del" changes keys key_again "$SPILLCTL" -N n1 key del n9
del_9

offloaded() { conns_count 1 role offloaded; }
recall_all() { of_1 -q recall --all; }
check "offload" changes offloaded recall_all "$SPILLCTL" -N n1 -q offload sport 7000 to n2
offload_all() { of_1 -q offload sport 7000 to n2; }
offload_all
check "recall" changes offloaded offload_all "$SPILLCTL" -N n1 -q recall --all
recall_all
replicated() { of_1 -j replicas | jq -c '.replicas[]? | [.peer, .conns]'; }
kept() { of_1 -j conns sport 7000 | jq '[.conns[] | select(.replica != null)] | length'; }
unreplicate() { of_1 -q unreplicate sport 7000; }
check "replicate" changes kept unreplicate "$SPILLCTL" -N n1 -q replicate sport 7000 to n2
replicate() { of_1 -q replicate sport 7000 to n2; }
replicate
check "unreplicate" changes kept replicate "$SPILLCTL" -N n1 -q unreplicate sport 7000
unreplicate

# A job that is over stays in the list: what counts is where the connection is.
there() { conns_count 2 sport 7001; }
there_after() {
	wait_until -t 20 no_job_runs
	there
}
no_job_runs() { of_1 -j job | jq -e '[.jobs[]? | select(.running > 0)] | length == 0' > /dev/null; }
back() { spillctl 2 -q handoff sport 7001 to n1 wait 100; }
check "handoff" changes there_after back "$SPILLCTL" -N n1 -q handoff sport 7001 to n2

device() { ip -n alone link show spill0 2> /dev/null | wc -l; }
device_del() { ip -n alone link del spill0; }
check "dev add" changes device device_del "$SPILLCTL" -N alone dev add name alone id 1

### the end

check "who asked is still answered" asked a last "n1 last"
ask_close a
scene_kill
check "the module lets itself unload" wait_until -t 30 rmmod spillway
