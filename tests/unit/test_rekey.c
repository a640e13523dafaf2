// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schedule and the steps of new keys: alone, and as two nodes whose connections
 * break, cross and come late, over kernels that keep three receive keys.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rekey.h"

#include "kselftest_harness.h"

#define PERIOD 120000

static const struct control_msg ping = { .type = CONTROL_PING }, done = { .type = CONTROL_DONE };

TEST(steps_of_who_dials)
{
	const struct control_msg ready = { .type = CONTROL_READY, .key_id = 77 };
	struct rekey_epoch e;
	unsigned int what;

	EXPECT_EQ(REKEY_SEND_HELLO, rekey_epoch_begin(&e, true, 1, 2, 5));
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &done, &what));
	EXPECT_EQ(0, rekey_epoch_step(&e, &ping, &what));
	EXPECT_EQ(0, what);
	EXPECT_EQ(0, rekey_epoch_step(&e, &ready, &what));
	/* It sends with the new key only once it receives with it. */
	EXPECT_EQ(REKEY_INSTALL_RX | REKEY_INSTALL_TX | REKEY_SEND_READY, what);
	EXPECT_EQ(77, e.tx_id);
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &ready, &what));
	EXPECT_EQ(0, what);
	EXPECT_EQ(0, rekey_epoch_step(&e, &done, &what));
	EXPECT_EQ(REKEY_ESTABLISHED, what);
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &done, &what));
}

TEST(steps_of_who_is_dialled)
{
	const struct control_msg ready = { .type = CONTROL_READY, .key_id = 78 };
	const struct control_msg hello = { .type = CONTROL_HELLO, .from = 1, .to = 2, .epoch = 9 };
	struct rekey_epoch e;
	unsigned int what;

	EXPECT_EQ(0, rekey_epoch_begin(&e, false, 2, 1, 0));
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &ready, &what));
	EXPECT_EQ(0, rekey_epoch_step(&e, &hello, &what));
	EXPECT_EQ(REKEY_INSTALL_RX | REKEY_SEND_READY, what);
	EXPECT_EQ(9, e.epoch);
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &hello, &what));
	EXPECT_EQ(0, rekey_epoch_step(&e, &ready, &what));
	EXPECT_EQ(REKEY_INSTALL_TX | REKEY_SEND_DONE | REKEY_ESTABLISHED, what);
	EXPECT_EQ(78, e.tx_id);
	EXPECT_EQ(-EPROTO, rekey_epoch_step(&e, &hello, &what));
}

TEST(hello_that_means_others)
{
	struct control_msg hello = { .type = CONTROL_HELLO, .from = 3, .to = 2 };
	struct rekey_epoch e;
	unsigned int what;

	rekey_epoch_begin(&e, false, 2, 1, 0);
	EXPECT_EQ(-EXDEV, rekey_epoch_step(&e, &hello, &what));
	hello.from = 1;
	hello.to = 7;
	EXPECT_EQ(-EXDEV, rekey_epoch_step(&e, &hello, &what));
}

TEST(lower_id_dials_first)
{
	struct rekey low, high;

	rekey_init(&low, 1, 2, PERIOD, 1000, 0);
	rekey_init(&high, 2, 1, PERIOD, 1000, 0);
	EXPECT_EQ(1000, rekey_next(&low));
	EXPECT_EQ(1000 + REKEY_AFTER_YOU_MS, rekey_next(&high));
	EXPECT_FALSE(rekey_dial_now(&high, 1000));
	EXPECT_TRUE(rekey_dial_now(&low, 1000));
	EXPECT_FALSE(rekey_dial_now(&low, 90000));
	EXPECT_EQ(UINT64_MAX, rekey_next(&low));
	rekey_established(&low, 2000);
	rekey_established(&high, 2000);
	EXPECT_EQ(2000 + PERIOD, rekey_next(&low));
	/* Soon enough, where the lower does not: the keys live 180 s. */
	EXPECT_EQ(2000 + PERIOD * 5 / 4, rekey_next(&high));
}

TEST(failures_back_off)
{
	uint64_t now = 1000, wait, longest = 0;
	struct rekey r;

	rekey_init(&r, 1, 2, PERIOD, now, 0);
	for (unsigned int i = 0; i < 1000; i++) {
		now = rekey_next(&r);
		ASSERT_TRUE(rekey_dial_now(&r, now));
		rekey_failed(&r, true, now, (uint32_t)random());
		wait = rekey_next(&r) - now;
		EXPECT_LE(REKEY_BACKOFF_MS / 2, wait);
		EXPECT_GE(REKEY_BACKOFF_MAX_MS, wait);
		longest = wait > longest ? wait : longest;
		if (i == 0)
			EXPECT_GE(REKEY_BACKOFF_MS, wait);
	}
	EXPECT_LE(REKEY_BACKOFF_MAX_MS - 500, longest);
	rekey_established(&r, now);
	rekey_dial_now(&r, now + PERIOD);
	rekey_failed(&r, true, now + PERIOD, 0);
	EXPECT_GE(now + PERIOD + REKEY_BACKOFF_MS, rekey_next(&r));
}

/* At 120 s, then 10 s for each that hangs: some attempts before the keys go at 165 s. */
TEST(attempts_before_the_keys_end)
{
	unsigned int attempts = 0;
	struct rekey r;

	rekey_init(&r, 1, 2, PERIOD, 0, 0);
	rekey_established(&r, 0);
	while (rekey_next(&r) < 165000) {
		uint64_t now = rekey_next(&r);

		rekey_dial_now(&r, now);
		rekey_failed(&r, true, now + REKEY_PATIENCE_MS, UINT32_MAX);
		attempts++;
	}
	EXPECT_LE(3, attempts);
}

TEST(both_dial)
{
	struct rekey low, high;
	struct rekey_answer answer;

	rekey_init(&low, 1, 2, PERIOD, 0, 0);
	rekey_init(&high, 2, 1, PERIOD, 0, 0);
	ASSERT_TRUE(rekey_dial_now(&low, 5000));
	ASSERT_TRUE(rekey_dial_now(&high, 5000));
	rekey_greeted(&low);
	rekey_greeted(&high);
	answer = rekey_hello(&low);
	EXPECT_FALSE(answer.take);
	EXPECT_FALSE(answer.drop_dial);
	answer = rekey_hello(&high);
	EXPECT_TRUE(answer.take);
	EXPECT_TRUE(answer.drop_dial);
	EXPECT_EQ(UINT64_MAX, rekey_next(&high));
}

/* The lower's way may be barred: its dial counts for nothing before it is through. */
TEST(both_dial_and_one_is_barred)
{
	struct rekey low;
	struct rekey_answer answer;

	rekey_init(&low, 1, 2, PERIOD, 0, 0);
	ASSERT_TRUE(rekey_dial_now(&low, 5000));
	answer = rekey_hello(&low);
	EXPECT_TRUE(answer.take);
	EXPECT_TRUE(answer.drop_dial);
	/* The peer gave that one up and comes again. */
	answer = rekey_hello(&low);
	EXPECT_TRUE(answer.take);
	EXPECT_FALSE(answer.drop_dial);
	EXPECT_TRUE(answer.drop_answer);
}

TEST(lost_connection_and_missing_keys)
{
	struct rekey low, high;

	rekey_init(&low, 1, 2, PERIOD, 0, 0);
	rekey_init(&high, 2, 1, PERIOD, 0, 0);
	rekey_missing(&low, 50, 0);
	EXPECT_EQ(0, rekey_next(&low));
	rekey_established(&low, 1000);
	rekey_established(&high, 1000);
	rekey_missing(&low, 1500, 0);
	EXPECT_EQ(1000 + PERIOD, rekey_next(&low));
	rekey_missing(&low, 9000, 50);
	EXPECT_EQ(9050, rekey_next(&low));
	rekey_lost(&high, 9000, 7);
	EXPECT_EQ(9007 + REKEY_AFTER_YOU_MS, rekey_next(&high));
	/* What is due already is not put off. */
	rekey_lost(&low, 9040, 99);
	EXPECT_EQ(9050, rekey_next(&low));
}

/*
 * Two nodes. As control.c does it, with everything that it leaves to chance chosen by
 * random(): which message arrives next, when a connection breaks, when a node restarts.
 */
#define CONNS 64
#define RX    3 /* as SPW_PEER_RX_KEYS */

struct rx_key {
	uint32_t id;
	bool used;
};

struct node {
	struct rekey r;
	uint16_t id;
	struct rx_key rx[RX];
	uint32_t tx;
	int dial, answer, current;
	unsigned int established;
};

struct conn {
	bool there;
	unsigned int dialler;
	uint64_t born;
	bool alive[2];
	bool open[2];
	struct rekey_epoch e[2];
	struct control_msg queue[2][8]; /* to that end */
	unsigned int queued[2];
};

struct world {
	struct node node[2];
	struct conn conn[CONNS];
	uint64_t now;
	uint32_t next_id;
	unsigned int sent, lost;
};

/* kmod/peer.c, rx_key_make_room() */
static void kernel_rx(struct node *n, uint32_t id)
{
	int last = RX - 1;
	bool newer = false;

	for (int i = 0; i < last; i++)
		newer |= n->rx[i].used;
	if (n->rx[last].id && !newer && n->rx[last].used)
		n->rx[last - 1] = n->rx[last];
	memmove(&n->rx[1], &n->rx[0], (RX - 1) * sizeof(n->rx[0]));
	n->rx[0] = (struct rx_key){ .id = id };
}

static void packet(struct world *w, unsigned int from)
{
	struct node *to = &w->node[!from];

	if (!w->node[from].tx)
		return;
	w->sent++;
	for (int i = 0; i < RX; i++) {
		if (to->rx[i].id != w->node[from].tx)
			continue;
		to->rx[i].used = true;
		return;
	}
	w->lost++;
}

static void forget(struct node *n, int c)
{
	n->dial = n->dial == c ? -1 : n->dial;
	n->answer = n->answer == c ? -1 : n->answer;
	n->current = n->current == c ? -1 : n->current;
}

static void drop(struct world *w, unsigned int me, int c)
{
	forget(&w->node[me], c);
	w->conn[c].alive[me] = false;
	w->conn[c].there = w->conn[c].alive[0] || w->conn[c].alive[1];
}

static void end(struct world *w, unsigned int me, int c)
{
	struct node *n = &w->node[me];

	if (n->current == c)
		rekey_lost(&n->r, w->now, (uint32_t)random());
	else if (n->dial == c || n->answer == c)
		rekey_failed(&n->r, w->conn[c].dialler == me, w->now, (uint32_t)random());
	drop(w, me, c);
}

static void say(struct world *w, unsigned int me, int c, struct control_msg msg)
{
	if (w->conn[c].queued[!me] < 8)
		w->conn[c].queue[!me][w->conn[c].queued[!me]++] = msg;
}

static void establish(struct world *w, unsigned int me, int c)
{
	struct node *n = &w->node[me];
	int old = n->current;

	rekey_established(&n->r, w->now);
	n->dial = -1;
	n->answer = -1;
	n->current = c;
	n->established++;
	if (old >= 0)
		drop(w, me, old);
}

static void perform(struct world *w, unsigned int me, int c, unsigned int what)
{
	struct rekey_epoch *e = &w->conn[c].e[me];
	uint32_t id = w->next_id;

	if (what & REKEY_INSTALL_RX) {
		kernel_rx(&w->node[me], id);
		w->next_id++;
	}
	if (what & REKEY_INSTALL_TX)
		w->node[me].tx = e->tx_id;
	if (what & REKEY_SEND_HELLO)
		say(w, me, c, (struct control_msg){ CONTROL_HELLO, e->self, e->peer, e->epoch, 0 });
	if (what & REKEY_SEND_READY)
		say(w, me, c, (struct control_msg){ CONTROL_READY, 0, 0, 0, id });
	if (what & REKEY_SEND_DONE)
		say(w, me, c, done);
	if (what & REKEY_ESTABLISHED)
		establish(w, me, c);
}

static void open_end(struct world *w, unsigned int me, int c)
{
	struct conn *conn = &w->conn[c];
	bool dialled = conn->dialler == me;

	conn->open[me] = true;
	perform(w, me, c,
		rekey_epoch_begin(&conn->e[me], dialled, w->node[me].id, w->node[!me].id, 1));
	if (dialled)
		rekey_greeted(&w->node[me].r);
}

static void receive(struct world *w, unsigned int me, int c)
{
	struct conn *conn = &w->conn[c];
	struct control_msg msg = conn->queue[me][0];
	struct node *n = &w->node[me];
	struct rekey_answer answer;
	unsigned int what;

	memmove(&conn->queue[me][0], &conn->queue[me][1], 7 * sizeof(msg));
	conn->queued[me]--;
	if (rekey_epoch_step(&conn->e[me], &msg, &what)) {
		end(w, me, c);
		return;
	}
	if (msg.type == CONTROL_HELLO) {
		answer = rekey_hello(&n->r);
		if (!answer.take) {
			drop(w, me, c);
			return;
		}
		if (answer.drop_dial && n->dial >= 0)
			drop(w, me, n->dial);
		if (answer.drop_answer && n->answer >= 0)
			drop(w, me, n->answer);
		n->answer = c;
	}
	perform(w, me, c, what);
}

static void dial(struct world *w, unsigned int me)
{
	int c;

	for (c = 0; c < CONNS && w->conn[c].there; c++)
		;
	if (c == CONNS) {
		rekey_failed(&w->node[me].r, true, w->now, 0);
		return;
	}
	w->conn[c] = (struct conn){
		.there = true, .dialler = me, .born = w->now, .alive = { true, true }
	};
	w->node[me].dial = c;
}

/* One thing that may happen to an end of a connection. */
static void happen(struct world *w, unsigned int me, int c, bool calm)
{
	struct conn *conn = &w->conn[c];
	bool other_opened = conn->open[!me] || conn->dialler == me;

	if (!conn->alive[me])
		return;
	if (w->now - conn->born > REKEY_PATIENCE_MS && w->node[me].current != c)
		end(w, me, c);
	else if (!calm && random() % 40 == 0)
		end(w, me, c);
	else if (!conn->alive[!me] && !conn->queued[me])
		end(w, me, c); /* closed by the other */
	else if (!conn->open[me] && conn->alive[!me] && other_opened)
		open_end(w, me, c);
	else if (conn->open[me] && conn->queued[me])
		receive(w, me, c);
}

static void start(struct world *w, unsigned int me)
{
	struct node *n = &w->node[me];

	for (int c = 0; c < CONNS; c++) {
		if (w->conn[c].there && w->conn[c].alive[me])
			drop(w, me, c);
	}
	n->dial = -1;
	n->answer = -1;
	n->current = -1;
	rekey_init(&n->r, n->id, w->node[!me].id, 5000, w->now, (uint32_t)random());
}

static void run(struct world *w, uint64_t ms, bool calm)
{
	uint64_t until = w->now + ms;

	while (w->now < until) {
		for (unsigned int i = 0; i < 2; i++) {
			if (rekey_dial_now(&w->node[i].r, w->now))
				dial(w, i);
		}
		for (int i = 0; i < 8; i++)
			happen(w, random() % 2, (int)(random() % CONNS), calm);
		for (int c = 0; c < CONNS; c++) {
			if (w->conn[c].there)
				happen(w, random() % 2, c, calm);
		}
		if (!calm && random() % 3000 == 0)
			start(w, random() % 2);
		/* Sometimes long before a new key is used, which is what the third is for. */
		if (random() % 4 == 0)
			packet(w, random() % 2);
		w->now += random() % 20;
	}
}

TEST(whatever_breaks_nothing_is_sealed_in_vain)
{
	for (unsigned int seed = 0; seed < 200; seed++) {
		struct world *w = calloc(1, sizeof(*w));

		ASSERT_NE(NULL, w);
		srandom(seed);
		w->now = 1000000;
		w->next_id = 1;
		w->node[0].id = 1;
		w->node[1].id = 2;
		start(w, 0);
		start(w, 1);
		run(w, 120000, false);
		run(w, 60000, true);
		EXPECT_EQ(0, w->lost)
		{
			TH_LOG("seed %u: %u of %u", seed, w->lost, w->sent);
		}
		/* And it comes to rest: one connection, the newest keys on both. */
		EXPECT_LE(0, w->node[0].current);
		EXPECT_EQ(w->node[0].current, w->node[1].current);
		EXPECT_LE(10, w->node[0].established);
		w->node[0].established = 0;
		run(w, 100000, true);
		EXPECT_LE(17, w->node[0].established);
		EXPECT_GE(21, w->node[0].established)
		{
			TH_LOG("seed %u", seed);
		}
		free(w);
	}
}

TEST_HARNESS_MAIN
