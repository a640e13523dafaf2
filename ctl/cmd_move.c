// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl offload, recall: batches, by id or by filter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"
#include "nl_conns.h"
#include "spillctl.h"

/* Connections named on the command line, by id or by what a filter finds. */
struct chosen {
	struct model_move *moves;
	size_t count;
};

static int choose_ids(struct spillctl *ctl, int argc, char **argv, int *i,
		      struct chosen *chosen)
{
	uint64_t id;

	chosen->moves = calloc((size_t)argc, sizeof(*chosen->moves));
	if (!chosen->moves)
		return say_usage(ctl, "no memory");
	for (; *i < argc && argv[*i][0] >= '0' && argv[*i][0] <= '9'; (*i)++) {
		if (!arg_number(ctl, "connection", argv[*i], 1, UINT64_MAX, &id))
			return EXIT_USAGE;
		chosen->moves[chosen->count++].conn_id = id;
	}
	return EXIT_DONE;
}

static int choose_filter(struct spillctl *ctl, int argc, char **argv, int *i,
			 enum spillway_conn_role role, struct chosen *chosen)
{
	struct model_filter filter = { .has = MODEL_HAS(CONN_ROLE), .role = role };
	struct model_conn *conns = NULL;
	struct nl_error error;
	size_t count, c;

	if (!filter_read(ctl, argc, argv, i, &filter))
		return EXIT_USAGE;
	if (nl_conns(ctl->session, &filter, &conns, &count, &error) < 0)
		return say_failed(ctl, &error);
	chosen->moves = calloc(count + 1, sizeof(*chosen->moves));
	if (!chosen->moves) {
		free(conns);
		return say_usage(ctl, "no memory");
	}
	for (c = 0; c < count; c++)
		chosen->moves[c].conn_id = conns[c].id;
	chosen->count = count;
	free(conns);
	return EXIT_DONE;
}

static int choose(struct spillctl *ctl, int argc, char **argv, int *i,
		  enum spillway_conn_role role, struct chosen *chosen)
{
	if (argc && argv[0][0] >= '0' && argv[0][0] <= '9')
		return choose_ids(ctl, argc, argv, i, chosen);
	return choose_filter(ctl, argc, argv, i, role, chosen);
}

static void print_refused(const struct spillctl *ctl, const struct chosen *chosen)
{
	size_t i;

	for (i = 0; i < chosen->count; i++)
		if (chosen->moves[i].reason)
			fprintf(stderr, "spillctl: %s: conn %llu: refused: %s\n", ctl->verb,
				(unsigned long long)chosen->moves[i].conn_id,
				model_word(&model_reason, chosen->moves[i].reason));
}

/* More than one batch's worth is several batches, each whole or not at all. */
static int apply(struct spillctl *ctl, struct chosen *chosen,
		 int (*send)(struct nl_session *session, struct model_move *moves, size_t count,
			     struct nl_error *error))
{
	struct nl_error error;
	size_t done = 0, n;

	while (done < chosen->count) {
		n = chosen->count - done;
		if (n > SPILLWAY_BATCH_MAX)
			n = SPILLWAY_BATCH_MAX;
		if (send(ctl->session, chosen->moves + done, n, &error)) {
			print_refused(ctl, chosen);
			return say_failed(ctl, &error);
		}
		done += n;
	}
	if (!ctl->json)
		printf("%zu connections\n", done);
	return EXIT_DONE;
}

static int offload(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	struct model_peer peer;
	struct nl_error error;
	size_t c;
	int i = 0, err;

	err = choose(ctl, argc, argv, &i, SPILLWAY_ROLE_LOCAL, chosen);
	if (err)
		return err;
	if (i != argc - 2 || strcmp(argv[i], "to"))
		return say_usage(ctl, "offload ID...|FILTER... to PEER");
	if (nl_peer_get(ctl->session, argv[i + 1], &peer, &error))
		return say_failed(ctl, &error);
	for (c = 0; c < chosen->count; c++)
		chosen->moves[c].peer_id = peer.id;
	return apply(ctl, chosen, nl_offload);
}

int cmd_offload(struct spillctl *ctl, int argc, char **argv)
{
	struct chosen chosen = { .count = 0 };
	int ret = offload(ctl, argc, argv, &chosen);

	free(chosen.moves);
	return ret;
}

static int recall_all(struct spillctl *ctl, const char *peer)
{
	struct nl_error error;
	uint32_t done;

	if (nl_recall_all(ctl->session, peer, &done, &error))
		return say_failed(ctl, &error);
	if (!ctl->json)
		printf("%u connections\n", done);
	return EXIT_DONE;
}

int cmd_recall(struct spillctl *ctl, int argc, char **argv)
{
	struct chosen chosen = { .count = 0 };
	int i = 0, ret;

	if (argc == 1 && !strcmp(argv[0], "--all"))
		return recall_all(ctl, NULL);
	if (argc == 2 && !strcmp(argv[0], "--peer"))
		return recall_all(ctl, argv[1]);
	if (!argc)
		return say_usage(ctl, "recall ID...|FILTER...|--all|--peer NAME");
	ret = choose(ctl, argc, argv, &i, SPILLWAY_ROLE_OFFLOADED, &chosen);
	if (!ret && i != argc)
		ret = say_usage(ctl, "\"%s\" is neither an id nor a filter", argv[i]);
	if (!ret)
		ret = apply(ctl, &chosen, nl_recall);
	free(chosen.moves);
	return ret;
}
