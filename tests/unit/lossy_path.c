// SPDX-License-Identifier: GPL-2.0-or-later
/* Loss, delay and reordering in virtual time: see lossy_path.h. */
#include <stdlib.h>

#include "lossy_path.h"

enum kind { DATAGRAM, ACK };

struct event {
	uint64_t at;
	uint64_t order; /* of those at one time */
	enum kind kind;
	uint64_t pn;
	uint32_t piece;
	struct spw_ack ack;
};

double path_chance(void)
{
	return drand48();
}

struct path *path_new(uint64_t delay, double loss, double reorder, uint64_t late_by)
{
	struct path *p = calloc(1, sizeof(*p));

	srand48(7);
	p->events = calloc(EVENTS, sizeof(*p->events));
	p->ring = calloc(SPW_ARQ_RING, sizeof(*p->ring));
	spw_arq_init(&p->arq, p->ring);
	p->now = 1000 * MS;
	p->delay = delay;
	p->loss = loss;
	p->reorder = reorder;
	p->late_by = late_by;
	p->offset = 77;
	return p;
}

void path_free(struct path *p)
{
	free(p->events);
	free(p->ring);
	free(p);
}

static struct event *post(struct path *p, uint64_t at)
{
	struct event *e = &p->events[p->count];

	if (p->count == EVENTS)
		abort();
	p->count++;
	*e = (struct event){ .at = at, .order = p->posted++ };
	return e;
}

/* Returns false where a queue has no room. */
static bool queue_up(struct path *p, uint64_t *at)
{
	if (!p->each)
		return true;
	if (p->busy < p->now)
		p->busy = p->now;
	if (p->busy - p->now > p->room)
		return false;
	p->busy += p->each;
	*at += p->busy - p->now;
	return true;
}

static void transmit(struct path *p, uint64_t pn, uint32_t piece)
{
	uint64_t at = p->now + p->delay;
	struct event *e;

	p->last[piece] = p->now;
	if (!queue_up(p, &at) || path_chance() < p->loss)
		return;
	if (p->bad_luck && piece == p->unlucky) {
		p->bad_luck--;
		return;
	}
	if (path_chance() < p->reorder)
		at += p->late_by;
	e = post(p, at);
	e->kind = DATAGRAM;
	e->pn = pn;
	e->piece = piece;
}

void path_act(struct path *p, struct spw_arq_out *out)
{
	struct spw_arq_packet *packet;

	while ((packet = out->freed)) {
		out->freed = packet->next;
		free(packet);
		p->freed++;
	}
	for (uint32_t i = 0; i < out->n; i++) {
		struct spw_arq_out more = { 0 };
		uint64_t pn = p->pn++;

		spw_arq_resent(&p->arq, pn + p->offset, &out->again[i], 1400, p->now, &more);
		p->again_bytes += 1400;
		transmit(p, pn, out->again[i].piece);
		path_act(p, &more);
	}
	p->total.lost += out->lost;
	p->total.acked += out->acked;
	p->total.spurious += out->spurious;
	p->total.late += out->late;
	p->total.poor += out->poor;
	p->total.full += out->full;
	p->total.probes += out->probes;
	p->total.silent = out->silent > p->total.silent ? out->silent : p->total.silent;
	p->total.off += out->off;
}

/* Spread, or a queue that drops at regular times would take none or all of them. */
bool path_is_repeat(const struct path *p, uint32_t piece)
{
	return p->repeat_every && !(piece * 2654435761U / 7 % p->repeat_every);
}

/* A packet of @n pieces, the first of them @piece. */
void path_send(struct path *p, uint32_t piece, uint32_t n)
{
	struct spw_arq_packet *packet = calloc(1, sizeof(*packet));
	struct spw_arq_out out = { 0 };
	bool held;

	packet->bytes = n * 1500;
	packet->needed = path_is_repeat(p, piece);
	held = spw_arq_hold(&p->arq, packet, p->now);
	p->held += held;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t pn = p->pn++;

		p->first[piece + i] = p->now;
		if (held)
			spw_arq_sent(&p->arq, pn + p->offset, packet, piece + i, 1400, p->now,
				     &out);
		transmit(p, pn, piece + i);
		p->sent_bytes += 1400;
	}
	if (held)
		spw_arq_put(&p->arq, packet, &out);
	else
		free(packet);
	path_act(p, &out);
}

static void acknowledge(struct path *p)
{
	uint64_t due = spw_acker_due(&p->acker);
	struct event *e;

	if (!due || due > p->now)
		return;
	p->acks++;
	if (path_chance() < p->loss) {
		spw_acker_told(&p->acker, p->now);
		return;
	}
	e = post(p, p->now + p->delay);
	e->kind = ACK;
	e->ack.largest = p->replay.next - 1;
	e->ack.delay_us = spw_acker_told(&p->acker, p->now);
	spw_replay_bits(&p->replay, e->ack.bits, SPW_ACK_WORDS);
}

static void arrive(struct path *p, const struct event *e)
{
	struct spw_arq_out out = { 0 };
	struct spw_heard heard = { .n = 1 };

	if (e->kind == ACK) {
		spw_arq_ack(&p->arq, &e->ack, p->offset, p->pn, p->now, &out);
		path_act(p, &out);
		return;
	}
	heard.gap = e->pn != p->replay.next;
	heard.top = e->pn >= p->replay.next;
	if (!spw_replay_accept(&p->replay, e->pn))
		return;
	if (!p->copies[e->piece]++)
		p->done[e->piece] = p->now;
	spw_acker_heard(&p->acker, &heard, p->now);
	acknowledge(p);
}

static void sooner(uint64_t *when, uint64_t at)
{
	if (at && at < *when)
		*when = at;
}

/* Until @end, or until nothing is under way any more; returns how often timers ran. */
unsigned int path_run(struct path *p, uint64_t end)
{
	unsigned int timers = 0;

	for (;;) {
		uint64_t when = UINT64_MAX, timer;
		size_t best = p->count;

		for (size_t i = 0; i < p->count; i++) {
			const struct event *e = &p->events[i];

			if (e->at < when || (e->at == when && e->order < p->events[best].order)) {
				when = e->at;
				best = i;
			}
		}
		timer = spw_arq_next(&p->arq);
		sooner(&when, timer);
		sooner(&when, spw_acker_due(&p->acker));
		if (when == UINT64_MAX || when > end)
			break;
		if (when > p->now)
			p->now = when;
		if (best < p->count && p->events[best].at <= p->now) {
			struct event e = p->events[best];

			p->events[best] = p->events[--p->count];
			arrive(p, &e);
			continue;
		}
		acknowledge(p);
		if (timer && timer <= p->now) {
			struct spw_arq_out out = { 0 };

			timers++;
			spw_arq_timer(&p->arq, p->now, &out);
			path_act(p, &out);
		}
	}
	p->now = end;
	return timers;
}

uint32_t path_missing(const struct path *p, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += !p->copies[i];
	return count;
}

uint32_t path_twice(const struct path *p, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += p->copies[i] > 1;
	return count;
}

/* Pieces @from up to @to, in packets of @each, one after each @gap. */
unsigned int path_more(struct path *p, uint32_t from, uint32_t to, uint32_t each, uint64_t gap)
{
	unsigned int timers = 0;

	for (uint32_t i = from; i + each <= to; i += each) {
		path_send(p, i, each);
		timers += path_run(p, p->now + gap);
	}
	return timers;
}

/* @n pieces, in packets of @each, one packet every @gap. */
unsigned int path_stream(struct path *p, uint32_t n, uint32_t each, uint64_t gap)
{
	unsigned int timers = path_more(p, 0, n, each, gap);

	return timers + path_run(p, p->now + 10000 * MS);
}
