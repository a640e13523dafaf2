/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP endpoint as bytes: what one node needs of it so that another can go on with it.
 * Pure: shared with user space.
 *
 * An image, all fields big-endian:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+
 *  | magic: "SPWI"                                                 |
 *  +---------------+---------------+-------------------------------+
 *  | version = 1   | reserved = 0  | sections                      |
 *  +---------------+---------------+-------------------------------+
 *  | bytes of the image, this header included                      |
 *  +===============================+===============================+
 *  | type of the section           | flags: 1 = must be understood |
 *  +-------------------------------+-------------------------------+
 *  | bytes of the section, without this header and the padding     |
 *  +---------------------------------------------------------------+
 *  | the section, with zeros up to four bytes ...
 *  +===============================================================+
 *  | further sections, in the order of their types, each once; only those of
 *  | type OUT_OF_ORDER come as often as there are segments, by sequence
 *
 * TUPLE to URGENT are the structs below: addresses and the name as bytes, everything
 * else as words of 32 bits, in the order of the members. RECEIVED, SENT, UNSENT and
 * SESSION are bytes of those queues. A segment:
 *
 *  +---------------------------------------------------------------+
 *  | sequence number of the first byte                             |
 *  | flags: 1 = the remote's FIN follows the last byte             |
 *  +---------------------------------------------------------------+
 *  | bytes of the segment ...
 *
 * TUPLE, SEQUENCE, OPTIONS, CONGESTION and SOCKET are always there, TIMESTAMPS and
 * URGENT where there are such, the others if they are not empty. So one endpoint has one
 * image. All of them must be understood, and have the size that they have in version 1:
 * what is to be added comes in a section of its own. One that is not known is passed
 * over where it need not be understood.
 *
 * Nothing is said twice. Whether there is a FIN, and on which side of snd_nxt, follows
 * from state and sequence: ours is the last number before write_seq (FIN_WAIT1: not
 * acknowledged, and sent if snd_nxt is write_seq; FIN_WAIT2: acknowledged), the remote's
 * the last before rcv_nxt (CLOSE_WAIT).
 */
#ifndef _SPW_IMAGE_H
#define _SPW_IMAGE_H

#include "messages.h"
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

enum spw_image_wire {
	SPW_IMAGE_MAGIC = 0x53505749,	/* "SPWI" */
	SPW_IMAGE_VERSION = 1,
	SPW_IMAGE_MUST = 1,		/* flag of a section */
	SPW_IMAGE_SEGMENT_FIN = 1,	/* flag of a segment */
};

enum spw_image_section {
	SPW_IMAGE_TUPLE = 1,
	SPW_IMAGE_SEQUENCE,
	SPW_IMAGE_OPTIONS,
	SPW_IMAGE_TIMESTAMPS,
	SPW_IMAGE_CONGESTION,
	SPW_IMAGE_SOCKET,
	SPW_IMAGE_URGENT,
	SPW_IMAGE_RECEIVED,
	SPW_IMAGE_OUT_OF_ORDER,
	SPW_IMAGE_SENT,
	SPW_IMAGE_UNSENT,
	SPW_IMAGE_SESSION,

	__SPW_IMAGE_SECTION_MAX
};

struct spw_wire_image {
	__be32	magic;
	__u8	version;
	__u8	reserved;
	__be16	sections;
	__be32	length;
};

struct spw_wire_section {
	__be16	type;
	__be16	flags;
	__be32	length;
};

struct spw_wire_segment {
	__be32	seq;
	__be32	flags;
};

enum spw_image_limits {
	SPW_IMAGE_QUEUE_MAX = 8 << 20,		/* bytes of one direction */
	SPW_IMAGE_SEGMENTS_MAX = 1024,		/* out of order */
	SPW_IMAGE_SESSION_MAX = 65536,		/* bytes */
	SPW_IMAGE_WSCALE_MAX = 14,		/* RFC 7323 section 2.3 */
	SPW_IMAGE_WINDOW_MAX = 65535 << SPW_IMAGE_WSCALE_MAX,
	SPW_IMAGE_TS_AGE_MAX = 24 * 86400,	/* s, RFC 7323 section 5.5 */
	SPW_IMAGE_RTO_MIN_US = 200000,		/* TCP_RTO_MIN */
	SPW_IMAGE_RTO_MAX_US = 120000000,	/* TCP_RTO_MAX */
	SPW_IMAGE_CA_NAME = 16,			/* TCP_CA_NAME_MAX */
	SPW_IMAGE_USER_MSS_MIN = 88,		/* TCP_MIN_MSS */
	SPW_IMAGE_USER_MSS_MAX = 32767,		/* MAX_TCP_WINDOW */
	SPW_IMAGE_KEEP_MAX = 32767,		/* s, MAX_TCP_KEEPIDLE, _KEEPINTVL */
	SPW_IMAGE_KEEPCNT_MAX = 127,		/* MAX_TCP_KEEPCNT */
	SPW_IMAGE_FLOW_LABEL_MAX = 0xfffff,	/* RFC 6437 */
};

/* As in the kernel's tcp_states.h. */
enum spw_image_state {
	SPW_IMAGE_ESTABLISHED = 1,
	SPW_IMAGE_FIN_WAIT1 = 4,
	SPW_IMAGE_FIN_WAIT2 = 5,
	SPW_IMAGE_CLOSE_WAIT = 8,
};

/**
 * struct spw_image_tuple - which connection it is, and in which state
 * @laddr: address of this end; of IPv4 the first 4 bytes, the others 0
 * @raddr: of the remote, likewise
 * @family: 4 or 6, of the packets: IPv4 on a socket of IPv6 is 4
 * @lport: 1..65535, host order as everything here
 * @rport: likewise
 * @state: &enum spw_image_state
 */
struct spw_image_tuple {
	__u8 laddr[16];
	__u8 raddr[16];
	__u32 family;
	__u32 lport;
	__u32 rport;
	__u32 state;
};

/**
 * struct spw_image_sequence - numbers and windows, as in struct tcp_sock
 * @snd_una: first that is not acknowledged
 * @snd_nxt: next that is sent, not before @snd_una
 * @write_seq: behind all that was written and FIN, not before @snd_nxt
 * @snd_wl1: sequence number of the segment that @snd_wnd is of; not after
 *	@rcv_nxt + @rcv_wnd
 * @snd_wnd: bytes from @snd_una that the remote takes, scaled: no more than 65535
 *	shifted by &spw_image_options.snd_wscale
 * @max_window: largest @snd_wnd ever
 * @snd_up: urgent pointer, @snd_una..@write_seq; @snd_una if there is none
 * @rcv_nxt: next that is expected
 * @rcv_wup: @rcv_nxt when the window was offered last
 * @copied_seq: next that the application reads; behind the remote's FIN once it has
 *	read the end of file
 * @rcv_wnd: bytes from @rcv_wup that were offered, 0..%SPW_IMAGE_WINDOW_MAX
 * @rcv_ssthresh: the window that is to be offered next, 0..2^31-1
 * @window_clamp: largest that may be, 1..2^31-1
 */
struct spw_image_sequence {
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 snd_wl1;
	__u32 snd_wnd;
	__u32 max_window;
	__u32 snd_up;
	__u32 rcv_nxt;
	__u32 rcv_wup;
	__u32 copied_seq;
	__u32 rcv_wnd;
	__u32 rcv_ssthresh;
	__u32 window_clamp;
};

enum spw_image_option_flags {
	SPW_IMAGE_OPT_SACK = 1,
	SPW_IMAGE_OPT_WSCALE = 2,
	SPW_IMAGE_OPT_TSTAMP = 4,
	/* RFC 3168, the kernel's ecn_flags; the others only with the first */
	SPW_IMAGE_OPT_ECN = 8,
	SPW_IMAGE_OPT_ECN_QUEUE_CWR = 16,	/* CWR is to be sent */
	SPW_IMAGE_OPT_ECN_DEMAND_CWR = 32,	/* ECE is sent until CWR comes */
	SPW_IMAGE_OPT_ECN_SEEN = 64,		/* a packet had ECT or CE */
	SPW_IMAGE_OPT_FLAGS = 127,
};

/**
 * struct spw_image_options - what was agreed on by the two SYNs
 * @flags: &enum spw_image_option_flags
 * @mss_clamp: MSS that the remote told, 1..65535 bytes
 * @advmss: that it was told, 1..65535
 * @user_mss: TCP_MAXSEG, 88..32767, 0 if not set
 * @snd_wscale: shift of the remote's windows, 0..14, 0 without scaling
 * @rcv_wscale: of those it is offered, likewise
 */
struct spw_image_options {
	__u32 flags;
	__u32 mss_clamp;
	__u32 advmss;
	__u32 user_mss;
	__u32 snd_wscale;
	__u32 rcv_wscale;
};

enum spw_image_timestamp_flags {
	SPW_IMAGE_TS_US = 1,	/* the clock counts us, not ms */
};

/**
 * struct spw_image_timestamps - RFC 7323 timestamps; all 0 without %SPW_IMAGE_OPT_TSTAMP
 * @flags: &enum spw_image_timestamp_flags; who has no such clock must refuse the image
 * @tsval: this end's clock as the remote sees it, when the image was taken (ms)
 * @ts_recent: TS.Recent, the remote's newest
 * @ts_recent_age: since that came, 0..24 days (s); what is older says the same
 */
struct spw_image_timestamps {
	__u32 flags;
	__u32 tsval;
	__u32 ts_recent;
	__u32 ts_recent_age;
};

/**
 * struct spw_image_congestion - what was learnt of the path
 * @name: of the congestion control: 1 to 15 of [a-z0-9_-], then NULs
 * @snd_cwnd: 1..2^31-1 segments
 * @snd_ssthresh: 1..2^31-1 segments, the latter if there is none
 * @srtt_us: smoothed RTT times 8 (us), 0 if there is none; 0..2^31-1 as the next two
 * @mdev_us: its mean deviation times 4 (us)
 * @rttvar_us: the deviation that the RTO is made with, times 4 (us)
 * @rto_us: 200 ms..120 s; one that a route lets be shorter is taken as 200 ms
 * @min_rtt_us: least within the kernel's window (us), 2^32-1 if there is none
 * @reordering: 1..65535 segments; one out of this range is taken as its end
 */
struct spw_image_congestion {
	__u8 name[SPW_IMAGE_CA_NAME];
	__u32 snd_cwnd;
	__u32 snd_ssthresh;
	__u32 srtt_us;
	__u32 mdev_us;
	__u32 rttvar_us;
	__u32 rto_us;
	__u32 min_rtt_us;
	__u32 reordering;
};

enum spw_image_socket_flags {
	SPW_IMAGE_SOCK_KEEPALIVE = 1,
	SPW_IMAGE_SOCK_NODELAY = 2,
	SPW_IMAGE_SOCK_CORK = 4,
	SPW_IMAGE_SOCK_SNDBUF_LOCK = 8,	/* set by the application */
	SPW_IMAGE_SOCK_RCVBUF_LOCK = 16,
	SPW_IMAGE_SOCK_LINGER = 32,
	SPW_IMAGE_SOCK_OOBINLINE = 64,
	SPW_IMAGE_SOCK_RCV_SHUTDOWN = 128,	/* by the application, not by a FIN */
	SPW_IMAGE_SOCK_ANSWERED = 256,	/* all that was asked, see spw_capture_answered() */
	SPW_IMAGE_SOCK_FLAGS = 511,
};

/**
 * struct spw_image_socket - what the application has set
 * @flags: &enum spw_image_socket_flags
 * @keepidle: 1..32767 s, 0 for the system's
 * @keepintvl: likewise
 * @keepcnt: 1..127 probes, 0 for the system's
 * @user_timeout_ms: 0..2^31-1, 0 for none
 * @linger_s: 0..2^31-1, 0 without %SPW_IMAGE_SOCK_LINGER
 * @sndbuf: 1..2^31-1 bytes, as the kernel counts them
 * @rcvbuf: likewise
 * @rcvlowat: 1..2^31-1 bytes
 * @notsent_lowat: bytes, 0 for the system's
 * @tos: TOS or traffic class, 0..255
 * @ttl: TTL or hop limit, 1..255, 0 for the system's
 * @flow_label: 0..2^20-1, 0 with IPv4
 * @priority: SO_PRIORITY
 * @mark: SO_MARK
 * @max_pacing_rate: bytes a second, the high half first; all ones for none
 */
struct spw_image_socket {
	__u32 flags;
	__u32 keepidle;
	__u32 keepintvl;
	__u32 keepcnt;
	__u32 user_timeout_ms;
	__u32 linger_s;
	__u32 sndbuf;
	__u32 rcvbuf;
	__u32 rcvlowat;
	__u32 notsent_lowat;
	__u32 tos;
	__u32 ttl;
	__u32 flow_label;
	__u32 priority;
	__u32 mark;
	__u32 max_pacing_rate[2];
};

/* &spw_image_urgent.data, the kernel's urg_data. */
enum spw_image_urgent_data {
	SPW_IMAGE_URG_BYTE = 0xff,	/* the byte, with the next only */
	SPW_IMAGE_URG_VALID = 0x100,	/* it has come and was not read */
	SPW_IMAGE_URG_NOTYET = 0x200,	/* it was announced */
	SPW_IMAGE_URG_READ = 0x400,	/* it was read */
};

/**
 * struct spw_image_urgent - urgent data of the remote; all 0 if there is none ahead of
 *	what the application has read
 * @data: &enum spw_image_urgent_data, one of the three
 * @seq: of the urgent byte: not before copied_seq, at most 65535 beyond rcv_nxt + rcv_wnd
 */
struct spw_image_urgent {
	__u32 data;
	__u32 seq;
};

/**
 * struct spw_image_bytes - bytes inside an image
 * @data: where, only to be read if there are any
 * @len: how many
 */
struct spw_image_bytes {
	const __u8 *data;
	__u32 len;
};

/**
 * struct spw_image - a TCP endpoint, host order
 * @tuple: addresses, ports, state
 * @sequence: numbers and windows
 * @options: what was agreed on
 * @timestamps: with %SPW_IMAGE_OPT_TSTAMP
 * @congestion: what was learnt
 * @socket: what was set
 * @urgent: if any
 * @received: came in order and was not read: from copied_seq, spw_image_received() bytes
 * @sent: sent and not acknowledged: from snd_una, spw_image_sent() bytes
 * @unsent: from snd_nxt, spw_image_unsent() bytes
 * @session: the application's, up to %SPW_IMAGE_SESSION_MAX
 * @segments: came out of order; see spw_image_next_segment()
 * @segment_count: up to %SPW_IMAGE_SEGMENTS_MAX
 * @skipped: sections that were not known and passed over
 *
 * All bytes are where the image was parsed. Each direction has %SPW_IMAGE_QUEUE_MAX
 * bytes at most, segments included.
 */
struct spw_image {
	struct spw_image_tuple tuple;
	struct spw_image_sequence sequence;
	struct spw_image_options options;
	struct spw_image_timestamps timestamps;
	struct spw_image_congestion congestion;
	struct spw_image_socket socket;
	struct spw_image_urgent urgent;
	struct spw_image_bytes received;
	struct spw_image_bytes sent;
	struct spw_image_bytes unsent;
	struct spw_image_bytes session;
	const __u8 *segments;
	__u32 segment_count;
	__u32 skipped;
};

/**
 * struct spw_image_segment - one that came out of order
 * @seq: of its first byte: after rcv_nxt, not before the end of the one before, inside
 *	the offered window
 * @len: bytes, 0 only with @fin
 * @fin: the remote's FIN follows; only on the last segment
 * @data: its bytes
 * @index: of the next one, 0 before the first
 * @next: where that is
 */
struct spw_image_segment {
	__u32 seq;
	__u32 len;
	bool fin;
	const __u8 *data;
	__u32 index;
	const __u8 *next;
};

/* What is wrong with an image; of a section: not there, there without need, or of
 * another size than what it must have.
 */
enum spw_image_why {
	SPW_IMAGE_WHY_NONE,
	/* the sections by their types */
	SPW_IMAGE_WHY_TUPLE = SPW_IMAGE_TUPLE,
	SPW_IMAGE_WHY_SEQUENCE,
	SPW_IMAGE_WHY_OPTIONS,
	SPW_IMAGE_WHY_TIMESTAMPS,
	SPW_IMAGE_WHY_CONGESTION,
	SPW_IMAGE_WHY_SOCKET,
	SPW_IMAGE_WHY_URGENT,
	SPW_IMAGE_WHY_RECEIVED,
	SPW_IMAGE_WHY_OUT_OF_ORDER,
	SPW_IMAGE_WHY_SENT,
	SPW_IMAGE_WHY_UNSENT,
	SPW_IMAGE_WHY_SESSION,
	/* the form */
	SPW_IMAGE_WHY_MAGIC,
	SPW_IMAGE_WHY_VERSION,
	SPW_IMAGE_WHY_RESERVED,
	SPW_IMAGE_WHY_LENGTH,
	SPW_IMAGE_WHY_SECTION_COUNT,
	SPW_IMAGE_WHY_SECTION_TYPE,
	SPW_IMAGE_WHY_SECTION_FLAGS,
	SPW_IMAGE_WHY_SECTION_ORDER,
	SPW_IMAGE_WHY_SECTION_LENGTH,
	SPW_IMAGE_WHY_PADDING,
	/* tuple */
	SPW_IMAGE_WHY_LADDR,
	SPW_IMAGE_WHY_RADDR,
	SPW_IMAGE_WHY_FAMILY,
	SPW_IMAGE_WHY_LPORT,
	SPW_IMAGE_WHY_RPORT,
	SPW_IMAGE_WHY_STATE,
	/* sequence */
	SPW_IMAGE_WHY_SND_UNA,
	SPW_IMAGE_WHY_SND_NXT,
	SPW_IMAGE_WHY_WRITE_SEQ,
	SPW_IMAGE_WHY_SND_WL1,
	SPW_IMAGE_WHY_SND_WND,
	SPW_IMAGE_WHY_MAX_WINDOW,
	SPW_IMAGE_WHY_SND_UP,
	SPW_IMAGE_WHY_RCV_NXT,
	SPW_IMAGE_WHY_RCV_WUP,
	SPW_IMAGE_WHY_COPIED_SEQ,
	SPW_IMAGE_WHY_RCV_WND,
	SPW_IMAGE_WHY_RCV_SSTHRESH,
	SPW_IMAGE_WHY_WINDOW_CLAMP,
	/* options */
	SPW_IMAGE_WHY_OPTION_FLAGS,
	SPW_IMAGE_WHY_MSS_CLAMP,
	SPW_IMAGE_WHY_ADVMSS,
	SPW_IMAGE_WHY_USER_MSS,
	SPW_IMAGE_WHY_SND_WSCALE,
	SPW_IMAGE_WHY_RCV_WSCALE,
	/* timestamps */
	SPW_IMAGE_WHY_TIMESTAMP_FLAGS,
	SPW_IMAGE_WHY_TS_RECENT_AGE,
	/* congestion */
	SPW_IMAGE_WHY_CA_NAME,
	SPW_IMAGE_WHY_SND_CWND,
	SPW_IMAGE_WHY_SND_SSTHRESH,
	SPW_IMAGE_WHY_SRTT_US,
	SPW_IMAGE_WHY_MDEV_US,
	SPW_IMAGE_WHY_RTTVAR_US,
	SPW_IMAGE_WHY_RTO_US,
	SPW_IMAGE_WHY_REORDERING,
	/* socket */
	SPW_IMAGE_WHY_SOCKET_FLAGS,
	SPW_IMAGE_WHY_KEEPIDLE,
	SPW_IMAGE_WHY_KEEPINTVL,
	SPW_IMAGE_WHY_KEEPCNT,
	SPW_IMAGE_WHY_USER_TIMEOUT,
	SPW_IMAGE_WHY_LINGER,
	SPW_IMAGE_WHY_SNDBUF,
	SPW_IMAGE_WHY_RCVBUF,
	SPW_IMAGE_WHY_RCVLOWAT,
	SPW_IMAGE_WHY_TOS,
	SPW_IMAGE_WHY_TTL,
	SPW_IMAGE_WHY_FLOW_LABEL,
	/* urgent */
	SPW_IMAGE_WHY_URG_DATA,
	SPW_IMAGE_WHY_URG_SEQ,
	/* a segment out of order */
	SPW_IMAGE_WHY_SEGMENT_SEQ,
	SPW_IMAGE_WHY_SEGMENT_FLAGS,
	SPW_IMAGE_WHY_SEGMENT_LENGTH,
	/* a difference */
	SPW_IMAGE_WHY_DIFF_FIELDS,
	SPW_IMAGE_WHY_DIFF_VALUE,

	__SPW_IMAGE_WHY_MAX
};

/**
 * struct spw_image_room - how much there is to say, in bytes
 * @received: of the receive queue
 * @segments: number of segments out of order
 * @out_of_order: their bytes
 * @sent: sent and not acknowledged
 * @unsent: not sent
 * @session: of the application
 */
struct spw_image_room {
	__u32 received;
	__u32 segments;
	__u32 out_of_order;
	__u32 sent;
	__u32 unsent;
	__u32 session;
};

/**
 * struct spw_image_writer - an image that is being written
 * @data: where
 * @size: room there
 * @used: of that
 * @sections: how many
 * @last: type of the last one
 * @error: of the first step that failed
 */
struct spw_image_writer {
	__u8 *data;
	size_t size;
	size_t used;
	__u16 sections;
	__u16 last;
	int error;
};

/* image.c: bytes */
size_t spw_image_size(const struct spw_image_room *room);
void spw_image_begin(struct spw_image_writer *w, void *data, size_t size,
		     const struct spw_image *image);
void *spw_image_bulk(struct spw_image_writer *w, enum spw_image_section type,
		     size_t len);
void *spw_image_segment(struct spw_image_writer *w, __u32 seq, bool fin,
			size_t len);
int spw_image_end(struct spw_image_writer *w);
int spw_image_parse(const void *data, size_t len, struct spw_image *image,
		    enum spw_image_why *why);
int spw_image_parse_bare(const void *data, size_t len, struct spw_image *image,
			 enum spw_image_why *why);
bool spw_image_next_segment(const struct spw_image *image,
			    struct spw_image_segment *segment);

/* image_check.c: what a sound image is */
__u32 spw_image_received(const struct spw_image *image);
__u32 spw_image_sent(const struct spw_image *image);
__u32 spw_image_unsent(const struct spw_image *image);
void spw_image_strip(struct spw_image *image);
int spw_image_check(const struct spw_image *image, enum spw_image_why *why);
const char *spw_image_why_name(enum spw_image_why why);

#endif /* _SPW_IMAGE_H */
