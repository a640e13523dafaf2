/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints, in tracefs under events/spillway: what happens to peers, connections,
 * keys and paths, and each datagram that is dropped, with the name of its counter.
 * Never key material. One that is off costs a jump that is not taken.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM spillway

#if !defined(_SPW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SPW_TRACE_H

#include <linux/tracepoint.h>

#include "conn.h"
#include "crypt.h"
#include "peer.h"
#include "stats.h"

DECLARE_EVENT_CLASS(spillway_peer,

	TP_PROTO(const struct spw_peer *peer, u32 from, u32 to, const char *why),

	TP_ARGS(peer, from, to, why),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__array(char, why, 32)
		__field(u32, from)
		__field(u32, to)
	),

	TP_fast_assign(
		strscpy(__entry->dev, peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer->name, SPILLWAY_NAME_MAX + 1);
		strscpy(__entry->why, why, 32);
		__entry->from = from;
		__entry->to = to;
	),

	TP_printk("dev=%s peer=%s from=%u to=%u why=%s", __entry->dev,
		  __entry->peer, __entry->from, __entry->to, __entry->why)
);

/* From and to are states as in the interface: 0 init, 1 up, 2 suspect, 3 down, 4 gone. */
DEFINE_EVENT(spillway_peer, spillway_peer_state,
	TP_PROTO(const struct spw_peer *peer, u32 from, u32 to, const char *why),
	TP_ARGS(peer, from, to, why)
);

/* From and to are bytes of the largest outer packet. */
DEFINE_EVENT(spillway_peer, spillway_path_mtu,
	TP_PROTO(const struct spw_peer *peer, u32 from, u32 to, const char *why),
	TP_ARGS(peer, from, to, why)
);

DECLARE_EVENT_CLASS(spillway_conn,

	TP_PROTO(const struct spw_peer *peer, const struct spw_conn *conn,
		 const char *why),

	TP_ARGS(peer, conn, why),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__array(char, why, 32)
		__field(u64, conn)
	),

	TP_fast_assign(
		strscpy(__entry->dev, peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer->name, SPILLWAY_NAME_MAX + 1);
		strscpy(__entry->why, why, 32);
		__entry->conn = conn->id;
	),

	TP_printk("dev=%s peer=%s conn=%llu why=%s", __entry->dev,
		  __entry->peer, __entry->conn, __entry->why)
);

DEFINE_EVENT(spillway_conn, spillway_offload,
	TP_PROTO(const struct spw_peer *peer, const struct spw_conn *conn,
		 const char *why),
	TP_ARGS(peer, conn, why)
);

/* Asked for by the operator. */
DEFINE_EVENT(spillway_conn, spillway_recall,
	TP_PROTO(const struct spw_peer *peer, const struct spw_conn *conn,
		 const char *why),
	TP_ARGS(peer, conn, why)
);

/* For any other reason. */
DEFINE_EVENT(spillway_conn, spillway_return,
	TP_PROTO(const struct spw_peer *peer, const struct spw_conn *conn,
		 const char *why),
	TP_ARGS(peer, conn, why)
);

DECLARE_EVENT_CLASS(spillway_key,

	TP_PROTO(const struct spw_key *key),

	TP_ARGS(key),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__field(u32, id)
	),

	TP_fast_assign(
		strscpy(__entry->dev, key->peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, key->peer->name, SPILLWAY_NAME_MAX + 1);
		__entry->id = key->id;
	),

	TP_printk("dev=%s peer=%s id=%08x", __entry->dev, __entry->peer,
		  __entry->id)
);

DEFINE_EVENT(spillway_key, spillway_key_installed,
	TP_PROTO(const struct spw_key *key),
	TP_ARGS(key)
);

/* Replaced, expired or deleted: it seals and opens nothing any more. */
DEFINE_EVENT(spillway_key, spillway_key_gone,
	TP_PROTO(const struct spw_key *key),
	TP_ARGS(key)
);

TRACE_EVENT(spillway_drop,

	TP_PROTO(const struct spw_device *spw, const struct spw_peer *peer,
		 enum spillway_stat why, unsigned int count),

	TP_ARGS(spw, peer, why, count),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__array(char, why, 32)
		__field(u32, count)
	),

	TP_fast_assign(
		strscpy(__entry->dev, spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer ? peer->name : "-",
			SPILLWAY_NAME_MAX + 1);
		strscpy(__entry->why, spw_stat_name(why), 32);
		__entry->count = count;
	),

	TP_printk("dev=%s peer=%s why=%s count=%u", __entry->dev,
		  __entry->peer, __entry->why, __entry->count)
);

/* Event, states and reason are numbers of move.h. */
DECLARE_EVENT_CLASS(spillway_move,

	TP_PROTO(const struct spw_peer *peer, u64 id, u64 conn, u8 event, u8 from, u8 to,
		 u8 reason),

	TP_ARGS(peer, id, conn, event, from, to, reason),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__field(u64, id)
		__field(u64, conn)
		__field(u8, event)
		__field(u8, from)
		__field(u8, to)
		__field(u8, reason)
	),

	TP_fast_assign(
		strscpy(__entry->dev, peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer->name, SPILLWAY_NAME_MAX + 1);
		__entry->id = id;
		__entry->conn = conn;
		__entry->event = event;
		__entry->from = from;
		__entry->to = to;
		__entry->reason = reason;
	),

	TP_printk("dev=%s peer=%s move=%llu conn=%llu event=%u from=%u to=%u reason=%u",
		  __entry->dev, __entry->peer, __entry->id, __entry->conn, __entry->event,
		  __entry->from, __entry->to, __entry->reason)
);

DEFINE_EVENT(spillway_move, spillway_move_origin,
	TP_PROTO(const struct spw_peer *peer, u64 id, u64 conn, u8 event, u8 from, u8 to,
		 u8 reason),
	TP_ARGS(peer, id, conn, event, from, to, reason)
);

DEFINE_EVENT(spillway_move, spillway_move_target,
	TP_PROTO(const struct spw_peer *peer, u64 id, u64 conn, u8 event, u8 from, u8 to,
		 u8 reason),
	TP_ARGS(peer, id, conn, event, from, to, reason)
);

/* Of a move by which its packets take one hop less; id of the other move in conn. */
DEFINE_EVENT(spillway_move, spillway_move_shorten,
	TP_PROTO(const struct spw_peer *peer, u64 id, u64 conn, u8 event, u8 from, u8 to,
		 u8 reason),
	TP_ARGS(peer, id, conn, event, from, to, reason)
);

TRACE_EVENT(spillway_image_bad,

	TP_PROTO(const struct spw_peer *peer, u64 id, const char *why),

	TP_ARGS(peer, id, why),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__array(char, why, 32)
		__field(u64, id)
	),

	TP_fast_assign(
		strscpy(__entry->dev, peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer->name, SPILLWAY_NAME_MAX + 1);
		strscpy(__entry->why, why, 32);
		__entry->id = id;
	),

	TP_printk("dev=%s peer=%s move=%llu why=%s", __entry->dev, __entry->peer,
		  __entry->id, __entry->why)
);

/* What became of a socket that waits, and the connection's id, 0 for any. */
TRACE_EVENT(spillway_adopt,

	TP_PROTO(const struct spw_device *spw, const char *what, u64 conn),

	TP_ARGS(spw, what, conn),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, what, 16)
		__field(u64, conn)
	),

	TP_fast_assign(
		strscpy(__entry->dev, spw->dev->name, IFNAMSIZ);
		strscpy(__entry->what, what, 16);
		__entry->conn = conn;
	),

	TP_printk("dev=%s what=%s conn=%llu", __entry->dev, __entry->what, __entry->conn)
);

TRACE_EVENT(spillway_peer_dead,

	TP_PROTO(const struct spw_peer *peer, u32 conns),

	TP_ARGS(peer, conns),

	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, peer, SPILLWAY_NAME_MAX + 1)
		__field(u32, conns)
	),

	TP_fast_assign(
		strscpy(__entry->dev, peer->spw->dev->name, IFNAMSIZ);
		strscpy(__entry->peer, peer->name, SPILLWAY_NAME_MAX + 1);
		__entry->conns = conns;
	),

	TP_printk("dev=%s peer=%s conns=%u", __entry->dev, __entry->peer, __entry->conns)
);

#endif /* _SPW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
