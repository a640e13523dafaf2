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
 * on the way. Other frames have no flags.
 *
 * HEARTBEAT: what the sender says of itself, and the echo that gives the round-trip
 * time without an answer of its own (as in RTCP, RFC 3550 section 6.4.1):
 *
 *  +-------------------------------+-------------------------------+
 *  | sender's node id              | flags: 1 = forwards IPv6      |
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
};

enum spw_heartbeat_flags {
	SPW_HB_IPV6 = 1,	/* forwards IPv6 */
	SPW_HB_FLAGS = SPW_HB_IPV6,
};

enum spw_data_flags {
	SPW_DATA_CSUM = 1,	/* checksum still to be made */
	SPW_DATA_FLAGS = SPW_DATA_CSUM,
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
};

enum spw_len {
	SPW_LEN_DGRAM_HDR = sizeof(struct spw_dgram_hdr),
	SPW_LEN_FRAME_HDR = sizeof(struct spw_frame_hdr),
	SPW_LEN_TAG = 16,
	SPW_LEN_SEAL = SPW_LEN_DGRAM_HDR + SPW_LEN_FRAME_HDR + SPW_LEN_TAG,
	SPW_LEN_DGRAM_MIN = SPW_LEN_SEAL,
	SPW_LEN_HEARTBEAT = sizeof(struct spw_wire_heartbeat),
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

#endif /* _SPW_MESSAGES_H */
