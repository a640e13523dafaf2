/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every wire format with its limits and lengths. Pure: shared with user space.
 *
 * A datagram (UDP payload), all fields big-endian:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+-------------------------------+
 *  | version = 1   | type = 1      | reserved = 0                  |  clear, but
 *  +---------------+---------------+-------------------------------+  authenticated
 *  | key id: chooses the receiver's key                            |  as associated
 *  +---------------------------------------------------------------+  data
 *  | packet number: the nonce, never used twice with one key       |
 *  |                                                               |
 *  +===============================================================+
 *  | one frame                                                     |  sealed with
 *  ~                                                               ~  ChaCha20-Poly1305
 *  +===============================================================+  (RFC 8439)
 *  | tag (16 bytes)                                                |
 *  +---------------------------------------------------------------+
 *
 * A frame:
 *
 *  +---------------+---------------+-------------------------------+
 *  | type          | flags         | length of the body            |
 *  +---------------+---------------+-------------------------------+
 *  | body ...
 *
 * DATA: the body is one IP packet that carries TCP. Flag 1: its TCP checksum is still
 * to be made, as the sender's network device would have made it; the tag protects it
 * on the way. Flag 2: the sender would like to know that it arrived. Flag 4: it is sent
 * again; in place of the length, which is that of the datagram, stands how many numbers
 * ago under the same key it was sent first, so that the receiver hands up one of the two
 * only. Other frames have no flags.
 *
 * HEARTBEAT: what the sender says of itself, and the echo that gives the round-trip
 * time without an answer of its own (as in RTCP, RFC 3550 section 6.4.1):
 *
 *  +-------------------------------+-------------------------------+
 *  | sender's node id              | flags: 1 = forwards IPv6,     |
 *  |                               | 2 = falls silent now, alive   |
 *  +-------------------------------+-------------------------------+
 *  | load (permille)                                               |
 *  | forecast (permille)                                           |
 *  | free capacity (permille)                                      |
 *  | echo delay (microseconds since the echoed stamp arrived)      |
 *  +---------------------------------------------------------------+
 *  | capacity (bytes a second, 64 bits)                            |
 *  | stamp (sender's clock in ns, 64 bits)                         |
 *  | echo: the last stamp heard of the receiver, 0 if none         |
 *  +---------------------------------------------------------------+
 *  | instance: random, another one for each life of the sender     |
 *  +---------------------------------------------------------------+
 *
 * ACK: which datagrams arrived. Of one size always, so that nothing in it has to be
 * counted out; what is older than it tells is given up or was told before.
 *
 *  +---------------------------------------------------------------+
 *  | key id, whose numbers these are                               |
 *  | delay (microseconds since the highest number came)            |
 *  | highest number received (64 bits)                             |
 *  | bitmap, 512 bits: bit b of the 64-bit word w (0 the lowest):  |
 *  ~ number (highest / 64 - w) * 64 + b was received               ~
 *  +---------------------------------------------------------------+
 *
 * PROBE: does the path carry a datagram of this size (RFC 8899)? PROBE_REPLY: it does;
 * the same eight bytes again, and no padding:
 *
 *  +---------------------------------------------------------------+
 *  | id: the sender's own                                          |
 *  +-------------------------------+-------------------------------+
 *  | bytes of the outer IP packet  | reserved = 0                  |
 *  +-------------------------------+-------------------------------+
 *  | padding up to that size, sent as 0, not looked at             |
 *  ~                                                               ~
 *  +---------------------------------------------------------------+
 *
 * CONTROL: a chunk of a message. The chunks of a stream are numbered from 0 and keep
 * their number when they are sent again; a message is cut into chunks that follow one
 * another, an empty message into one.
 *
 *  +---------------------------------------------------------------+
 *  | sender's instance                                             |
 *  | receiver's instance, as the sender heard it                   |
 *  | stream of the sender: grows each time it had to give up       |
 *  +-------------------------------+-------------------------------+
 *  | type of the message           | how often it was sent before  |
 *  +-------------------------------+-------------------------------+
 *  | number of the chunk (64 bits)                                 |
 *  | bytes of the message                                          |
 *  | offset of the chunk in it                                     |
 *  +---------------------------------------------------------------+
 *  | bytes of the message ...
 *
 * CONTROL_ACK: which chunks of a stream have come, and how many may come:
 *
 *  +---------------------------------------------------------------+
 *  | instance of who says this, the stream's receiver              |
 *  | instance of the stream's sender                               |
 *  | stream                                                        |
 *  | delay (microseconds since the newest chunk came)              |
 *  | next: all chunks below have come (64 bits)                    |
 *  | limit: chunks below may be sent (64 bits)                     |
 *  | number of the newest chunk (64 bits)                          |
 *  +-------------------------------+-------------------------------+
 *  | how often that was sent then  | reserved = 0                  |
 *  +-------------------------------+-------------------------------+
 *  | bitmap, 256 bits: bit b of the 64-bit word w (0 the first):   |
 *  ~ chunk next + w * 64 + b has come                              ~
 *  +---------------------------------------------------------------+
 *
 * A message of type NOTICES is a list of what has become of connections that the sender
 * relays, or relayed, through the receiver; only OFFLOADED has more than event and id:
 *
 *  +---------------+---------------+-------------------------------+
 *  | event         | 4 or 6        | local port                    |
 *  +---------------+---------------+-------------------------------+
 *  | remote port                   | reserved = 0                  |
 *  +-------------------------------+-------------------------------+
 *  | sender's id of the connection (64 bits)                       |
 *  | local address (16 bytes; of IPv4 the first 4, the others 0)   |
 *  | remote address (likewise)                                     |
 *  +---------------------------------------------------------------+
 *
 * A message of type MOVE is about one move of a connection's endpoint, see move.h:
 *
 *  +---------------+---------------+-------------------------------+
 *  | kind          | 4 or 6, or 0  | reason                        |
 *  +---------------+---------------+-------------------------------+
 *  | origin's instance; of HELLO and HELLO_BACK the sender's       |
 *  | origin's id of the move (64 bits); of those two 0             |
 *  | bytes of the image (of RESERVE and IMAGE), see struct         |
 *  | spw_move_msg for what it is of others                         |
 *  +---------------------------------------------------------------+
 *
 * RESERVE and STILL have the connection behind that, IMAGE, GIVE and AHEAD the image,
 * PATCH and GIVE_PATCH a patch, the others but those below nothing; REFUSED has a reason
 * and GONE may:
 *
 *  +-------------------------------+-------------------------------+
 *  | local port                    | remote port                   |
 *  +-------------------------------+-------------------------------+
 *  | local address (16 bytes; of IPv4 the first 4, the others 0)   |
 *  | remote address (likewise)                                     |
 *  | origin's id of the connection (64 bits); of STILL 0           |
 *  +---------------+-----------------------------------------------+
 *  | direction     | 0                                             |
 *  +---------------+-----------------------------------------------+
 *
 * The direction is who opened it, as SPILLWAY_A_CONN_DIRECTION has it; of STILL 0.
 *
 * FOLLOW, FOLLOWS, WENT_ON, SHORTER, STAYS and LED have the same as STILL, and a third
 * node behind that:
 *
 *  +-------------------------------+-------------------------------+
 *  | its node id                   | number of the question        |
 *  +-------------------------------+-------------------------------+
 *  | its instance                                                  |
 *  | id of the other move (64 bits): of FOLLOW and FOLLOWS that by
 *  | which the connection left it, of LED that by which it came    |
 *  | there first, else that by which it came to who has it now     |
 *  +---------------------------------------------------------------+
 *
 * A message of type REPLICA is a list of records about connections whose image the
 * receiver is to keep, see replica.h:
 *
 *  +---------------+---------------+-------------------------------+
 *  | kind          | flags         | bytes of the record           |
 *  +---------------+---------------+-------------------------------+
 *  | place of the connection; of ROUND and ACK the round; of RESET 0
 *  +---------------------------------------------------------------+
 *
 * CHANGE has a difference (image_diff.h) behind that, WHOLE the sender's id of the
 * connection (64 bits) and an image (image.h) without queues, the others nothing. No
 * record but WHOLE has more than 64 bytes. Flag 1 of WHOLE: the receiver relays it; of
 * REFUSED: the image did not fit what came before, so it is to be sent as a whole.
 */
#ifndef _SPW_MESSAGES_H
#define _SPW_MESSAGES_H

#include <linux/types.h>

enum spw_wire {
	SPW_WIRE_VERSION = 1,
	SPW_WIRE_SEALED = 1,		/* datagram type */
};

enum spw_frame_type {
	SPW_FRAME_DATA = 1,
	SPW_FRAME_HEARTBEAT = 2,
	SPW_FRAME_ACK = 3,
	SPW_FRAME_PROBE = 4,
	SPW_FRAME_PROBE_REPLY = 5,
	SPW_FRAME_CONTROL = 6,
	SPW_FRAME_CONTROL_ACK = 7,
};

enum spw_heartbeat_flags {
	SPW_HB_IPV6 = 1,	/* forwards IPv6 */
	SPW_HB_LEAVES = 2,	/* falls silent now, and is not dead */
	SPW_HB_FLAGS = SPW_HB_IPV6 | SPW_HB_LEAVES,
};

enum spw_data_flags {
	SPW_DATA_CSUM = 1,	/* checksum still to be made */
	SPW_DATA_ACK = 2,	/* acknowledgment wanted */
	SPW_DATA_AGAIN = 4,	/* sent before, under the number that it tells */
	SPW_DATA_FLAGS = SPW_DATA_CSUM | SPW_DATA_ACK | SPW_DATA_AGAIN,
};

struct spw_dgram_hdr {
	__u8	version;
	__u8	type;
	__be16	reserved;
	__be32	key_id;
	__be64	pn;
};

struct spw_frame_hdr {
	__u8	type;
	__u8	flags;
	__be16	len;
};

struct spw_wire_heartbeat {
	__be16	node_id;
	__be16	flags;
	__be32	load;
	__be32	forecast;
	__be32	free;
	__be32	echo_delay_us;
	/* 64-bit fields in halves: the frame is only 4-byte aligned */
	__be32	capacity[2];
	__be32	stamp[2];
	__be32	echo[2];
	__be32	instance;
};

enum spw_ack_size {
	SPW_ACK_WORDS = 8,
	SPW_ACK_BITS = SPW_ACK_WORDS * 64,
	SPW_ACK_DELAY_US = 2000, /* the newest waits no longer to be acknowledged */
	SPW_ACK_FIRST_US = 6000, /* nor does anything, while more is coming */
};

struct spw_wire_ack {
	__be32	key_id;
	__be32	delay_us;
	__be32	largest[2];
	__be32	bits[SPW_ACK_WORDS][2];
};

struct spw_wire_probe {
	__be32	id;
	__be16	size;
	__be16	reserved;
};

struct spw_wire_control {
	__be32	from;
	__be32	to;
	__be32	stream;
	__be16	type;
	__be16	attempt;
	__be32	seq[2];
	__be32	length;
	__be32	offset;
};

enum spw_control_size {
	SPW_CONTROL_WINDOW = 256,	/* chunks */
	SPW_CONTROL_WORDS = SPW_CONTROL_WINDOW / 64,
	/* bytes of a chunk at most, whatever the path: what any IPv6 path takes */
	SPW_CONTROL_CHUNK = 1152,
	SPW_CONTROL_UNIT = SPW_CONTROL_CHUNK + sizeof(struct spw_wire_control),
	SPW_MESSAGE_MAX = 16 << 20,	/* bytes of a message */
};

struct spw_wire_control_ack {
	__be32	from;
	__be32	to;
	__be32	stream;
	__be32	delay_us;
	__be32	next[2];
	__be32	limit[2];
	__be32	newest[2];
	__be16	attempt;
	__be16	reserved;
	__be32	bits[SPW_CONTROL_WORDS][2];
};

enum spw_message_type {
	SPW_MESSAGE_NOTICES = 1,
	SPW_MESSAGE_MOVE = 2,
	SPW_MESSAGE_REPLICA = 3,

	__SPW_MESSAGE_MAX
};

enum spw_notice_event {
	SPW_NOTICE_RESET,	/* all that was said before is void */
	SPW_NOTICE_OFFLOADED,
	SPW_NOTICE_RECALLED,
	SPW_NOTICE_ENDED,

	__SPW_NOTICE_MAX
};

struct spw_wire_notice {
	__u8	event;
	__u8	family;
	__be16	lport;
	__be16	rport;
	__be16	reserved;
	__be32	id[2];
	__u8	laddr[16];
	__u8	raddr[16];
};

struct spw_wire_move {
	__u8	kind;
	__u8	family;
	__be16	reason;
	__be32	instance;
	__be32	id[2];
	__be32	size;
};

struct spw_wire_move_tuple {
	__be16	lport;
	__be16	rport;
	__u8	laddr[16];
	__u8	raddr[16];
	__be32	conn[2];
	__u8	direction;
	__u8	reserved[3];
};

struct spw_wire_move_third {
	__be16	node;
	__be16	question;
	__be32	instance;
	__be32	id[2];
};

struct spw_wire_replica {
	__u8	kind;
	__u8	flags;
	__be16	len;
	__be32	number;
};

enum spw_move_size {
	SPW_MOVE_IMAGE_MAX = SPW_MESSAGE_MAX - sizeof(struct spw_wire_move),
};

enum spw_len {
	SPW_LEN_DGRAM_HDR = sizeof(struct spw_dgram_hdr),
	SPW_LEN_FRAME_HDR = sizeof(struct spw_frame_hdr),
	SPW_LEN_TAG = 16,
	SPW_LEN_SEAL = SPW_LEN_DGRAM_HDR + SPW_LEN_FRAME_HDR + SPW_LEN_TAG,
	SPW_LEN_DGRAM_MIN = SPW_LEN_SEAL,
	SPW_LEN_HEARTBEAT = sizeof(struct spw_wire_heartbeat),
	SPW_LEN_ACK = sizeof(struct spw_wire_ack),
	SPW_LEN_PROBE = sizeof(struct spw_wire_probe),	/* without padding */
	SPW_LEN_CONTROL = sizeof(struct spw_wire_control),	/* without its chunk */
	SPW_LEN_CONTROL_ACK = sizeof(struct spw_wire_control_ack),
	SPW_LEN_NOTICE = sizeof(struct spw_wire_notice),
	SPW_LEN_MOVE = sizeof(struct spw_wire_move),
	SPW_LEN_MOVE_TUPLE = sizeof(struct spw_wire_move_tuple),
	SPW_LEN_MOVE_THIRD = sizeof(struct spw_wire_move_third),
	/* without the image */
	SPW_LEN_MOVE_MAX = SPW_LEN_MOVE + SPW_LEN_MOVE_TUPLE + SPW_LEN_MOVE_THIRD,
	SPW_LEN_MOVES = 1024,	/* of several, one behind the other: fit one chunk */
	SPW_LEN_REPLICA = sizeof(struct spw_wire_replica),
	SPW_LEN_REPLICA_MAX = 64, /* of any record but WHOLE */
	SPW_LEN_REPLICA_ID = 8,	/* of WHOLE, between the two */
	SPW_LEN_REPLICAS = 48 << 10, /* of all in one message */
	/* outer IP and UDP headers */
	SPW_LEN_OUTER4 = 20 + 8,
	SPW_LEN_OUTER6 = 40 + 8,
	SPW_LEN_OVERHEAD4 = SPW_LEN_OUTER4 + SPW_LEN_SEAL,
	SPW_LEN_OVERHEAD6 = SPW_LEN_OUTER6 + SPW_LEN_SEAL,
};

/* A key seals 2^60 datagrams at most: far below the cipher's own limit, far above
 * what a link of our time can send before the key is replaced.
 */
#define SPW_KEY_PACKETS_MAX	0x1000000000000000ULL

/* More than a link of our time can send in SPILLWAY_KEY_MARGIN_MS. */
#define SPW_KEY_PACKETS_MARGIN	0x100000000ULL

#endif /* _SPW_MESSAGES_H */
