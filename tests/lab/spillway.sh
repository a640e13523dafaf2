# SPDX-License-Identifier: GPL-2.0-or-later
# Spillway by hand in a scene: the module, a device in each node, peers and keys.
# Sourced after scene.sh.
# shellcheck shell=bash

spillctl() { # NODE ARGS...
	local i=$1
	shift
	"$SPILLCTL" -N "n$i" "$@"
}

spillway_load() {
	tests/lab/load
}

# The private key of node I for spilld, made when it is asked for first.
node_key() { # I: its file
	local file=/tmp/key-$1
	[ -e "$file" ] || (umask 077 && "$SPILLCTL" genkey > "$file")
	echo "$file"
}

node_public() { # I
	"$SPILLCTL" pubkey < "$(node_key "$1")"
}

# New data keys by hand, for both directions: nobody seals before the other can open.
# They live for 180 s; spillway_rekey makes others in time. /tmp/data-keys has them all.
spillway_keys() { # I J
	local i=$1 j=$2 there=$SRANDOM back=$SRANDOM there_key back_key
	there_key=$(head -c 32 /dev/urandom | base64)
	back_key=$(head -c 32 /dev/urandom | base64)
	printf '%s\n' "$there_key" "$back_key" >> /tmp/data-keys
	spillctl "$j" key set "n$i" rx id "$there" <<< "$there_key" &&
		spillctl "$i" key set "n$j" rx id "$back" <<< "$back_key" &&
		spillctl "$i" key set "n$j" tx id "$there" <<< "$there_key" &&
		spillctl "$j" key set "n$i" tx id "$back" <<< "$back_key"
}

spillway_rekey() { # N: in the background, until the scene ends
	[ -z "${rekeys-}" ] || return 0
	rekeys=1
	(
		while sleep 60; do
			for i in $(seq "$1"); do
				for j in $(seq $((i + 1)) "$1"); do
					spillway_keys "$i" "$j"
				done
			done
		done
	) &> /dev/null &
	SCENE_JOBS+=($!)
}

# Where the tunnel ends: peers' addresses are this with the node's number behind it.
SPILLWAY_NET=${SPILLWAY_NET:-10.99.0.}

endpoint_of() { # I
	case $SPILLWAY_NET in
	*:*) echo "[$SPILLWAY_NET$1]:51821" ;;
	*) echo "$SPILLWAY_NET$1:51821" ;;
	esac
}

spillway_node() { # I N: device and peers of node I in a pool of N
	local i=$1 j
	ip -n "n$i" link add spill0 type spillway || return
	# Without an address Linux refuses by its reverse path filter, loose or not,
	# what comes in by the device.
	ip -n "n$i" addr add "10.99.0.$i/32" dev spill0 || return
	spillctl "$i" dev set name "n$i" id "$i" || return
	ip -n "n$i" link set spill0 up || return
	for j in $(seq "$2"); do
		[ "$j" = "$i" ] && continue
		spillctl "$i" peers add "n$j" id "$j" endpoint "$(endpoint_of "$j")" || return
		# The first of two makes no keys: the other is not there yet.
		if spillctl "$j" peers show "n$i" &> /dev/null; then
			spillway_keys "$i" "$j" || return
		fi
	done
}

peers_up() { # I N: all peers of node I are up
	[ "$(spillctl "$1" -H peers | awk '$4 == "up"' | wc -l)" = $(($2 - 1)) ]
}

spillway_up() { # N
	local i
	spillway_load || return
	for i in $(seq "$1"); do
		spillway_node "$i" "$1" || return
	done
	for i in $(seq "$1"); do
		wait_until -t 20 peers_up "$i" "$1" || {
			note "peers of n$i did not come up"
			spillctl "$i" peers
			return 1
		}
	done
}

conns_count() { # I FILTER...
	local i=$1
	shift
	spillctl "$i" -H conns "$@" | wc -l
}

stat_of() { # I COUNTER
	spillctl "$1" stats | awk -v n="$2" '$1 == n { print $2 }'
}
