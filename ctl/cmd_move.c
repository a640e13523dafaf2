// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl offload, recall: batches, by id or by filter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"
#include "nl_conns.h"
#include "spillctl.h"

/* A filter's connections end and move while they are asked for. */
#define FILTER_TRIES 5

typedef int (*send_fn)(struct nl_session *session, struct model_move *moves, size_t count,
		       struct nl_error *error);

/**
 * struct chosen - connections named on the command line, and what became of them
 * @moves: by id, or what a filter found
 * @count: of @moves
 * @by_filter: what is refused is left out and the others are moved; else all or none
 * @done: moved
 * @refused: not moved, but for connections of a filter that have ended
 * @gone: of these, that do not exist
 * @told: the refused ones for JSON
 */
struct chosen {
	struct model_move *moves;
	size_t count;
	bool by_filter;
	size_t done;
	size_t refused;
	size_t gone;
	struct json_object *told;
};

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

static int choose(struct spillctl *ctl, int argc, char **argv, enum spillway_conn_role role,
		  struct chosen *chosen)
{
	if (argv[0][0] >= '0' && argv[0][0] <= '9')
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
		     size_t count, send_fn send)
{
	struct nl_error error;
	size_t kept;
	int tries;

	for (tries = 0; count && tries < FILTER_TRIES; tries++) {
		if (!send(ctl->session, moves, count, &error)) {
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

static int print_result(const struct spillctl *ctl, const struct chosen *chosen)
{
	struct json_object *o;

	if (!ctl->json) {
		if (!ctl->quiet)
			printf("%zu connections\n", chosen->done);
		return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
	}
	o = json_object_new_object();
	json_object_object_add(o, "done", json_object_new_uint64(chosen->done));
	json_object_object_add(o, "refused", json_object_get(chosen->told));
	return json_print(ctl, json_document("moves", o));
}

/* More than one batch's worth is several batches, each whole or not at all. */
static int apply(const struct spillctl *ctl, struct chosen *chosen, send_fn send)
{
	size_t at, n;
	int ret = EXIT_DONE, printed;

	for (at = 0; at < chosen->count && !ret; at += n) {
		n = chosen->count - at;
		if (n > SPILLWAY_BATCH_MAX)
			n = SPILLWAY_BATCH_MAX;
		ret = run_batch(ctl, chosen, chosen->moves + at, n, send);
	}
	printed = print_result(ctl, chosen);
	if (!ret && chosen->refused)
		ret = EXIT_REFUSED;
	if (ret && chosen->done)
		ret = EXIT_PARTLY;
	return ret ? ret : printed;
}

static int offload(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	struct model_peer peer;
	struct nl_error error;
	size_t c;
	int err;

	if (argc < 3 || strcmp(argv[argc - 2], "to"))
		return say_usage(ctl, "usage: offload ID...|FILTER... to PEER");
	if (!arg_name(ctl, "peer", argv[argc - 1]))
		return EXIT_USAGE;
	err = choose(ctl, argc - 2, argv, SPILLWAY_ROLE_LOCAL, chosen);
	if (!err)
		err = spillctl_open(ctl);
	if (err)
		return err;
	if (nl_peer_get(ctl->session, argv[argc - 1], &peer, &error))
		return say_failed(ctl, &error);
	for (c = 0; c < chosen->count; c++)
		chosen->moves[c].peer_id = peer.id;
	return apply(ctl, chosen, nl_offload);
}

static int recall_all(struct spillctl *ctl, const char *peer, struct chosen *chosen)
{
	struct nl_error error;
	uint32_t done;
	int ret;

	if (peer && !arg_name(ctl, "peer", peer))
		return EXIT_USAGE;
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_recall_all(ctl->session, peer, &done, &error))
		return say_failed(ctl, &error);
	chosen->done = done;
	return print_result(ctl, chosen);
}

static int recall(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	int err;

	if (argc == 1 && !strcmp(argv[0], "--all"))
		return recall_all(ctl, NULL, chosen);
	if (argc == 2 && !strcmp(argv[0], "--peer"))
		return recall_all(ctl, argv[1], chosen);
	if (!argc)
		return say_usage(ctl, "usage: recall ID...|FILTER...|--all|--peer NAME");
	err = choose(ctl, argc, argv, SPILLWAY_ROLE_OFFLOADED, chosen);
	if (!err)
		err = spillctl_open(ctl);
	return err ? err : apply(ctl, chosen, nl_recall);
}

static int move(struct spillctl *ctl, int argc, char **argv,
		int (*run)(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen))
{
	struct chosen chosen = { .told = json_object_new_array() };
	int ret = run(ctl, argc, argv, &chosen);

	json_object_put(chosen.told);
	free(chosen.moves);
	return ret;
}

int cmd_offload(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, offload);
}

int cmd_recall(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, recall);
}
