// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The move, from the module's own source: every state that two nodes, two moves of one
 * connection and the stream between them can reach is visited, with the stream ending,
 * either node crashing, deadlines and refusals at any moment.
 */
#include <stdlib.h>
#include <string.h>

#include "move.h"

#include "kselftest_harness.h"

enum { MOVES = 2, QUEUE = 6, BREAKS = 4, SLOTS = 1 << 24 };
enum { ORIGIN, TARGET };
enum view { TALKS, STALE, SILENT };
enum endpoint { NONE, DORMANT, FROZEN, ALIVE, KILLED, RESET, CLOSED, CRASHED };

struct machine {
	uint8_t state;
	uint8_t works; /* something was asked for */
	uint8_t has_due;
	uint8_t endpoint; /* of the target */
};

/* All bytes count: compared and hashed as they are. */
struct world {
	struct machine machines[2][MOVES];
	uint8_t queue[2][QUEUE]; /* to the origin, to the target: move << 5 | message */
	uint8_t view[2];
	uint8_t reborn[2]; /* the peer crashed, which this side has not heard */
	uint8_t crashed[2];
	uint8_t breaks;
	uint8_t started;
	uint8_t origin;   /* endpoint there */
	uint8_t released; /* copies go to the target: of the move, plus one */
	uint8_t moved_on; /* the target's endpoint was alive: the remote may know more */
	uint8_t overflow;
};

struct node {
	struct world world;
	bool rests;
};

struct edge {
	uint32_t from, to;
};

struct explorer {
	struct node *nodes;
	uint32_t count, size;
	uint32_t *slots;
	struct edge *edges; /* that happen if nothing more goes wrong */
	size_t edge_count, edge_size;
	const char *wrong;
	struct world stuck;
	unsigned int results[SPW_MOVE_LOST + 1];
	uint32_t states[2];
	void (*sabotage)(struct world *after, const struct world *before);
	bool give; /* COMMIT goes with an image that is ready to go */
};

static uint32_t hash(const struct world *w)
{
	const uint8_t *p = (const uint8_t *)w;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < sizeof(*w); i++)
		h = (h ^ p[i]) * 16777619U;
	return h ^ h >> 15;
}

static uint32_t visit(struct explorer *x, const struct world *w)
{
	uint32_t slot = hash(w) % SLOTS;

	for (; x->slots[slot]; slot = (slot + 1) % SLOTS)
		if (!memcmp(&x->nodes[x->slots[slot] - 1].world, w, sizeof(*w)))
			return x->slots[slot] - 1;
	if (x->count == x->size) {
		x->size = x->size ? 2 * x->size : 1 << 16;
		x->nodes = realloc(x->nodes, x->size * sizeof(*x->nodes));
	}
	x->nodes[x->count].world = *w;
	x->nodes[x->count].rests = false;
	x->slots[slot] = ++x->count;
	return x->count - 1;
}

/* What a side sends before it has heard of the new stream goes nowhere. */
static void post(struct world *w, int from, int move, uint8_t message)
{
	uint8_t *q = w->queue[!from];
	int i = 0;

	if (!message || w->view[from] != TALKS)
		return;
	while (i < QUEUE && q[i])
		i++;
	if (i == QUEUE)
		w->overflow = 1;
	else
		q[i] = (uint8_t)(move << 5 | message);
}

static void act_origin(struct world *w, struct machine *m, uint32_t actions)
{
	if (actions & (SPW_MOVE_COPY | SPW_MOVE_FREEZE))
		m->works = 1;
	if (actions & SPW_MOVE_FREEZE)
		w->origin = FROZEN;
	if (actions & (SPW_MOVE_THAW | SPW_MOVE_LEAVE | SPW_MOVE_RESET))
		w->released = 0;
	if (actions & SPW_MOVE_THAW && w->origin == FROZEN)
		w->origin = ALIVE;
	if (actions & SPW_MOVE_KILL)
		w->origin = actions & SPW_MOVE_LEAVE ? KILLED : NONE;
	if (actions & SPW_MOVE_RESET)
		w->origin = RESET;
}

static void act_target(struct world *w, struct machine *m, uint32_t actions)
{
	if (actions & (SPW_MOVE_TAKE_ROOM | SPW_MOVE_BUILD | SPW_MOVE_ACTIVATE))
		m->works = 1;
	if (actions & SPW_MOVE_BUILD)
		m->endpoint = DORMANT;
	if (actions & SPW_MOVE_DESTROY) {
		m->endpoint = NONE;
		m->works = 0;
	}
	if (actions & SPW_MOVE_END)
		m->endpoint = RESET;
	(void)w;
}

static void step(struct explorer *x, struct world *w, int side, int i, uint8_t event)
{
	struct spw_move_in in = { .event = event, .moved_on = w->moved_on, .give = x->give };
	struct machine *m = &w->machines[side][i];
	uint64_t now = event == SPW_MOVE_DEADLINE ? ~0ULL >> 1 : 1;
	struct spw_move_out out;

	if (event == SPW_MOVE_FAILED)
		in.reason = SPW_MOVE_BECAUSE_MEMORY;
	if (event == SPW_MOVE_WORKED || event == SPW_MOVE_FAILED)
		m->works = 0;
	if (side == ORIGIN) {
		struct spw_move_origin o = { .state = m->state, .due = m->has_due };

		spw_move_origin_step(&o, &in, now, &out);
		if (o.state == SPW_ORIGIN_IDLE)
			m->works = 0;
		m->state = o.state;
		m->has_due = !!spw_move_origin_due(&o);
		act_origin(w, m, out.actions);
		if (out.actions & SPW_MOVE_RELEASE)
			w->released = out.send == SPW_MOVE_COMMIT || out.send == SPW_MOVE_GIVE ?
					      (uint8_t)(i + 1) :
					      MOVES + 1;
		x->results[out.result]++;
	} else {
		struct spw_move_target t = { .state = m->state, .due = m->has_due };

		/* Alive before it is said. */
		if (event == SPW_MOVE_WORKED && t.state == SPW_TARGET_ACTIVATING) {
			m->endpoint = ALIVE;
			w->moved_on = 1;
		}
		spw_move_target_step(&t, &in, now, &out);
		m->state = t.state;
		m->has_due = !!spw_move_target_due(&t);
		act_target(w, m, out.actions);
	}
	x->states[side] |= 1U << m->state;
	post(w, side, i, out.send);
}

static void all(struct explorer *x, struct world *w, int side, uint8_t event)
{
	for (int i = 0; i < MOVES; i++)
		if (w->machines[side][i].state)
			step(x, w, side, i, event);
}

static int owners(const struct world *w)
{
	int n = w->origin == ALIVE;

	for (int i = 0; i < MOVES; i++)
		n += w->machines[TARGET][i].endpoint == ALIVE;
	return n;
}

/* Something may still bring it back, or it has ended as a connection may. */
static bool accounted(const struct world *w)
{
	bool closed = w->origin == CLOSED || w->origin == RESET;

	for (int i = 0; i < MOVES; i++)
		closed |= w->machines[TARGET][i].endpoint == CLOSED;
	return owners(w) || w->origin == FROZEN || closed || w->crashed[ORIGIN] ||
	       w->crashed[TARGET];
}

static bool at_rest(const struct world *w)
{
	if (w->origin == FROZEN || w->view[0] || w->view[1] || w->queue[0][0] || w->queue[1][0])
		return false;
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < MOVES; i++) {
			const struct machine *m = &w->machines[side][i];

			if (m->state || m->works || m->has_due || m->endpoint == DORMANT)
				return false;
			/* Ended at the origin: nobody is left at the target, if it
			 * was there to tell it.
			 */
			if (w->origin == RESET && m->endpoint == ALIVE && !w->crashed[ORIGIN])
				return false;
		}
	return true;
}

static void judge(struct explorer *x, const struct world *w)
{
	if (owners(w) > 1)
		x->wrong = "two owners";
	else if (!accounted(w))
		x->wrong = "no owner";
	else if (w->overflow)
		x->wrong = "the queue is too short";
	else if (w->released > MOVES)
		x->wrong = "sent on without a COMMIT";
	else if (w->released && w->origin != FROZEN && w->origin != CLOSED)
		x->wrong = "sent on by who does not hold it";
	for (int i = 0; i < MOVES; i++) {
		if (w->origin == ALIVE && w->machines[TARGET][i].endpoint == CLOSED)
			x->wrong = "a connection that had ended goes on";
		if (w->machines[TARGET][i].endpoint == DORMANT &&
		    w->machines[TARGET][i].state < SPW_TARGET_BUILDING)
			x->wrong = "a dormant endpoint that nobody knows";
	}
}

static void follow(struct explorer *x, uint32_t from, struct world *w, bool fair)
{
	const struct world before = x->nodes[from].world;

	if (x->sabotage)
		x->sabotage(w, &before);
	judge(x, w);
	if (!fair) {
		visit(x, w);
		return;
	}
	if (x->edge_count == x->edge_size) {
		x->edge_size = x->edge_size ? 2 * x->edge_size : 1 << 16;
		x->edges = realloc(x->edges, x->edge_size * sizeof(*x->edges));
	}
	x->edges[x->edge_count].from = from;
	x->edges[x->edge_count++].to = visit(x, w);
}

static void crash(struct world *w, int side)
{
	memset(w->queue, 0, sizeof(w->queue));
	for (int i = 0; i < MOVES; i++) {
		struct machine *m = &w->machines[side][i];

		*m = (struct machine){ .endpoint = m->endpoint == NONE ? NONE : CRASHED };
	}
	if (side == ORIGIN && w->origin <= ALIVE)
		w->origin = CRASHED;
	if (side == ORIGIN)
		w->released = 0;
	w->crashed[side] = 1;
	w->reborn[!side] = 1;
	w->reborn[side] = 0;
	w->view[side] = SILENT;
	if (w->view[!side] == TALKS)
		w->view[!side] = STALE;
}

static void deliver(struct explorer *x, uint32_t from, struct world w, int side)
{
	uint8_t message = w.queue[side][0];

	memmove(w.queue[side], w.queue[side] + 1, QUEUE - 1);
	w.queue[side][QUEUE - 1] = 0;
	step(x, &w, side, message >> 5, message & 31);
	follow(x, from, &w, true);
}

static void one_event(struct explorer *x, uint32_t from, struct world w, int side, int i,
		      uint8_t event, bool fair)
{
	step(x, &w, side, i, event);
	follow(x, from, &w, fair);
}

static void expand_machine(struct explorer *x, uint32_t from, int side, int i)
{
	const struct world w = x->nodes[from].world;
	const struct machine *m = &w.machines[side][i];
	bool doubt = side == ORIGIN && m->state >= SPW_ORIGIN_COMMITTING;
	struct world next;

	if (m->works) {
		one_event(x, from, w, side, i, SPW_MOVE_WORKED, true);
		one_event(x, from, w, side, i, SPW_MOVE_FAILED, true);
	}
	if (m->works && side == ORIGIN && m->state == SPW_ORIGIN_FREEZING) {
		x->give = true;
		one_event(x, from, w, side, i, SPW_MOVE_WORKED, true);
		x->give = false;
	}
	/* All is to come to rest without the last resort. */
	if (m->has_due)
		one_event(x, from, w, side, i, SPW_MOVE_DEADLINE, !doubt);
	if (side == ORIGIN && m->state) {
		one_event(x, from, w, side, i, SPW_MOVE_CANCEL, false);
		one_event(x, from, w, side, i, SPW_MOVE_FULL, false);
	}
	if (side == TARGET && m->endpoint == ALIVE) {
		next = w;
		next.machines[side][i].endpoint = CLOSED;
		one_event(x, from, next, side, i, SPW_MOVE_CLOSED, false);
	}
}

static void expand_stream(struct explorer *x, uint32_t from, int side)
{
	struct world w = x->nodes[from].world;

	if (w.view[side] == TALKS && w.queue[side][0])
		deliver(x, from, w, side);
	if (!w.crashed[side]) {
		struct world next = w;

		crash(&next, side);
		follow(x, from, &next, false);
	}
	if (w.view[side] == STALE) {
		w.view[side] = SILENT;
		all(x, &w, side, SPW_MOVE_DOWN);
		follow(x, from, &w, true);
	} else if (w.view[side] == SILENT) {
		w.view[side] = TALKS;
		all(x, &w, side, w.reborn[side] ? SPW_MOVE_REBORN : SPW_MOVE_UP);
		w.reborn[side] = 0;
		follow(x, from, &w, true);
	}
}

static void expand(struct explorer *x, uint32_t from)
{
	struct world w = x->nodes[from].world, next = w;
	bool idle = true;

	for (int side = 0; side < 2; side++) {
		expand_stream(x, from, side);
		for (int i = 0; i < MOVES; i++)
			expand_machine(x, from, side, i);
	}
	if (w.breaks < BREAKS) {
		next.breaks++;
		memset(next.queue, 0, sizeof(next.queue));
		for (int side = 0; side < 2; side++)
			if (next.view[side] == TALKS)
				next.view[side] = STALE;
		follow(x, from, &next, false);
	}
	for (int i = 0; i < MOVES; i++)
		idle &= !w.machines[ORIGIN][i].state;
	if (w.origin != ALIVE)
		return;
	if (idle && w.started < MOVES && w.view[ORIGIN] == TALKS) {
		next = w;
		next.started++;
		one_event(x, from, next, ORIGIN, w.started, SPW_MOVE_START, false);
	}
	next = w;
	next.origin = CLOSED;
	all(x, &next, ORIGIN, SPW_MOVE_CLOSED);
	follow(x, from, &next, false);
}

/* Backwards from where all is at rest: who cannot get there? */
static void judge_rest(struct explorer *x)
{
	bool more = true;

	for (uint32_t n = 0; n < x->count; n++)
		x->nodes[n].rests = at_rest(&x->nodes[n].world);
	while (more) {
		more = false;
		for (size_t e = x->edge_count; e--;) {
			struct node *from = &x->nodes[x->edges[e].from];

			if (from->rests || !x->nodes[x->edges[e].to].rests)
				continue;
			from->rests = true;
			more = true;
		}
	}
	for (uint32_t n = 0; n < x->count; n++)
		if (!x->nodes[n].rests) {
			x->wrong = "a state without a way to rest";
			x->stuck = x->nodes[n].world;
		}
}

static struct explorer *explore(void (*sabotage)(struct world *, const struct world *))
{
	struct explorer *x = calloc(1, sizeof(*x));
	struct world first;

	memset(&first, 0, sizeof(first));
	first.origin = ALIVE;
	x->sabotage = sabotage;
	x->slots = calloc(SLOTS, sizeof(*x->slots));
	visit(x, &first);
	for (uint32_t n = 0; n < x->count && !x->wrong && x->count < SLOTS / 2; n++)
		expand(x, n);
	if (x->count >= SLOTS / 2)
		x->wrong = "too many states";
	if (!x->wrong)
		judge_rest(x);
	return x;
}

static void explorer_free(struct explorer *x)
{
	free(x->nodes);
	free(x->slots);
	free(x->edges);
	free(x);
}

TEST(every_state_is_sound)
{
	struct explorer *x = explore(NULL);

	TH_LOG("%u states, %zu steps that heal", x->count, x->edge_count);
	EXPECT_EQ(NULL, x->wrong)
	{
		TH_LOG("%s", x->wrong);
	}
	/* The exploration got everywhere. */
	EXPECT_EQ((2U << SPW_ORIGIN_ENDING) - 1, x->states[ORIGIN]);
	EXPECT_EQ((2U << SPW_TARGET_TOMB) - 1, x->states[TARGET]);
	EXPECT_LT(0, x->results[SPW_MOVE_MOVED]);
	EXPECT_LT(0, x->results[SPW_MOVE_STAYED]);
	EXPECT_LT(0, x->results[SPW_MOVE_LOST]);
	explorer_free(x);
}

/* As if the origin thawed when it had waited long enough for the answer to COMMIT. */
static void thaw_in_doubt(struct world *after, const struct world *before)
{
	if (before->origin == FROZEN && after->origin == RESET)
		after->origin = ALIVE;
}

/* As if the target forgot a move with its endpoint. */
static void forget_tombs(struct world *after, const struct world *before)
{
	(void)before;
	for (int i = 0; i < MOVES; i++)
		if (after->machines[TARGET][i].state == SPW_TARGET_TOMB)
			after->machines[TARGET][i].state = SPW_TARGET_IDLE;
}

/* As if a dormant endpoint had no lease and outlived its stream. */
static void forget_dormant(struct world *after, const struct world *before)
{
	for (int i = 0; i < MOVES; i++)
		if (before->machines[TARGET][i].endpoint == DORMANT &&
		    after->machines[TARGET][i].endpoint == NONE)
			after->machines[TARGET][i].endpoint = DORMANT;
}

static void expect_wrong(struct __test_metadata *_metadata,
			 void (*sabotage)(struct world *, const struct world *))
{
	struct explorer *x = explore(sabotage);

	EXPECT_NE(NULL, x->wrong);
	TH_LOG("%s", x->wrong ?: "nothing was found");
	explorer_free(x);
}

TEST(two_owners_are_found)
{
	expect_wrong(_metadata, thaw_in_doubt);
}

TEST(a_dead_connection_that_thaws_is_found)
{
	expect_wrong(_metadata, forget_tombs);
}

TEST(a_leak_is_found)
{
	expect_wrong(_metadata, forget_dormant);
}

TEST_HARNESS_MAIN
