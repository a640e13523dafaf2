// SPDX-License-Identifier: GPL-2.0-or-later
/* chosen: connections by id or by filter, and the batches in which they are sent. */
#include <stdio.h>
#include <stdlib.h>

#include "chosen.h"
#include "nl_config.h"
#include "nl_conns.h"

/* A filter's connections end and move while they are asked for. */
#define FILTER_TRIES 5

void chosen_init(struct chosen *chosen)
{
	*chosen = (struct chosen){ .told = json_object_new_array() };
}

void chosen_free(struct chosen *chosen)
{
	json_object_put(chosen->told);
	free(chosen->moves);
}

static int choose_ids(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	uint64_t id;
	int i;

	chosen->moves = calloc((size_t)argc, sizeof(*chosen->moves));
	if (!chosen->moves)
		return say_error(ctl, "no memory");
	for (i = 0; i < argc; i++) {
		if (!arg_number(ctl, "connection", argv[i], 1, UINT64_MAX, &id))
			return EXIT_USAGE;
		chosen->moves[chosen->count++].conn_id = id;
	}
	return EXIT_DONE;
}

static int choose_filter(struct spillctl *ctl, int argc, char **argv, enum spillway_conn_role role,
			 struct chosen *chosen)
{
	struct model_filter filter = { .has = MODEL_HAS(CONN_ROLE), .role = role };
	struct model_conn *conns = NULL;
	struct nl_error error;
	size_t count, c;
	int i = 0, ret;

	if (!filter_read(ctl, argc, argv, &i, &filter))
		return EXIT_USAGE;
	if (i != argc)
		return say_usage(ctl, "\"%s\" is neither an id nor a filter", argv[i]);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_conns(ctl->session, &filter, &conns, &count, &error) < 0)
		return say_failed(ctl, &error);
	chosen->by_filter = true;
	chosen->moves = calloc(count + 1, sizeof(*chosen->moves));
	for (c = 0; chosen->moves && c < count; c++)
		chosen->moves[chosen->count++].conn_id = conns[c].id;
	free(conns);
	return chosen->moves ? EXIT_DONE : say_error(ctl, "no memory");
}

int chosen_read(struct spillctl *ctl, int argc, char **argv, enum spillway_conn_role role,
		struct chosen *chosen)
{
	if (argc && argv[0][0] >= '0' && argv[0][0] <= '9')
		return choose_ids(ctl, argc, argv, chosen);
	return choose_filter(ctl, argc, argv, role, chosen);
}

static void tell_refused(const struct spillctl *ctl, struct chosen *chosen,
			 const struct model_move *move)
{
	const char *reason = model_word(&model_reason, move->reason);
	struct json_object *o = json_object_new_object();

	chosen->refused++;
	chosen->gone += move->reason == SPILLWAY_REASON_CONN_GONE;
	fprintf(stderr, "spillctl: %s: conn %llu: refused: %s\n", ctl->verb,
		(unsigned long long)move->conn_id, reason);
	json_object_object_add(o, "id", json_object_new_uint64(move->conn_id));
	json_object_object_add(o, "reason", json_object_new_string(reason));
	json_object_array_add(chosen->told, o);
}

/* Keeps those that were not refused; returns how many. */
static size_t drop_refused(const struct spillctl *ctl, struct chosen *chosen,
			   struct model_move *moves, size_t count)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (!moves[i].reason)
			moves[kept++] = moves[i];
		else if (!chosen->by_filter || moves[i].reason != SPILLWAY_REASON_CONN_GONE)
			tell_refused(ctl, chosen, &moves[i]);
	}
	return kept;
}

static int run_batch(const struct spillctl *ctl, struct chosen *chosen, struct model_move *moves,
		     size_t count, chosen_send_fn send, void *data)
{
	struct nl_error error;
	size_t kept;
	int tries;

	for (tries = 0; count && tries < FILTER_TRIES; tries++) {
		if (!send(ctl->session, moves, count, data, &error)) {
			chosen->done += count;
			return EXIT_DONE;
		}
		kept = drop_refused(ctl, chosen, moves, count);
		if (kept == count)
			return say_failed(ctl, &error);
		if (!chosen->by_filter)
			return chosen->gone == chosen->refused ? EXIT_NO_OBJECT : EXIT_REFUSED;
		count = kept;
	}
	if (count)
		return say_error(ctl, "connections change faster than they can be moved");
	return EXIT_DONE;
}

int chosen_peer(struct spillctl *ctl, const char *name, struct chosen *chosen)
{
	struct model_peer peer;
	struct nl_error error;
	int ret = spillctl_open(ctl);
	size_t c;

	if (ret)
		return ret;
	if (nl_peer_get(ctl->session, name, &peer, &error))
		return say_failed(ctl, &error);
	for (c = 0; c < chosen->count; c++)
		chosen->moves[c].peer_id = peer.id;
	return EXIT_DONE;
}

/* Which of them has least for its weight, with what it would get. */
static size_t next_peer(const struct model_peer *peers, const uint64_t *got, size_t count)
{
	size_t best = 0, p;

	for (p = 1; p < count; p++)
		if ((got[p] + 1) * peers[best].weight < (got[best] + 1) * peers[p].weight)
			best = p;
	return best;
}

int chosen_spread(const struct spillctl *ctl, const struct model_peer *peers, size_t count,
		  struct chosen *chosen)
{
	uint64_t *got = calloc(count, sizeof(*got));
	size_t c, p;

	if (!got)
		return say_error(ctl, "no memory");
	for (c = 0; c < chosen->count; c++) {
		p = next_peer(peers, got, count);
		got[p]++;
		chosen->moves[c].peer_id = peers[p].id;
	}
	free(got);
	return EXIT_DONE;
}

int chosen_send(const struct spillctl *ctl, struct chosen *chosen, chosen_send_fn send, void *data)
{
	size_t at, n;
	int ret = EXIT_DONE;

	for (at = 0; at < chosen->count && !ret; at += n) {
		n = chosen->count - at;
		if (n > SPILLWAY_BATCH_MAX)
			n = SPILLWAY_BATCH_MAX;
		ret = run_batch(ctl, chosen, chosen->moves + at, n, send, data);
	}
	if (!ret && chosen->refused)
		ret = EXIT_REFUSED;
	return ret && chosen->done ? EXIT_PARTLY : ret;
}
