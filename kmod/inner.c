// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inner packets: what relay carries, and which of them belong together. Pure:
 * compiled for user space too, where it is unit-tested.
 *
 * Packets that follow one another in one connection, as a sender's burst does, are
 * put together again on the far side of the tunnel, so that the stack there is walked
 * once. The rules are those of inet_gro_receive() and tcp_gro_receive(): whatever
 * would not look the same after the whole is cut again stays apart.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "inner.h"

/* Offsets, RFC 791, RFC 8200 and RFC 9293 section 3.1. */
enum {
	IP4_TOS = 1,
	IP4_LEN = 2,
	IP4_ID = 4,
	IP4_FRAG = 6,
	IP4_TTL = 8,
	IP4_PROTO = 9,
	IP4_CSUM = 10,
	IP4_SADDR = 12,
	IP4_DADDR = 16,
	IP6_LEN = 4,
	IP6_NEXT = 6,
	IP6_SADDR = 8,
	IP6_DADDR = 24,
	TCP_SEQ = 4,
	TCP_DOFF = 12,
	TCP_FLAGS = 13,
	TCP_CSUM = 16,

	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_ICMP6 = 58,
	DF = 0x4000,
	OFFSET_OR_MF = 0x3fff,
	OFFSET = 0x1fff,
};

enum tcp_flags {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	URG = 0x20,
	CWR = 0x80,
};

static __u16 get16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static __u32 get32(const __u8 *p)
{
	return (__u32)get16(p) << 16 | get16(p + 2);
}

static void put16(__u8 *p, __u16 value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

/* May travel: neither this network, loopback, multicast, reserved nor broadcast. */
static bool addr4_travels(const __u8 *a)
{
	return a[0] && a[0] != 127 && a[0] < 224;
}

/* RFC 4291: neither loopback, unspecified, multicast nor link-local. */
static bool addr6_travels(const __u8 *a)
{
	static const __u8 zero[15];

	if (!memcmp(a, zero, sizeof(zero)) && a[15] < 2)
		return false;
	return a[0] != 0xff && !(a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

static int parse4(const __u8 *p, size_t len, struct spw_inner *inner)
{
	if (len < SPW_INNER_IP4)
		return -EPROTO;
	inner->ip_len = (p[0] & 0xf) * 4;
	if (inner->ip_len < SPW_INNER_IP4 || get16(p + IP4_LEN) != len ||
	    (!inner->icmp && p[IP4_PROTO] != PROTO_TCP) || (get16(p + IP4_FRAG) & OFFSET_OR_MF))
		return -EPROTO;
	if (!addr4_travels(p + IP4_SADDR) || !addr4_travels(p + IP4_DADDR))
		return -EPROTO;
	return 0;
}

/* TCP directly behind the header: relay's own end makes no extension headers. */
static int parse6(const __u8 *p, size_t len, struct spw_inner *inner)
{
	inner->ip_len = SPW_INNER_IP6;
	if (len < SPW_INNER_IP6 || get16(p + IP6_LEN) != len - SPW_INNER_IP6 ||
	    (!inner->icmp && p[IP6_NEXT] != PROTO_TCP))
		return -EPROTO;
	if (!addr6_travels(p + IP6_SADDR) || !addr6_travels(p + IP6_DADDR))
		return -EPROTO;
	return 0;
}

/* RFC 792: who sent what is quoted is told that it did not arrive. */
static bool is_error4(const __u8 *p, size_t len)
{
	const __u8 *quoted = p + SPW_INNER_IP4 + SPW_INNER_ICMP;
	__u8 type;

	if (len != SPW_INNER_ICMP4 || p[0] != 0x45 || p[IP4_PROTO] != PROTO_ICMP)
		return false;
	type = p[SPW_INNER_IP4];
	return (type == 3 || type == 11 || type == 12) && quoted[0] == 0x45 &&
	       quoted[IP4_PROTO] == PROTO_TCP && !(get16(quoted + IP4_FRAG) & OFFSET) &&
	       addr4_travels(quoted + IP4_DADDR) &&
	       !memcmp(quoted + IP4_SADDR, p + IP4_DADDR, 4);
}

/* RFC 4443, likewise. */
static bool is_error6(const __u8 *p, size_t len)
{
	const __u8 *quoted = p + SPW_INNER_IP6 + SPW_INNER_ICMP;
	__u8 type;

	if (len != SPW_INNER_ICMP6 || p[IP6_NEXT] != PROTO_ICMP6)
		return false;
	type = p[SPW_INNER_IP6];
	return type >= 1 && type <= 4 && quoted[0] >> 4 == 6 &&
	       quoted[IP6_NEXT] == PROTO_TCP && addr6_travels(quoted + IP6_DADDR) &&
	       !memcmp(quoted + IP6_SADDR, p + IP6_DADDR, 16);
}

/**
 * spw_inner_parse() - is it what relay carries?
 * @data: packet
 * @len: its bytes
 * @inner: receives its shape
 *
 * One whole IP packet with TCP, from and to addresses that may travel. The peer is
 * trusted with its own connections, not with this node's loopback. Or an ICMP error
 * about such a packet, cut down to what names it.
 *
 * Return: 0 or -EPROTO.
 */
int spw_inner_parse(const void *data, size_t len, struct spw_inner *inner)
{
	const __u8 *p = data;
	unsigned int tcp_len;
	int err;

	if (!len || len > SPW_INNER_MAX)
		return -EPROTO;
	inner->family = p[0] >> 4;
	inner->icmp = inner->family == 4 ? is_error4(p, len) :
		      inner->family == 6 && is_error6(p, len);
	if (inner->family == 4)
		err = parse4(p, len, inner);
	else if (inner->family == 6)
		err = parse6(p, len, inner);
	else
		err = -EPROTO;
	if (!err && inner->icmp) {
		inner->hdr_len = len;
		inner->payload = 0;
		return 0;
	}
	if (err || len < inner->ip_len + SPW_INNER_TCP)
		return -EPROTO;
	tcp_len = (p[inner->ip_len + TCP_DOFF] >> 4) * 4;
	if (tcp_len < SPW_INNER_TCP || len < inner->ip_len + tcp_len)
		return -EPROTO;
	inner->hdr_len = inner->ip_len + tcp_len;
	inner->payload = len - inner->hdr_len;
	return 0;
}

/**
 * spw_merge_begin() - the first packet
 * @m: of any content
 * @hdr: its headers
 * @inner: its shape
 */
void spw_merge_begin(struct spw_merge *m, const void *hdr,
		     const struct spw_inner *inner)
{
	const __u8 *tcp = (const __u8 *)hdr + inner->ip_len;
	__u8 flags = tcp[TCP_FLAGS];

	m->shape = *inner;
	m->count = 1;
	m->payload = inner->payload;
	memcpy(m->hdr, hdr, inner->hdr_len);
	m->closed = !inner->payload ||
		    (inner->family == 4 && inner->ip_len != SPW_INNER_IP4) ||
		    (flags & (FIN | SYN | RST | PSH | ACK | URG)) != ACK;
}

static bool same_ip4(const struct spw_merge *m, const __u8 *p)
{
	const __u8 *q = m->hdr;
	__u16 id = get16(q + IP4_ID) + m->count;

	/* With DF the number means nothing (RFC 6864), but a gap may: keep it. */
	if (get16(p + IP4_ID) != id &&
	    !((get16(p + IP4_FRAG) & DF) && get16(p + IP4_ID) == get16(q + IP4_ID)))
		return false;
	return !memcmp(p, q, IP4_LEN) &&
	       !memcmp(p + IP4_FRAG, q + IP4_FRAG, IP4_CSUM - IP4_FRAG) &&
	       !memcmp(p + IP4_SADDR, q + IP4_SADDR, SPW_INNER_IP4 - IP4_SADDR);
}

static bool same_ip6(const struct spw_merge *m, const __u8 *p)
{
	return !memcmp(p, m->hdr, IP6_LEN) &&
	       !memcmp(p + IP6_NEXT, m->hdr + IP6_NEXT, SPW_INNER_IP6 - IP6_NEXT);
}

/* Everything but the sequence number, the checksum, PSH and FIN. */
static bool same_tcp(const __u8 *p, const __u8 *q, unsigned int len)
{
	if ((p[TCP_FLAGS] ^ q[TCP_FLAGS]) & ~(CWR | PSH | FIN))
		return false;
	return !(p[TCP_FLAGS] & CWR) && !memcmp(p, q, TCP_SEQ) &&
	       !memcmp(p + TCP_SEQ + 4, q + TCP_SEQ + 4, TCP_FLAGS - TCP_SEQ - 4) &&
	       !memcmp(p + TCP_FLAGS + 1, q + TCP_FLAGS + 1,
		       TCP_CSUM - TCP_FLAGS - 1) &&
	       !memcmp(p + TCP_CSUM + 2, q + TCP_CSUM + 2, len - TCP_CSUM - 2);
}

/**
 * spw_merge_add() - does a packet follow, and nothing else?
 * @m: begun
 * @hdr: its headers
 * @inner: its shape
 *
 * Return: true where it was taken; else nothing changed, and it begins anew.
 */
bool spw_merge_add(struct spw_merge *m, const void *hdr,
		   const struct spw_inner *inner)
{
	const __u8 *p = (const __u8 *)hdr + inner->ip_len;
	__u8 *q = m->hdr + inner->ip_len;

	if (m->closed || inner->family != m->shape.family ||
	    inner->hdr_len != m->shape.hdr_len || inner->ip_len != m->shape.ip_len ||
	    !inner->payload || inner->payload > m->shape.payload ||
	    inner->hdr_len + m->payload + inner->payload > SPW_INNER_MAX)
		return false;
	if (get32(p + TCP_SEQ) != (__u32)(get32(q + TCP_SEQ) + m->payload))
		return false;
	if (inner->family == 4 ? !same_ip4(m, hdr) : !same_ip6(m, hdr))
		return false;
	if (!same_tcp(p, q, inner->hdr_len - inner->ip_len))
		return false;
	q[TCP_FLAGS] |= p[TCP_FLAGS] & (PSH | FIN);
	m->closed = inner->payload < m->shape.payload ||
		    (p[TCP_FLAGS] & (PSH | FIN));
	m->count++;
	m->payload += inner->payload;
	return true;
}

/**
 * spw_merge_finish() - make the headers those of the whole
 * @m: begun
 *
 * The checksums of both headers are the caller's to make.
 */
void spw_merge_finish(struct spw_merge *m)
{
	unsigned int len = m->shape.hdr_len + m->payload;

	if (m->shape.family == 4)
		put16(m->hdr + IP4_LEN, len);
	else
		put16(m->hdr + IP6_LEN, len - SPW_INNER_IP6);
	m->closed = true;
}
