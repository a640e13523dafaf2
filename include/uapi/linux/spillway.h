/* SPDX-License-Identifier: (GPL-2.0-or-later WITH Linux-syscall-note) */
/*
 * Spillway: the generic netlink family "spillway".
 *
 * Every operation and every multicast group needs CAP_NET_ADMIN in the network
 * namespace (GENL_UNS_ADMIN_PERM): even the reads name client addresses. Every
 * request names its device with %SPILLWAY_A_IFINDEX or %SPILLWAY_A_IFNAME. A
 * refused request changes nothing, and its extended acknowledgment names the
 * attribute. No operation reads a key back.
 *
 * Compatibility: attributes are added at the end, never renumbered; an attribute
 * that the kernel does not know is refused (NL_VALIDATE_STRICT).
 *
 * Units are in the names: _US _MS _NS _BYTES; rates are bytes a second; loads are
 * permille of the node's capacity (1000 = full) and may exceed 1000.
 */
#ifndef _UAPI_LINUX_SPILLWAY_H
#define _UAPI_LINUX_SPILLWAY_H

#include <linux/types.h>

#define SPILLWAY_GENL_NAME	"spillway"
#define SPILLWAY_GENL_VERSION	1

/* Multicast groups. Each message carries the whole object and SPILLWAY_A_GENERATION. */
#define SPILLWAY_MCGRP_CONFIG	"config"	/* SPILLWAY_CMD_DEV_NTF */
#define SPILLWAY_MCGRP_HEALTH	"health"	/* SPILLWAY_CMD_PEER_NTF */
#define SPILLWAY_MCGRP_CONN	"conn"		/* SPILLWAY_CMD_CONN_NTF: may flood */

/* The kind for rtnetlink: ip link add spill0 type spillway */
#define SPILLWAY_LINK_KIND	"spillway"

#define SPILLWAY_KEY_LEN	32	/* ChaCha20-Poly1305, RFC 8439 */
#define SPILLWAY_NAME_MAX	31	/* a peer's or node's name, without the NUL */
#define SPILLWAY_BATCH_MAX	2048	/* entries in one offload or recall: what a nest holds */
#define SPILLWAY_TOP_MAX	65536	/* SPILLWAY_A_TOP */
#define SPILLWAY_WEIGHT_MAX	10000
#define SPILLWAY_LOAD_MAX	100000	/* permille */
#define SPILLWAY_PEERS_MAX	1024
#define SPILLWAY_PORT_DEFAULT	51821

/* No key seals or opens anything when it is this old, and what a peer relays returns
 * to local this long before the key that seals for it ends.
 */
#define SPILLWAY_KEY_LIFE_MS	180000
#define SPILLWAY_KEY_MARGIN_MS	15000

/*
 * Options of TCP sockets, for applications: setsockopt() and getsockopt() at level SOL_IP
 * with sockets of either family, or SOL_IPV6 with those of IPv6. They need no privilege.
 * ENOPROTOOPT: no TCP socket, or no spillway device in the socket's network namespace.
 * ENOTCONN: not connected (any more). ENOENT: not tracked, as of a connection that stays
 * on the node, or where the table is full. See include/spillway/app.h.
 *
 * SPILLWAY_SO_SESSION: up to %SPILLWAY_SESSION_MAX bytes that are stored with the
 * connection and move along with it. Set: replaces what there was, of length 0 clears it;
 * EMSGSIZE, ENOMEM, ENOBUFS where all that is to be stored at one time is (session_kbytes),
 * and then nothing has changed. Get: the length that is stored, 0 for none. ERANGE where
 * there is less room; with length 0 that is no error, the length is told.
 *
 * SPILLWAY_SO_HANDOFF: set &struct spillway_handoff: the connection is given away, now,
 * whatever has come or is to be sent. 0 says that this has begun: the socket ends (a reset,
 * or the end of file: handoff_eof) once it has moved, and goes on as if nothing had
 * happened where it stays. EINVAL; EPERM where the operator does not want it; EAGAIN
 * where too many are under way; EALREADY where this one is, or is relayed; ENXIO: no such
 * peer; EHOSTDOWN, EBUSY, ENOKEY, EKEYEXPIRED: it takes nothing; EOPNOTSUPP: the connection
 * cannot be moved. Get &struct spillway_handoff_state; ENODATA: never given away.
 *
 * SPILLWAY_SO_ADOPT: set &struct spillway_adopt on a fresh socket: it waits for a
 * connection that comes from another node, as a socket does that connects without
 * blocking: poll() says POLLOUT once it has one, and getpeername() is ENOTCONN before. It
 * comes before any listener. connect() to AF_UNSPEC ends the wait, close() the socket. Where
 * the device goes the socket fails with ENODEV. Needs CAP_NET_ADMIN in the user namespace
 * that owns the network namespace, as TCP_REPAIR does: EPERM. EINVAL; EISCONN: not fresh;
 * EOPNOTSUPP: it uses what a moved connection cannot have (TLS, MD5, bound to a device);
 * ENOBUFS: as many wait as may (adopt_max); ENOMEM.
 *
 * SPILLWAY_SO_ID: get __u64, the connection's id on this node (%SPILLWAY_A_CONN_ID), by
 * which another node can wait for it.
 */
#define SPILLWAY_SO_BASE	0x5350
#define SPILLWAY_SO_SESSION	(SPILLWAY_SO_BASE + 0)
#define SPILLWAY_SO_HANDOFF	(SPILLWAY_SO_BASE + 1)
#define SPILLWAY_SO_ADOPT	(SPILLWAY_SO_BASE + 2)
#define SPILLWAY_SO_ID		(SPILLWAY_SO_BASE + 3)
#define SPILLWAY_SO_END		(SPILLWAY_SO_BASE + 4)

#define SPILLWAY_SESSION_MAX	65536	/* bytes */

/**
 * struct spillway_handoff - to whom
 * @peer: name, ends with a NUL; empty: any that is ready, by weight
 * @flags: 0
 */
struct spillway_handoff {
	char peer[SPILLWAY_NAME_MAX + 1];
	__u32 flags;
};

/**
 * struct spillway_handoff_state - what became of it, as long as the socket lives
 * @result: &enum spillway_move_result
 * @reason: &enum spillway_reason, why it stayed
 */
struct spillway_handoff_state {
	__u32 result;
	__u32 reason;
};

/**
 * struct spillway_adopt - for which connection a socket waits; what is 0 is any
 * @id: of the connection at its origin, see SPILLWAY_SO_ID
 * @peer: name of the origin, ends with a NUL
 * @remote: address of the far end as an IPv6 one, of IPv4 mapped (::ffff:192.0.2.1)
 * @remote_plen: bits of it that count, 0..128; the others are 0
 * @direction: &enum spillway_conn_direction, who opened it
 * @remote_port: host order
 * @local_port: host order
 * @reserved: 0
 */
struct spillway_adopt {
	__u64 id;
	char peer[SPILLWAY_NAME_MAX + 1];
	__u8 remote[16];
	__u8 remote_plen;
	__u8 direction;
	__u16 remote_port;
	__u16 local_port;
	__u16 reserved;
};

/**
 * enum spillway_cmd - operations of the family
 * @SPILLWAY_CMD_DEV_GET: do: the device, its settings and counters. dump: all
 *	devices of the namespace.
 * @SPILLWAY_CMD_DEV_SET: do: node name, id, port, load, forecast (all optional).
 *	The id and the port can be changed only while the device is down (EBUSY).
 * @SPILLWAY_CMD_PEER_GET: do: one peer by %SPILLWAY_A_PEER_ID or
 *	%SPILLWAY_A_PEER_NAME; dump: all.
 * @SPILLWAY_CMD_PEER_NEW: do: id, name, endpoint; weight, admin optional. EEXIST
 *	where the id or the name is taken, EINVAL for the node itself.
 * @SPILLWAY_CMD_PEER_SET: do: by id or name; endpoint, weight, admin.
 * @SPILLWAY_CMD_PEER_DEL: do: by id or name; its connections return to local first.
 * @SPILLWAY_CMD_KEY_NEW: do: a data key for a peer (%SPILLWAY_A_KEY_DIRECTION,
 *	%SPILLWAY_A_KEY_ID, %SPILLWAY_A_KEY, optionally %SPILLWAY_A_KEY_FIRST_PN).
 *	A new transmit key replaces the older one. A new receive key leaves those
 *	valid that the peer may still seal with: three are kept, among them the one
 *	that was used last. A key ends after %SPILLWAY_KEY_LIFE_MS or 2^60 packets.
 * @SPILLWAY_CMD_KEY_DEL: do: wipes all keys of a peer; its connections return to
 *	local first.
 * @SPILLWAY_CMD_CONN_GET: do: one connection by %SPILLWAY_A_CONN_ID. dump: all
 *	that match the filter attributes; with %SPILLWAY_A_TOP the best N by
 *	%SPILLWAY_A_SORT, best first, else by id.
 * @SPILLWAY_CMD_OFFLOAD: do: %SPILLWAY_A_BATCH of entries with
 *	%SPILLWAY_A_CONN_ID and %SPILLWAY_A_PEER_ID. All or nothing.
 * @SPILLWAY_CMD_RECALL: do: %SPILLWAY_A_BATCH of entries with
 *	%SPILLWAY_A_CONN_ID; or, without a batch, %SPILLWAY_A_PEER_ID (all of one
 *	peer), or neither (all).
 * @SPILLWAY_CMD_DEV_NTF: event: device settings changed.
 * @SPILLWAY_CMD_PEER_NTF: event: a peer came, changed its settings or state, went
 *	(state %SPILLWAY_PEER_GONE), or its keys are about to end
 *	(%SPILLWAY_REASON_KEY_EXPIRING).
 * @SPILLWAY_CMD_CONN_NTF: event: a connection came, was offloaded, recalled, or
 *	ended (%SPILLWAY_A_CONN_EVENT).
 * @SPILLWAY_CMD_HOSTED_GET: dump: the connections that this node relays for its peers,
 *	as they say: the peer, its id and role (%SPILLWAY_ROLE_HOSTED) of each, and its
 *	addresses and ports as the peer sees them. All, or those of one peer by
 *	%SPILLWAY_A_PEER_ID or %SPILLWAY_A_PEER_NAME.
 * @SPILLWAY_CMD_HANDOFF: do: %SPILLWAY_A_BATCH of entries with %SPILLWAY_A_CONN_ID and
 *	%SPILLWAY_A_PEER_ID, and optionally %SPILLWAY_A_JOB with %SPILLWAY_JOB_A_FLAGS.
 *	Checked as a whole, all or nothing; then the endpoints begin to move, as a job:
 *	answers as OFFLOAD, with the job's %SPILLWAY_JOB_A_ID in %SPILLWAY_A_JOB.
 * @SPILLWAY_CMD_JOB_GET: do: %SPILLWAY_A_JOB with %SPILLWAY_JOB_A_ID: the job, and a
 *	%SPILLWAY_A_BATCH with an entry for each of its connections: its
 *	%SPILLWAY_A_CONN_ID, %SPILLWAY_A_PEER_ID, %SPILLWAY_A_REASON and %SPILLWAY_A_JOB
 *	with what became of it. dump: jobs, without their connections.
 * @SPILLWAY_CMD_JOB_CANCEL: do: %SPILLWAY_A_JOB with %SPILLWAY_JOB_A_ID: moves that
 *	have not come to the point of no return stay.
 * @SPILLWAY_CMD_JOB_NTF: event: a job began or is over; as in the dump.
 * @SPILLWAY_CMD_MOVED_GET: dump: connections that were handed to peers and whose packets
 *	this node sends on (%SPILLWAY_ROLE_MOVED), and that came from peers
 *	(%SPILLWAY_ROLE_ARRIVED): the peer, its id, role, addresses and ports as the
 *	origin's socket has or had them, and its age since it moved. All, or those of one
 *	peer by %SPILLWAY_A_PEER_ID or %SPILLWAY_A_PEER_NAME.
 * @SPILLWAY_CMD_REPLICATE: do: %SPILLWAY_A_BATCH of entries with %SPILLWAY_A_CONN_ID and
 *	%SPILLWAY_A_PEER_ID: the peer keeps an image of each, until it ends. All or
 *	nothing. What a peer relays is replicated to it without that (replica_relayed).
 * @SPILLWAY_CMD_UNREPLICATE: do: %SPILLWAY_A_BATCH of entries with
 *	%SPILLWAY_A_CONN_ID: not any more. All or nothing.
 *
 * OFFLOAD, RECALL and the last two with a batch answer with a message of the same command that
 * holds %SPILLWAY_A_DONE (entries applied) and, where the batch was refused, one
 * %SPILLWAY_A_BATCH nest of entries, in the order sent, each with its
 * %SPILLWAY_A_CONN_ID and %SPILLWAY_A_REASON (%SPILLWAY_REASON_NONE for an entry
 * that was well). The refused batch's netlink error follows that message.
 */
enum spillway_cmd {
	SPILLWAY_CMD_UNSPEC,
	SPILLWAY_CMD_DEV_GET,
	SPILLWAY_CMD_DEV_SET,
	SPILLWAY_CMD_PEER_GET,
	SPILLWAY_CMD_PEER_NEW,
	SPILLWAY_CMD_PEER_SET,
	SPILLWAY_CMD_PEER_DEL,
	SPILLWAY_CMD_KEY_NEW,
	SPILLWAY_CMD_KEY_DEL,
	SPILLWAY_CMD_CONN_GET,
	SPILLWAY_CMD_OFFLOAD,
	SPILLWAY_CMD_RECALL,
	SPILLWAY_CMD_DEV_NTF,
	SPILLWAY_CMD_PEER_NTF,
	SPILLWAY_CMD_CONN_NTF,
	SPILLWAY_CMD_HOSTED_GET,
	SPILLWAY_CMD_HANDOFF,
	SPILLWAY_CMD_JOB_GET,
	SPILLWAY_CMD_JOB_CANCEL,
	SPILLWAY_CMD_JOB_NTF,
	SPILLWAY_CMD_MOVED_GET,
	SPILLWAY_CMD_REPLICATE,
	SPILLWAY_CMD_UNREPLICATE,

	__SPILLWAY_CMD_MAX
};

#define SPILLWAY_CMD_MAX (__SPILLWAY_CMD_MAX - 1)

/**
 * enum spillway_attr - attributes, one flat set for all operations
 * @SPILLWAY_A_PAD: pads 64-bit attributes
 * @SPILLWAY_A_IFINDEX: u32, the device
 * @SPILLWAY_A_IFNAME: string, the device, where no index is given
 * @SPILLWAY_A_GENERATION: u64, grows with each event of the device
 * @SPILLWAY_A_NODE_ID: u16, 1..65535, this node's id in the pool
 * @SPILLWAY_A_NODE_NAME: string up to %SPILLWAY_NAME_MAX
 * @SPILLWAY_A_PORT: u16, host order, the UDP port of the tunnel
 * @SPILLWAY_A_LOAD: u32 permille; of the node (DEV) or as the peer says (PEER)
 * @SPILLWAY_A_FORECAST: u32 permille, highest load forecast within the horizon
 * @SPILLWAY_A_CONNS: u32, connections in the table
 * @SPILLWAY_A_CONNS_OFFLOADED: u32, of these, offloaded (DEV), or offloaded to the
 *	peer (PEER)
 * @SPILLWAY_A_STATS: nest of u64, see &enum spillway_stat: the attribute type is
 *	the counter
 * @SPILLWAY_A_PEER_ID: u16, the node id of the peer
 * @SPILLWAY_A_PEER_NAME: string
 * @SPILLWAY_A_PEER_ADDR4: be32, outer address of the peer; this or
 *	@SPILLWAY_A_PEER_ADDR6
 * @SPILLWAY_A_PEER_PORT: u16, host order, outer port of the peer
 * @SPILLWAY_A_PEER_WEIGHT: u32, 0..%SPILLWAY_WEIGHT_MAX
 * @SPILLWAY_A_PEER_ADMIN: u8, &enum spillway_admin: what the operator wants
 * @SPILLWAY_A_PEER_STATE: u8, &enum spillway_peer_state: what health finds
 * @SPILLWAY_A_PEER_REASON: u8, &enum spillway_reason: why the state is what it is
 * @SPILLWAY_A_PEER_RTT_US: u32, smoothed (RFC 6298), absent before a first sample
 * @SPILLWAY_A_PEER_SEEN_MS: u64, since the last authenticated datagram, absent if
 *	never
 * @SPILLWAY_A_KEY_DIRECTION: u8, &enum spillway_key_direction
 * @SPILLWAY_A_KEY_ID: u32, chosen so that it is unique on the receiver
 * @SPILLWAY_A_KEY: binary, %SPILLWAY_KEY_LEN bytes
 * @SPILLWAY_A_KEY_FIRST_PN: u64, transmit keys only: first packet number. It must be
 *	above every number that the key was ever used with; a key that is still there
 *	goes on with its own numbers
 * @SPILLWAY_A_CONN_ID: u64
 * @SPILLWAY_A_CONN_DIRECTION: u8, &enum spillway_conn_direction. Filter
 * @SPILLWAY_A_CONN_ROLE: u8, &enum spillway_conn_role. Filter
 * @SPILLWAY_A_LOCAL_ADDR4: be32; a connection has its two addresses in this form or
 *	in that of @SPILLWAY_A_LOCAL_ADDR6. Filter, with @SPILLWAY_A_LOCAL_PLEN: only
 *	connections of that family
 * @SPILLWAY_A_LOCAL_PORT: u16, host order. Filter
 * @SPILLWAY_A_REMOTE_ADDR4: be32. Filter, with @SPILLWAY_A_REMOTE_PLEN
 * @SPILLWAY_A_REMOTE_PORT: u16, host order. Filter
 * @SPILLWAY_A_LOCAL_PLEN: u8, prefix length, 0..32 or with IPv6 0..128; filter only,
 *	beside an address (default: the whole of it)
 * @SPILLWAY_A_REMOTE_PLEN: likewise
 * @SPILLWAY_A_TCP_STATE: u8, as TCP_ESTABLISHED and the others
 * @SPILLWAY_A_AGE_MS: u64, since the connection was seen first. As a filter: at
 *	least this old
 * @SPILLWAY_A_RTT_US: u32, smoothed by TCP
 * @SPILLWAY_A_TX_RATE: u64, bytes a second sent, over the last second or more
 * @SPILLWAY_A_RX_RATE: u64, bytes a second received, likewise
 * @SPILLWAY_A_TX_BYTES: u64, payload sent, retransmissions left out
 * @SPILLWAY_A_RX_BYTES: u64, payload received in order
 * @SPILLWAY_A_RETRANS: u32, segments retransmitted in the connection's life
 * @SPILLWAY_A_SEND_QUEUE: u32 bytes, written and not yet acknowledged
 * @SPILLWAY_A_RECV_QUEUE: u32 bytes, received and not yet read
 * @SPILLWAY_A_CONN_EVENT: u8, &enum spillway_conn_event
 * @SPILLWAY_A_TOP: u32, 1..%SPILLWAY_TOP_MAX
 * @SPILLWAY_A_SORT: u8, &enum spillway_sort
 * @SPILLWAY_A_BATCH: nest of @SPILLWAY_A_ENTRY
 * @SPILLWAY_A_ENTRY: nest, one connection of a batch
 * @SPILLWAY_A_REASON: u8, &enum spillway_reason
 * @SPILLWAY_A_DONE: u32, entries applied
 * @SPILLWAY_A_PEER_FREE: u32 permille, capacity that the peer says it can take:
 *	its threshold minus the greater of load and forecast, never below 0 (DEV_SET:
 *	what this node says of itself)
 * @SPILLWAY_A_CAPACITY: u64 bytes a second, the node's uplink (DEV_SET: of this
 *	node; PEER_GET: as the peer says)
 * @SPILLWAY_A_PEER_ADDR6: 16 bytes, outer address of the peer
 * @SPILLWAY_A_LOCAL_ADDR6: 16 bytes. Filter, with @SPILLWAY_A_LOCAL_PLEN
 * @SPILLWAY_A_REMOTE_ADDR6: 16 bytes. Filter, with @SPILLWAY_A_REMOTE_PLEN
 * @SPILLWAY_A_PEER_IPV6: u8, 1 where the peer says that it forwards IPv6, else 0
 * @SPILLWAY_A_PEER_PMTU: u32, bytes of the largest IP packet that is sent to the peer:
 *	what the path was found to take
 * @SPILLWAY_A_PEER_TX_KEY_AGE_MS: u64, of the key that seals for the peer, absent if
 *	there is none
 * @SPILLWAY_A_PEER_RX_KEY_AGE_MS: u64, of the newest key that opens what the peer
 *	sends, absent if there is none
 * @SPILLWAY_A_CONNS_HOSTED: u32, connections that this node relays for its peers (DEV)
 *	or for the peer (PEER), as they say
 * @SPILLWAY_A_JOB: nest, see &enum spillway_job_attr
 * @SPILLWAY_A_REPLICA: nest, see &enum spillway_replica_attr, of a peer or a connection
 */
enum spillway_attr {
	SPILLWAY_A_UNSPEC,
	SPILLWAY_A_PAD,
	SPILLWAY_A_IFINDEX,
	SPILLWAY_A_IFNAME,
	SPILLWAY_A_GENERATION,
	SPILLWAY_A_NODE_ID,
	SPILLWAY_A_NODE_NAME,
	SPILLWAY_A_PORT,
	SPILLWAY_A_LOAD,
	SPILLWAY_A_FORECAST,
	SPILLWAY_A_CONNS,
	SPILLWAY_A_CONNS_OFFLOADED,
	SPILLWAY_A_STATS,
	SPILLWAY_A_PEER_ID,
	SPILLWAY_A_PEER_NAME,
	SPILLWAY_A_PEER_ADDR4,
	SPILLWAY_A_PEER_PORT,
	SPILLWAY_A_PEER_WEIGHT,
	SPILLWAY_A_PEER_ADMIN,
	SPILLWAY_A_PEER_STATE,
	SPILLWAY_A_PEER_REASON,
	SPILLWAY_A_PEER_RTT_US,
	SPILLWAY_A_PEER_SEEN_MS,
	SPILLWAY_A_KEY_DIRECTION,
	SPILLWAY_A_KEY_ID,
	SPILLWAY_A_KEY,
	SPILLWAY_A_KEY_FIRST_PN,
	SPILLWAY_A_CONN_ID,
	SPILLWAY_A_CONN_DIRECTION,
	SPILLWAY_A_CONN_ROLE,
	SPILLWAY_A_LOCAL_ADDR4,
	SPILLWAY_A_LOCAL_PORT,
	SPILLWAY_A_REMOTE_ADDR4,
	SPILLWAY_A_REMOTE_PORT,
	SPILLWAY_A_LOCAL_PLEN,
	SPILLWAY_A_REMOTE_PLEN,
	SPILLWAY_A_TCP_STATE,
	SPILLWAY_A_AGE_MS,
	SPILLWAY_A_RTT_US,
	SPILLWAY_A_TX_RATE,
	SPILLWAY_A_RX_RATE,
	SPILLWAY_A_TX_BYTES,
	SPILLWAY_A_RX_BYTES,
	SPILLWAY_A_RETRANS,
	SPILLWAY_A_SEND_QUEUE,
	SPILLWAY_A_RECV_QUEUE,
	SPILLWAY_A_CONN_EVENT,
	SPILLWAY_A_TOP,
	SPILLWAY_A_SORT,
	SPILLWAY_A_BATCH,
	SPILLWAY_A_ENTRY,
	SPILLWAY_A_REASON,
	SPILLWAY_A_DONE,
	SPILLWAY_A_PEER_FREE,
	SPILLWAY_A_CAPACITY,
	SPILLWAY_A_PEER_ADDR6,
	SPILLWAY_A_PEER_PMTU,
	SPILLWAY_A_PEER_TX_KEY_AGE_MS,
	SPILLWAY_A_PEER_RX_KEY_AGE_MS,
	SPILLWAY_A_LOCAL_ADDR6,
	SPILLWAY_A_REMOTE_ADDR6,
	SPILLWAY_A_PEER_IPV6,
	SPILLWAY_A_CONNS_HOSTED,
	SPILLWAY_A_JOB,
	SPILLWAY_A_REPLICA,

	__SPILLWAY_A_MAX
};

#define SPILLWAY_A_MAX (__SPILLWAY_A_MAX - 1)

/**
 * enum spillway_job_attr - attributes of a job, or of one move of it
 * @SPILLWAY_JOB_A_PAD: pads 64-bit attributes
 * @SPILLWAY_JOB_A_ID: u32, never 0
 * @SPILLWAY_JOB_A_FLAGS: u32, &enum spillway_job_flags
 * @SPILLWAY_JOB_A_TOTAL: u32, connections
 * @SPILLWAY_JOB_A_MOVED: u32, of these, that are at their target
 * @SPILLWAY_JOB_A_STAYED: u32, that go on here
 * @SPILLWAY_JOB_A_LOST: u32, that ended meanwhile; what is left is under way
 * @SPILLWAY_JOB_A_AGE_MS: u64, since it began
 * @SPILLWAY_JOB_A_TIME_MS: u64, that it took, if it is over
 * @SPILLWAY_JOB_A_RESULT: u8, of one move: &enum spillway_move_result
 * @SPILLWAY_JOB_A_BLACKOUT_US: u32, of one move: for how long packets were held
 * @SPILLWAY_JOB_A_BYTES: u32, of one move: of its image
 * @SPILLWAY_JOB_A_KNOWN_US: u32, of one move: since they were held, until it was known here
 *	that the target has it
 */
enum spillway_job_attr {
	SPILLWAY_JOB_A_UNSPEC,
	SPILLWAY_JOB_A_PAD,
	SPILLWAY_JOB_A_ID,
	SPILLWAY_JOB_A_FLAGS,
	SPILLWAY_JOB_A_TOTAL,
	SPILLWAY_JOB_A_MOVED,
	SPILLWAY_JOB_A_STAYED,
	SPILLWAY_JOB_A_LOST,
	SPILLWAY_JOB_A_AGE_MS,
	SPILLWAY_JOB_A_TIME_MS,
	SPILLWAY_JOB_A_RESULT,
	SPILLWAY_JOB_A_BLACKOUT_US,
	SPILLWAY_JOB_A_BYTES,
	SPILLWAY_JOB_A_KNOWN_US,

	__SPILLWAY_JOB_A_MAX
};

#define SPILLWAY_JOB_A_MAX (__SPILLWAY_JOB_A_MAX - 1)

/**
 * enum spillway_replica_attr - attributes of replication
 * @SPILLWAY_REPLICA_A_PAD: pads 64-bit attributes
 * @SPILLWAY_REPLICA_A_OUT: u32, of a peer: connections of this node that it keeps
 * @SPILLWAY_REPLICA_A_IN: u32, of a peer: connections of it that this node keeps
 * @SPILLWAY_REPLICA_A_LAG_P50_US: u32, of a peer: for how long half of the changes of the
 *	last 10 to 20 s were true at most, when it acknowledged them; absent if there
 *	were none, as the next two
 * @SPILLWAY_REPLICA_A_LAG_P99_US: u32, likewise 99 of 100
 * @SPILLWAY_REPLICA_A_LAG_MOST_US: u32, likewise all
 * @SPILLWAY_REPLICA_A_PEER_NAME: string, of a connection: who keeps its image
 * @SPILLWAY_REPLICA_A_AGE_US: u64, of a connection: since its image was told or changed
 *	last, absent if it was not told yet
 * @SPILLWAY_REPLICA_A_LAG_US: u64, of a connection: for how long something is true that
 *	has not been acknowledged, 0 if all is
 */
enum spillway_replica_attr {
	SPILLWAY_REPLICA_A_UNSPEC,
	SPILLWAY_REPLICA_A_PAD,
	SPILLWAY_REPLICA_A_OUT,
	SPILLWAY_REPLICA_A_IN,
	SPILLWAY_REPLICA_A_LAG_P50_US,
	SPILLWAY_REPLICA_A_LAG_P99_US,
	SPILLWAY_REPLICA_A_LAG_MOST_US,
	SPILLWAY_REPLICA_A_PEER_NAME,
	SPILLWAY_REPLICA_A_AGE_US,
	SPILLWAY_REPLICA_A_LAG_US,

	__SPILLWAY_REPLICA_A_MAX
};

#define SPILLWAY_REPLICA_A_MAX (__SPILLWAY_REPLICA_A_MAX - 1)

enum spillway_job_flags {
	/* Not only where the server has answered all that it was asked: the application
	 * at the target knows how to go on from any byte.
	 */
	SPILLWAY_JOB_ANYTIME = 1,
};

enum spillway_move_result {
	SPILLWAY_MOVE_UNDER_WAY,
	SPILLWAY_MOVE_MOVED,
	SPILLWAY_MOVE_STAYED,
	SPILLWAY_MOVE_LOST,

	__SPILLWAY_MOVE_RESULT_MAX
};

/* What the operator wants of a peer. */
enum spillway_admin {
	SPILLWAY_ADMIN_READY,
	SPILLWAY_ADMIN_DRAIN,	/* takes nothing new */
	SPILLWAY_ADMIN_MAINT,	/* takes nothing, and what it has returns */

	__SPILLWAY_ADMIN_MAX
};

/* What health finds. Down: connections that the peer relays have returned to local. */
enum spillway_peer_state {
	SPILLWAY_PEER_INIT,	/* no keys yet, or never heard of */
	SPILLWAY_PEER_UP,
	SPILLWAY_PEER_SUSPECT,
	SPILLWAY_PEER_DOWN,
	SPILLWAY_PEER_GONE,	/* only in events: the peer was removed */

	__SPILLWAY_PEER_STATE_MAX
};

enum spillway_key_direction {
	SPILLWAY_KEY_TX,
	SPILLWAY_KEY_RX,

	__SPILLWAY_KEY_DIRECTION_MAX
};

enum spillway_conn_direction {
	SPILLWAY_DIR_UNKNOWN,	/* found when the module started, no listener on its port */
	SPILLWAY_DIR_OUT,	/* opened by this node */
	SPILLWAY_DIR_IN,	/* accepted by this node */

	__SPILLWAY_DIR_MAX
};

enum spillway_conn_role {
	SPILLWAY_ROLE_LOCAL,
	SPILLWAY_ROLE_OFFLOADED,	/* relayed by a peer */
	SPILLWAY_ROLE_HOSTED,		/* of a peer, relayed by this node */
	SPILLWAY_ROLE_MOVED,		/* its endpoint is at a peer now */
	SPILLWAY_ROLE_ARRIVED,		/* its endpoint came from a peer */

	__SPILLWAY_ROLE_MAX
};

enum spillway_conn_event {
	SPILLWAY_CONN_NEW,
	SPILLWAY_CONN_OFFLOADED,
	SPILLWAY_CONN_RECALLED,
	SPILLWAY_CONN_ENDED,
	SPILLWAY_CONN_MOVED,	/* its endpoint is at the peer now */
	SPILLWAY_CONN_STAYED,	/* a move came to nothing */
	SPILLWAY_CONN_ARRIVED,	/* its endpoint came from the peer */
};

enum spillway_sort {
	SPILLWAY_SORT_TX_RATE,
	SPILLWAY_SORT_RX_RATE,
	SPILLWAY_SORT_RATE,	/* both */
	SPILLWAY_SORT_AGE,	/* oldest first */

	__SPILLWAY_SORT_MAX
};

/**
 * enum spillway_reason - why an entry was refused, a connection returned, or a peer
 *	is in its state
 */
enum spillway_reason {
	SPILLWAY_REASON_NONE,
	SPILLWAY_REASON_OPERATOR,		/* asked for over netlink */
	SPILLWAY_REASON_CONN_GONE,		/* no such connection (any more) */
	SPILLWAY_REASON_CONN_STATE,		/* its TCP state cannot be moved */
	SPILLWAY_REASON_CONN_BUSY,		/* offloaded already */
	SPILLWAY_REASON_CONN_LOCAL,		/* recall of what is not offloaded */
	SPILLWAY_REASON_CONN_TWICE,		/* twice in one batch */
	SPILLWAY_REASON_CONN_LOOPBACK,		/* its far end is this node or a pool tunnel */
	SPILLWAY_REASON_PEER_UNKNOWN,
	SPILLWAY_REASON_PEER_SELF,
	SPILLWAY_REASON_PEER_DOWN,
	SPILLWAY_REASON_PEER_DRAIN,		/* admin is drain or maint, or its weight is 0 */
	SPILLWAY_REASON_PEER_NO_KEY,
	SPILLWAY_REASON_NO_HEARTBEAT,
	SPILLWAY_REASON_DEVICE_DOWN,
	SPILLWAY_REASON_MALFORMED,		/* an entry without what it needs */
	SPILLWAY_REASON_KEY_EXPIRING,		/* no new key came, the present one ends */
	SPILLWAY_REASON_CONN_SCOPE,		/* a link-local address: means nothing elsewhere */
	SPILLWAY_REASON_CONN_OPTIONS,		/* it sends IPv6 extension headers */
	SPILLWAY_REASON_NO_IPV6,		/* the peer does not forward IPv6 */
	/* why an endpoint did not move; "there" is the target */
	SPILLWAY_REASON_MOVE_ROOM,		/* there: no memory, or too many moves */
	SPILLWAY_REASON_MOVE_IN_USE,		/* there: it has this connection */
	SPILLWAY_REASON_MOVE_LISTENER,		/* there: nobody listens or waits for it */
	SPILLWAY_REASON_MOVE_BACKLOG,		/* there: the accept queue is full */
	SPILLWAY_REASON_MOVE_IMAGE,		/* there: the image makes no sense */
	SPILLWAY_REASON_MOVE_FEATURE,		/* it uses what cannot be moved */
	SPILLWAY_REASON_MOVE_MEMORY,
	SPILLWAY_REASON_MOVE_UNKNOWN,		/* there: nothing is known of the move */
	SPILLWAY_REASON_MOVE_DEADLINE,		/* a step took too long */
	SPILLWAY_REASON_MOVE_LEASE,		/* there: the origin took too long */
	SPILLWAY_REASON_MOVE_DOWN,		/* the peer went down meanwhile */
	SPILLWAY_REASON_MOVE_REBORN,		/* the peer crashed meanwhile */
	SPILLWAY_REASON_MOVE_CANCEL,		/* the job was cancelled */
	SPILLWAY_REASON_MOVE_CLOSED,		/* the connection ended meanwhile */
	SPILLWAY_REASON_MOVE_FULL,		/* more packets came than are held */
	SPILLWAY_REASON_MOVE_DOUBT,		/* the peer never said what became of it */
	SPILLWAY_REASON_MOVE_STATE,		/* its TCP state cannot be moved */
	SPILLWAY_REASON_MOVE_ROUTE,		/* there: no way to the remote, not its address */
	SPILLWAY_REASON_MOVE_BUSY,		/* its application is at work on it */
	SPILLWAY_REASON_REPLICA_NONE,		/* it is not replicated */
	SPILLWAY_REASON_REPLICA_ROOM,		/* too many are replicated, or no memory */

	__SPILLWAY_REASON_MAX
};

/**
 * enum spillway_stat - counters of a device, attribute types below
 *	%SPILLWAY_A_STATS. Monotonic; there is no way to zero them.
 */
enum spillway_stat {
	SPILLWAY_STAT_UNSPEC,
	SPILLWAY_STAT_TX_PACKETS,		/* datagrams sealed and sent */
	SPILLWAY_STAT_TX_BYTES,			/* inner bytes in these */
	SPILLWAY_STAT_RX_PACKETS,		/* datagrams opened and delivered */
	SPILLWAY_STAT_RX_BYTES,
	SPILLWAY_STAT_TX_RECUT,			/* inner packets cut to the path's size */
	SPILLWAY_STAT_TX_DROP_NO_CONN,		/* routed here, but of no offloaded connection */
	SPILLWAY_STAT_TX_DROP_NO_KEY,
	SPILLWAY_STAT_TX_DROP_KEY_SPENT,	/* 2^60 packets, or 180 s old */
	SPILLWAY_STAT_TX_DROP_NO_ROUTE,
	SPILLWAY_STAT_TX_DROP_LOOP,		/* the route to the peer is the tunnel */
	SPILLWAY_STAT_TX_DROP_NOMEM,
	SPILLWAY_STAT_TX_DROP_TOO_BIG,		/* cannot be re-cut */
	SPILLWAY_STAT_RX_DROP_SHORT,
	SPILLWAY_STAT_RX_DROP_TYPE,		/* unknown version or datagram type */
	SPILLWAY_STAT_RX_DROP_NO_KEY,		/* unknown key id */
	SPILLWAY_STAT_RX_DROP_AUTH,		/* forged or damaged */
	SPILLWAY_STAT_RX_DROP_REPLAY,
	SPILLWAY_STAT_RX_DROP_FRAME,		/* authenticated, but malformed */
	SPILLWAY_STAT_RX_DROP_INNER,		/* inner packet that relay does not carry */
	SPILLWAY_STAT_RX_DROP_NOMEM,
	SPILLWAY_STAT_CONN_NEW,
	SPILLWAY_STAT_CONN_ENDED,
	SPILLWAY_STAT_CONN_REFUSED,		/* table full or no memory: not tracked */
	SPILLWAY_STAT_OFFLOADED,
	SPILLWAY_STAT_RECALLED,			/* for any reason */
	SPILLWAY_STAT_RETURNED,			/* of these, not asked for by the operator */
	SPILLWAY_STAT_PEER_DOWN,
	SPILLWAY_STAT_HEARTBEAT_TX,
	SPILLWAY_STAT_HEARTBEAT_RX,
	SPILLWAY_STAT_RX_DROP_ECN,		/* congestion marked, ends without ECN */
	SPILLWAY_STAT_ROAMED,			/* a peer's endpoint followed its datagrams */
	SPILLWAY_STAT_ACK_TX,			/* acknowledgments sent */
	SPILLWAY_STAT_ACK_RX,
	SPILLWAY_STAT_ARQ_ACKED,		/* datagrams that the peer says have come */
	SPILLWAY_STAT_ARQ_LOST,			/* that were declared lost */
	SPILLWAY_STAT_ARQ_SPURIOUS,		/* of these, that came after all */
	SPILLWAY_STAT_ARQ_RESENT,		/* that were sent again */
	SPILLWAY_STAT_ARQ_LATE,			/* given up: too old, or tried often enough */
	SPILLWAY_STAT_ARQ_POOR,			/* given up: enough is sent again */
	SPILLWAY_STAT_ARQ_PROBES,		/* sent again to draw an acknowledgment */
	SPILLWAY_STAT_ARQ_OFF,			/* the path was found to be beyond help */
	SPILLWAY_STAT_PROBE_TX,			/* does the path carry this size? */
	SPILLWAY_STAT_PROBE_RX,			/* of the peer, answered */
	SPILLWAY_STAT_PROBE_REPLY_RX,		/* answers to ours */
	SPILLWAY_STAT_RX_DROP_PROBE,		/* too many probes, or a reply to none */
	SPILLWAY_STAT_PMTU_BLACK_HOLE,		/* the path lost what it had carried */
	SPILLWAY_STAT_RX_DROP_KEY_OLD,		/* 180 s old */
	SPILLWAY_STAT_KEY_NEW,			/* transmit keys taken into use */
	SPILLWAY_STAT_KEY_EXPIRED,		/* keys wiped because of their age */
	SPILLWAY_STAT_CONTROL_TX,		/* chunks of control messages sent */
	SPILLWAY_STAT_CONTROL_RX,		/* chunks that came and were new */
	SPILLWAY_STAT_CONTROL_RESENT,		/* chunks sent again */
	SPILLWAY_STAT_CONTROL_LOST,		/* chunks that were declared lost */
	SPILLWAY_STAT_CONTROL_SPURIOUS,		/* of these, that came after all */
	SPILLWAY_STAT_CONTROL_PROBES,		/* chunks sent to draw an acknowledgment */
	SPILLWAY_STAT_CONTROL_HALVED,		/* congestion: the window was made smaller */
	SPILLWAY_STAT_CONTROL_ACK_TX,		/* acknowledgments of chunks sent */
	SPILLWAY_STAT_CONTROL_ACK_RX,
	SPILLWAY_STAT_CONTROL_DUPLICATE,	/* chunks that had come before: dropped */
	SPILLWAY_STAT_CONTROL_BEYOND,		/* chunks outside the window: dropped */
	SPILLWAY_STAT_CONTROL_STALE,		/* of another life or stream: dropped */
	SPILLWAY_STAT_CONTROL_MSG_TX,		/* control messages queued */
	SPILLWAY_STAT_CONTROL_MSG_DONE,		/* of these, that arrived whole */
	SPILLWAY_STAT_CONTROL_MSG_FAILED,	/* of these, under way when the stream ended */
	SPILLWAY_STAT_CONTROL_MSG_REFUSED,	/* not queued: too much waits, or no memory */
	SPILLWAY_STAT_CONTROL_MSG_RX,		/* that came, whole and well-formed */
	SPILLWAY_STAT_CONTROL_MSG_BAD,		/* that came, but made no sense */
	SPILLWAY_STAT_HOSTED_REFUSED,		/* not listed: too many are, or no memory */
	SPILLWAY_STAT_RX_DROP_TWIN,		/* came before, in another datagram */
	SPILLWAY_STAT_ARQ_FULL,			/* given up: a queue is full */
	SPILLWAY_STAT_MOVE_BEGUN,		/* moves of endpoints that began here */
	SPILLWAY_STAT_MOVE_MOVED,		/* of these: at the target */
	SPILLWAY_STAT_MOVE_STAYED,		/* of these: went on here */
	SPILLWAY_STAT_MOVE_LOST,		/* of these: ended meanwhile */
	SPILLWAY_STAT_MOVE_ASKED,		/* moves that peers asked for */
	SPILLWAY_STAT_MOVE_ARRIVED,		/* of these: endpoint alive here */
	SPILLWAY_STAT_MOVE_REFUSED,		/* of these: not taken, or undone */
	SPILLWAY_STAT_MOVE_HELD,		/* packets held while an endpoint was frozen */
	SPILLWAY_STAT_MOVE_DROP_HELD,		/* too many to be held, or no way to go */
	SPILLWAY_STAT_MOVE_FORWARDED,		/* packets of moved connections, sent on */
	SPILLWAY_STAT_MOVE_STEERED,		/* packets for endpoints that came */
	SPILLWAY_STAT_MOVE_ADOPTED,		/* of those that arrived: by a socket that waited */
	SPILLWAY_STAT_ADOPT_WAITED,		/* sockets that began to wait for one */
	SPILLWAY_STAT_ADOPT_REFUSED,		/* that could not: as many wait as may */
	SPILLWAY_STAT_REPLICA_WHOLE,		/* images told to peers */
	SPILLWAY_STAT_REPLICA_CHANGES,		/* differences told to peers */
	SPILLWAY_STAT_REPLICA_BUSY,		/* put off: its application is at work on it */
	SPILLWAY_STAT_REPLICA_FULL,		/* not replicated: too many are, or no memory */
	SPILLWAY_STAT_REPLICA_REFUSED,		/* images that peers did not take */
	SPILLWAY_STAT_REPLICA_HELD,		/* rounds put off: too much is under way */
	SPILLWAY_STAT_REPLICA_STORED,		/* images of peers taken */
	SPILLWAY_STAT_REPLICA_DROPPED,		/* images of peers not taken, or out of step */
	SPILLWAY_STAT_REPLICA_RESETS,		/* resets sent for peers that are dead */
	SPILLWAY_STAT_REPLICA_SPARED,		/* connections left alone: it may be alive */
	SPILLWAY_STAT_MOVE_RETURNED,		/* packets of endpoints that went, sent out here */
	SPILLWAY_STAT_MOVE_ICMP,		/* ICMP errors, sent on after an endpoint */
	SPILLWAY_STAT_MOVE_DROP_ICMP,		/* of these: too many, bad, or no way to go */
	SPILLWAY_STAT_RX_DROP_MOVED,		/* of a moved connection, from who has not got it */
	SPILLWAY_STAT_MOVE_AHEAD,		/* images sent ahead of a move */
	SPILLWAY_STAT_MOVE_AHEAD_RX,		/* of peers, kept */
	SPILLWAY_STAT_MOVE_PATCHED,		/* moves that shipped only what was new since */
	SPILLWAY_STAT_MOVE_REUSED,		/* SYNs that ended what was left of one that came */
	SPILLWAY_STAT_MOVE_MUTED,		/* endpoints in doubt, silent but not frozen */
	SPILLWAY_STAT_MOVE_DROP_MUTED,		/* packets that these would have sent */
	SPILLWAY_STAT_MOVE_SHORTENED,		/* connections that are sent straight on now */
	SPILLWAY_STAT_MOVE_UNSHORTENED,		/* what peers said of such in vain */

	__SPILLWAY_STAT_MAX
};

#define SPILLWAY_STAT_MAX (__SPILLWAY_STAT_MAX - 1)

#endif /* _UAPI_LINUX_SPILLWAY_H */
