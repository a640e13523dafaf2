#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stateful firewalls on the origin and on the target: relay works through them with one
# rule for the tunnel's port and one for what comes in by the device; and the packets
# traverse FORWARD on the target, so without that rule nothing passes.
. tests/lab/scene.sh
. tests/lab/spillway.sh

ktap_plan 7
scene_begin
pool_create 2
remotes_create 1

firewall() { # I EXTRA-FORWARD-RULE
	node_exec "$1" nft -f - <<-END
	flush ruleset
	table inet filter {
		chain input {
			type filter hook input priority 0; policy drop;
			ct state invalid drop
			ct state established,related accept
			iifname "lo" accept
			iifname "lan0" udp dport 51821 accept
			icmp type echo-request accept
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			$2
			ct state invalid drop
			ct state established,related accept
		}
		chain output {
			type filter hook output priority 0; policy accept;
			ct state invalid counter drop
		}
	}
	END
}

firewall 1 ''
firewall 2 'iifname "spill0" counter accept'
spillway_up 2 || exit 1
ok "the tunnel passes both firewalls"

remote_start 1 "$STREAM" serve 5000 &> /dev/null
sleep 0.3
node_exec 1 "$STREAM" run 10.20.1.2 5000 4 30 200000 > /tmp/out 2>&1 &
run=$!
there() { [ "$(conns_count 1 dport 5000)" = 4 ]; }
wait_until there
spillctl 1 offload dport 5000 to n2
base=$(link_stat n2 up0 tx_packets)
carried() { [ "$(link_stat n2 up0 tx_packets)" -gt $((base + 100)) ]; }
check "packets leave by the target" wait_until carried
forwarded() {
	node_exec 2 nft list chain inet filter forward |
		awk '/spill0/ { for (i = 1; i < NF; i++) if ($i == "packets") exit !($(i + 1) > 50) }'
}
check "they traverse FORWARD on the target" forwarded

# Without the rule they stop there; with it they go on.
firewall 2 ''
sleep 0.5
base=$(link_stat n2 up0 tx_packets)
sleep 1.5
check "without the rule the target's firewall stops them" \
	[ "$(link_stat n2 up0 tx_packets)" -le $((base + 3)) ]
firewall 2 'iifname "spill0" counter accept'
base=$(link_stat n2 up0 tx_packets)
check "with it they go on" wait_until carried
wait $run
check "every byte right, ends included" [ $? = 0 ]
sed 's/^/# /' /tmp/out
dropped=$(node_exec 1 nft list chain inet filter output | grep -o 'packets [0-9]*')
check "the origin's conntrack found nothing invalid" [ "$dropped" = "packets 0" ]
