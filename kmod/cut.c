// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCP packet cut into pieces that the path takes: TCP may be cut at any boundary, so
 * a segment that the tunnel cannot carry whole leaves as two. The cut is made by the
 * kernel's own TSO for devices that have none (net/core/tso.c), straight into the
 * datagrams; TCP's checksums are left to the far side, as to a device that makes them.
 *
 * The packet itself stays as it is, so that a piece can be cut from it again.
 */
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>

#include "cut.h"
#include "inner.h"
#include "link.h"

/*
 * As tso_start(), which wants a GSO packet: TCP's clone in the retransmission queue has
 * gso_size in common with ours, and a copy of the headers to change it would cost more
 * than all else done here.
 */
static void start_tso(struct tso_t *tso, struct sk_buff *skb, unsigned int hdr_len)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];

	tso->ipv6 = skb->protocol == htons(ETH_P_IPV6);
	tso->ip_id = tso->ipv6 ? 0 : ntohs(ip_hdr(skb)->id);
	tso->tlen = tcp_hdrlen(skb);
	tso->tcp_seq = ntohl(tcp_hdr(skb)->seq);
	tso->next_frag_idx = 0;
	tso->size = skb_headlen(skb) - hdr_len;
	tso->data = skb->data + hdr_len;
	if (tso->size || !skb_shinfo(skb)->nr_frags)
		return;
	tso->size = skb_frag_size(frag);
	tso->data = skb_frag_address(frag);
	tso->next_frag_idx = 1;
}

static void start(struct spw_cut *c, struct sk_buff *skb, unsigned int hdr_len,
		  unsigned int mss)
{
	c->skb = skb;
	c->hdr_len = hdr_len;
	c->mss = mss;
	c->left = skb->len - hdr_len;
	c->flags = SPW_DATA_CSUM;
	c->ago = 0;
	start_tso(&c->tso, skb, hdr_len);
}

/**
 * spw_cut_begin() - prepare a packet to be cut
 * @c: of any content
 * @skb: TCP packet, its transport header set; stays the caller's
 * @inner_max: bytes of the largest piece with its headers
 *
 * Return: 0; -EMSGSIZE where its headers alone are too big; -ENOMEM.
 */
int spw_cut_begin(struct spw_cut *c, struct sk_buff *skb, unsigned int inner_max)
{
	unsigned int hdr_len = skb_transport_offset(skb) + tcp_hdrlen(skb);
	unsigned int mss;

	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) || hdr_len >= inner_max ||
	    hdr_len > SPW_INNER_HDR_MAX || !pskb_may_pull(skb, hdr_len))
		return -EMSGSIZE;
	mss = inner_max - hdr_len;
	if (skb_is_gso(skb))
		mss = min_t(unsigned int, mss, skb_shinfo(skb)->gso_size);
	if (skb_has_frag_list(skb) && skb_linearize(skb))
		return -ENOMEM;
	start(c, skb, hdr_len, mss);
	return 0;
}

/**
 * spw_cut_again() - go back to a piece that was cut before
 * @c: of any content
 * @skb: packet that spw_cut_begin() prepared
 * @hdr_len: &spw_cut.hdr_len of then
 * @mss: &spw_cut.mss of then
 * @piece: the first is 0; one that there is
 */
void spw_cut_again(struct spw_cut *c, struct sk_buff *skb, unsigned int hdr_len,
		   unsigned int mss, unsigned int piece)
{
	unsigned int skip = piece * mss;

	start(c, skb, hdr_len, mss);
	c->left -= skip;
	c->tso.ip_id += piece;
	while (skip) {
		unsigned int n = min_t(unsigned int, skip, c->tso.size);

		tso_build_data(skb, &c->tso, n);
		skip -= n;
	}
}

static void headers(struct spw_cut *c, u8 *hdr, unsigned int size)
{
	bool first = c->left + c->hdr_len == c->skb->len;

	tso_build_hdr(c->skb, hdr, &c->tso, size, c->left == size);
	if (!c->tso.ipv6)
		ip_send_check((struct iphdr *)hdr);
	/* RFC 3168 section 6.1.2: once is enough. */
	if (!first)
		((struct tcphdr *)(hdr + skb_transport_offset(c->skb)))->cwr = 0;
}

/**
 * spw_cut_frame() - write the next piece as a frame
 * @c: begun, with payload left
 * @frame: room for a frame's header and spw_cut_next() bytes
 *
 * Return: bytes of the frame.
 */
unsigned int spw_cut_frame(struct spw_cut *c, u8 *frame)
{
	unsigned int size = min(c->left, c->mss), todo = size;
	u8 hdr[SPW_INNER_HDR_MAX] __aligned(4);

	headers(c, hdr, size);
	spw_link_build_frame(frame, SPW_FRAME_DATA, c->flags,
			     c->ago ?: c->hdr_len + size);
	frame += SPW_LEN_FRAME_HDR;
	memcpy(frame, hdr, c->hdr_len);
	frame += c->hdr_len;
	while (todo) {
		unsigned int n = min_t(unsigned int, todo, c->tso.size);

		memcpy(frame, c->tso.data, n);
		tso_build_data(c->skb, &c->tso, n);
		frame += n;
		todo -= n;
	}
	c->left -= size;
	return SPW_LEN_FRAME_HDR + c->hdr_len + size;
}
