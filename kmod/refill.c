// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queues of a socket that was made of an image, and the FINs behind them: what was
 * received, in order or not, what was sent and not acknowledged, what was not sent.
 * Nothing leaves meanwhile.
 *
 * Received bytes and sent ones take the way of TCP_REPAIR, which knows both: into the
 * receive queue (tcp_send_rcvq()), and past transmission (tcp_write_xmit()). Unsent
 * bytes would be taken for sent there; they are written as an application writes, to a
 * remote whose window is shut, so that the kernel itself holds them.
 */
#include <linux/net.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "image.h"
#include "move.h"
#include "refill.h"

/* Of bytes out of order in one skb: what one page holds without more. */
#define OUT_OF_ORDER_CHUNK	SKB_WITH_OVERHEAD(PAGE_SIZE)

/* Of bytes in order handed to the kernel at once: it makes one skb of each. */
#define RECEIVED_CHUNK	(32 << 10)

/* Return: false where not all of it could be written. */
static bool write_bytes(struct sock *sk, const u8 *data, u32 len, u32 chunk)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec;
	u32 done = 0;
	int written;

	while (done < len) {
		vec.iov_base = (void *)(data + done);
		vec.iov_len = min(chunk, len - done);
		iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, vec.iov_len);
		written = tcp_sendmsg_locked(sk, &msg, vec.iov_len);
		if (written <= 0)
			return false;
		done += written;
	}
	return true;
}

static bool fill_received(struct sock *sk, const struct spw_image *image)
{
	tcp_sk(sk)->repair_queue = TCP_RECV_QUEUE;
	return write_bytes(sk, image->received.data, image->received.len,
			   RECEIVED_CHUNK);
}

/*
 * tcp_sendmsg_locked() reaches for the socket's file end where memory is short, if only
 * to find that it must not wait. The child of a listener has none before accept(). One
 * is lent to it; not with sock_graft(), which gives it owner and label.
 */
static struct socket *lend_socket(struct sock *sk)
{
	struct socket *sock = sock_alloc();

	if (!sock)
		return NULL;
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_pointer(sk->sk_wq, &sock->wq);
	sk_set_socket(sk, sock);
	write_unlock_bh(&sk->sk_callback_lock);
	return sock;
}

static void take_socket_back(struct sock *sk, struct socket *sock)
{
	write_lock_bh(&sk->sk_callback_lock);
	sk_set_socket(sk, NULL);
	rcu_assign_pointer(sk->sk_wq, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
	/* Its memory stays for a grace period. */
	sock_release(sock);
}

/* Our FIN: into the queue, and on its way in repair. It fails without a word. */
static bool fill_fin(struct sock *sk)
{
	u32 end = tcp_sk(sk)->write_seq + 1;

	sk->sk_prot->shutdown(sk, SEND_SHUTDOWN);
	return tcp_sk(sk)->write_seq == end;
}

static bool fill_sent(struct sock *sk, const struct spw_image *image, bool fin)
{
	tcp_sk(sk)->repair_queue = TCP_SEND_QUEUE;
	return write_bytes(sk, image->sent.data, image->sent.len,
			   image->sent.len) &&
	       (!fin || fill_fin(sk));
}

static bool fill_unsent(struct sock *sk, const struct spw_image *image, bool fin)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool filled;

	tp->repair_queue = TCP_NO_QUEUE;
	tp->repair = 0;
	/* Shut: whatever is behind snd_una is behind the window (tcp_snd_wnd_test()). */
	tp->snd_wnd = 0;
	filled = write_bytes(sk, image->unsent.data, image->unsent.len,
			     image->unsent.len) &&
		 (!fin || fill_fin(sk));
	tp->repair = 1;
	return filled;
}

static bool fill_send_queues(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	bool fin = image->tuple.state == SPW_IMAGE_FIN_WAIT1;
	bool fin_sent = fin && s->snd_nxt == s->write_seq;
	struct socket *sock = NULL;
	bool filled;

	if (s->snd_una == s->write_seq)
		return true;
	if (!sk->sk_socket) {
		sock = lend_socket(sk);
		if (!sock)
			return false;
	}
	filled = fill_sent(sk, image, fin_sent) &&
		 (s->snd_nxt == s->write_seq ||
		  fill_unsent(sk, image, fin && !fin_sent));
	if (sock)
		take_socket_back(sk, sock);
	return filled;
}

/* As tcp_data_queue_ofo() puts one behind all others. */
static bool add_out_of_order(struct sock *sk, u32 seq, const u8 *data, u32 len, bool fin)
{
	struct rb_node **p, *parent = NULL;
	struct tcp_sock *tp = tcp_sk(sk);
	struct sk_buff *skb;

	skb = alloc_skb(len, GFP_KERNEL | __GFP_NOWARN);
	if (!skb)
		return false;
	if (!sk_rmem_schedule(sk, skb, skb->truesize)) {
		kfree_skb(skb);
		return false;
	}
	skb_put_data(skb, data, len);
	memset(skb->cb, 0, sizeof(skb->cb));
	TCP_SKB_CB(skb)->seq = seq;
	TCP_SKB_CB(skb)->end_seq = seq + len + fin;
	TCP_SKB_CB(skb)->ack_seq = tp->snd_una;
	TCP_SKB_CB(skb)->tcp_flags = TCPHDR_ACK | (fin ? TCPHDR_FIN : 0);

	p = &tp->out_of_order_queue.rb_node;
	if (*p) {
		parent = &tp->ooo_last_skb->rbnode;
		p = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, &tp->out_of_order_queue);
	tp->ooo_last_skb = skb;
	skb_set_owner_r(skb, sk);
	return true;
}

/* What is told of them: the first ranges (RFC 2018 has the newest, which is not known). */
static void add_sack(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	u8 n = tp->rx_opt.num_sacks;

	if (!tcp_is_sack(tp))
		return;
	if (n && tp->selective_acks[n - 1].end_seq == seq) {
		tp->selective_acks[n - 1].end_seq = end_seq;
	} else if (n < TCP_NUM_SACKS) {
		tp->selective_acks[n].start_seq = seq;
		tp->selective_acks[n].end_seq = end_seq;
		tp->rx_opt.num_sacks = n + 1;
	}
}

static bool fill_out_of_order(struct sock *sk, const struct spw_image *image)
{
	struct spw_image_segment segment = {};

	while (spw_image_next_segment(image, &segment)) {
		u32 done = 0;

		do {
			u32 len = min_t(u32, segment.len - done,
					OUT_OF_ORDER_CHUNK);
			bool last = done + len == segment.len;

			if (!add_out_of_order(sk, segment.seq + done,
					      segment.data + done, len,
					      last && segment.fin))
				return false;
			done += len;
		} while (done < segment.len);
		add_sack(tcp_sk(sk), segment.seq,
			 segment.seq + segment.len + segment.fin);
	}
	return true;
}

/*
 * The remote's FIN, as tcp_fin() leaves it, but with no skb of its own behind the
 * received bytes: SOCK_DONE says to the reader what that would.
 */
static void fill_remote_fin(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tcp_set_state(sk, TCP_CLOSE_WAIT);
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);
	WRITE_ONCE(tp->rcv_nxt, tp->rcv_nxt + 1);
}

static void fill_states(struct sock *sk, const struct spw_image *image)
{
	switch (image->tuple.state) {
	case SPW_IMAGE_CLOSE_WAIT:
		fill_remote_fin(sk);
		break;
	case SPW_IMAGE_FIN_WAIT2:
		tcp_set_state(sk, TCP_FIN_WAIT2);
		fallthrough;
	case SPW_IMAGE_FIN_WAIT1:
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
		break;
	}
	if (image->socket.flags & SPW_IMAGE_SOCK_RCV_SHUTDOWN)
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
}

/**
 * spw_refill_nothing() - are all queues of an image empty, and no FIN in them?
 * @image: endpoint
 */
bool spw_refill_nothing(const struct spw_image *image)
{
	return !image->received.len && !image->segment_count &&
	       image->sequence.snd_una == image->sequence.write_seq;
}

static bool fill_queues(struct sock *sk, const struct spw_image *image)
{
	bool filled;

	if (spw_refill_nothing(image))
		return true;
	/* Room for all of it, or the kernel would wait, prune or refuse. */
	WRITE_ONCE(sk->sk_rcvbuf, INT_MAX / 2);
	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, U32_MAX);
	filled = fill_received(sk, image) && fill_send_queues(sk, image) &&
		 fill_out_of_order(sk, image);
	tcp_sk(sk)->repair_queue = TCP_NO_QUEUE;
	return filled;
}

/**
 * spw_refill() - fill a socket's queues
 * @sk: ESTABLISHED, in repair, its queues empty; locked
 * @image: endpoint
 *
 * Buffers are as large as can be from then on, nothing is announced or unsent to be
 * worried about, timers may run and the window is not what it should be: all this is to
 * be set anew. Process context.
 *
 * Return: 0 or %SPW_MOVE_BECAUSE_MEMORY; in repair in any case
 */
u8 spw_refill(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	const struct tcp_sock *tp = tcp_sk(sk);

	if (!fill_queues(sk, image))
		return SPW_MOVE_BECAUSE_MEMORY;
	fill_states(sk, image);
	if (tp->rcv_nxt != s->rcv_nxt || tp->snd_nxt != s->snd_nxt ||
	    tp->write_seq != s->write_seq)
		return SPW_MOVE_BECAUSE_MEMORY;
	return 0;
}
