/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A path of which every delay, loss and change of order is known, with a sender and a
 * receiver of the module's own at its ends.
 */
#ifndef SPILLWAY_TESTS_LOSSY_PATH_H
#define SPILLWAY_TESTS_LOSSY_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acker.h"
#include "arq.h"
#include "replay.h"

#define US     1000ULL
#define MS     1000000ULL
#define EVENTS 65536
#define PIECES 65536

struct event;

/* A sender and a receiver, and what is on its way between them. */
struct path {
	struct spw_arq arq;
	struct spw_arq_sent *ring;
	struct spw_replay replay;
	struct spw_acker acker;
	uint64_t now;
	uint64_t delay;   /* one way, ns */
	double loss;      /* of what is sent, either way */
	double reorder;   /* of datagrams, that come later by */
	uint64_t late_by; /* ns */
	uint64_t each;    /* time that a bottleneck takes for a datagram, 0: there is none */
	uint64_t room;    /* and how long its queue may become */
	uint64_t busy;    /* until when it has something to do */
	uint64_t pn;
	uint64_t offset;
	uint32_t repeat_every; /* so many packets one is needed by TCP, 0: none */
	uint32_t unlucky;      /* a piece that is lost */
	uint32_t bad_luck;     /* so often */

	struct event *events;
	size_t count;
	uint64_t posted;
	uint32_t copies[PIECES]; /* arrivals of each piece */
	uint64_t first[PIECES];  /* when it was sent first */
	uint64_t last[PIECES];   /* and last */
	uint64_t done[PIECES];   /* when it arrived first, 0: never */

	uint64_t sent_bytes, again_bytes, acks;
	uint32_t held, freed;
	struct spw_arq_out total;
};

struct path *path_new(uint64_t delay, double loss, double reorder, uint64_t late_by);
void path_free(struct path *p);

/* What the sender wants done. */
void path_act(struct path *p, struct spw_arq_out *out);

/* A packet of @n pieces, the first of them @piece. */
void path_send(struct path *p, uint32_t piece, uint32_t n);

/* Until @end, or until nothing is under way any more; returns how often timers ran. */
unsigned int path_run(struct path *p, uint64_t end);

/* Pieces @from up to @to, in packets of @each, one after each @gap; as path_run(). */
unsigned int path_more(struct path *p, uint32_t from, uint32_t to, uint32_t each, uint64_t gap);

/* @n pieces, in packets of @each, one packet every @gap, and all that comes of it. */
unsigned int path_stream(struct path *p, uint32_t n, uint32_t each, uint64_t gap);

/* Of the first @n pieces, those that did not come, and that came more than once. */
uint32_t path_missing(const struct path *p, uint32_t n);
uint32_t path_twice(const struct path *p, uint32_t n);

/* Is it one that TCP needs? */
bool path_is_repeat(const struct path *p, uint32_t piece);

/* 0 to 1, the same in each run. */
double path_chance(void);

#endif /* SPILLWAY_TESTS_LOSSY_PATH_H */
