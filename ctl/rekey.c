// SPDX-License-Identifier: GPL-2.0-or-later
/* rekey: schedule and steps of new keys. */
#include <errno.h>
#include <string.h>

#include "rekey.h"

/* A key that was just agreed may not show yet in what was read from the kernel. */
#define SETTLE_MS 2000

unsigned int rekey_epoch_begin(struct rekey_epoch *e, bool dialled, uint16_t self, uint16_t peer,
			       uint64_t epoch)
{
	*e = (struct rekey_epoch){
		.dialled = dialled,
		.self = self,
		.peer = peer,
		.phase = dialled ? REKEY_WAIT_READY : REKEY_WAIT_HELLO,
		.epoch = epoch,
	};
	return dialled ? REKEY_SEND_HELLO : 0;
}

static int step_hello(struct rekey_epoch *e, const struct control_msg *msg, unsigned int *what)
{
	if (msg->from != e->peer || msg->to != e->self)
		return -EXDEV;
	e->epoch = msg->epoch;
	e->phase = REKEY_WAIT_READY;
	*what = REKEY_INSTALL_RX | REKEY_SEND_READY;
	return 0;
}

static int step_ready(struct rekey_epoch *e, const struct control_msg *msg, unsigned int *what)
{
	e->tx_id = msg->key_id;
	if (e->dialled) {
		e->phase = REKEY_WAIT_DONE;
		*what = REKEY_INSTALL_RX | REKEY_INSTALL_TX | REKEY_SEND_READY;
	} else {
		e->phase = REKEY_AGREED;
		*what = REKEY_INSTALL_TX | REKEY_SEND_DONE | REKEY_ESTABLISHED;
	}
	return 0;
}

int rekey_epoch_step(struct rekey_epoch *e, const struct control_msg *msg, unsigned int *what)
{
	*what = 0;
	if (msg->type == CONTROL_PING)
		return 0;
	if (msg->type == CONTROL_HELLO && e->phase == REKEY_WAIT_HELLO)
		return step_hello(e, msg, what);
	if (msg->type == CONTROL_READY && e->phase == REKEY_WAIT_READY)
		return step_ready(e, msg, what);
	if (msg->type != CONTROL_DONE || e->phase != REKEY_WAIT_DONE)
		return -EPROTO;
	e->phase = REKEY_AGREED;
	*what = REKEY_ESTABLISHED;
	return 0;
}

static bool first(const struct rekey *r)
{
	return r->self < r->peer;
}

/* At once, but not all peers of a node in the same moment; the higher id lets pass. */
static uint64_t soon(const struct rekey *r, uint64_t now, uint32_t chance)
{
	return now + (first(r) ? 0 : REKEY_AFTER_YOU_MS) + chance % 100;
}

static uint64_t backoff(const struct rekey *r, uint32_t chance)
{
	unsigned int doubled = r->failures < 10 ? r->failures : 10;
	uint64_t wait = (uint64_t)REKEY_BACKOFF_MS << doubled;

	if (wait > REKEY_BACKOFF_MAX_MS)
		wait = REKEY_BACKOFF_MAX_MS;
	return wait / 2 + chance % (wait / 2 + 1);
}

void rekey_init(struct rekey *r, uint16_t self, uint16_t peer, uint64_t period, uint64_t now,
		uint32_t chance)
{
	*r = (struct rekey){ .self = self, .peer = peer, .period = period };
	r->due = soon(r, now, chance);
}

uint64_t rekey_next(const struct rekey *r)
{
	return r->dial != REKEY_NO_DIAL || r->answering ? UINT64_MAX : r->due;
}

bool rekey_dial_now(struct rekey *r, uint64_t now)
{
	if (rekey_next(r) > now)
		return false;
	r->dial = REKEY_DIALLING;
	return true;
}

void rekey_greeted(struct rekey *r)
{
	r->dial = REKEY_GREETED;
}

struct rekey_answer rekey_hello(struct rekey *r)
{
	struct rekey_answer answer = { .take = false };

	/* The peer, having our HELLO, drops its own dial likewise. */
	if (r->dial == REKEY_GREETED && first(r))
		return answer;
	answer.take = true;
	answer.drop_dial = r->dial != REKEY_NO_DIAL;
	/* It would not dial again if it had not given that one up. */
	answer.drop_answer = r->answering;
	r->dial = REKEY_NO_DIAL;
	r->answering = true;
	return answer;
}

void rekey_established(struct rekey *r, uint64_t now)
{
	r->dial = REKEY_NO_DIAL;
	r->answering = false;
	r->current = true;
	r->since = now;
	r->failures = 0;
	r->due = now + r->period + (first(r) ? 0 : r->period / 4);
}

void rekey_failed(struct rekey *r, bool dialled, uint64_t now, uint32_t chance)
{
	if (dialled)
		r->dial = REKEY_NO_DIAL;
	else
		r->answering = false;
	/* Where nothing was due yet, the peer tries again, and we in our turn. */
	if (r->due > now)
		return;
	r->due = now + backoff(r, chance);
	r->failures++;
}

void rekey_lost(struct rekey *r, uint64_t now, uint32_t chance)
{
	uint64_t due = soon(r, now, chance);

	r->current = false;
	if (due < r->due)
		r->due = due;
}

void rekey_missing(struct rekey *r, uint64_t now, uint32_t chance)
{
	uint64_t due = soon(r, now, chance);

	/* Never agreed, or a failure already counts: they are on their way. */
	if (!r->since || r->failures || now - r->since < SETTLE_MS)
		return;
	if (due < r->due)
		r->due = due;
}
