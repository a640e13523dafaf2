// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl offload, recall, replicate, unreplicate: batches, by id or by filter. */
#include <stdio.h>
#include <string.h>

#include "chosen.h"
#include "nl_conns.h"

static int send_offload(struct nl_session *session, struct model_move *moves, size_t count,
			void *data, struct nl_error *error)
{
	(void)data;
	return nl_offload(session, moves, count, error);
}

static int send_recall(struct nl_session *session, struct model_move *moves, size_t count,
		       void *data, struct nl_error *error)
{
	(void)data;
	return nl_recall(session, moves, count, error);
}

static int send_replicate(struct nl_session *session, struct model_move *moves, size_t count,
			  void *data, struct nl_error *error)
{
	(void)data;
	return nl_replicate(session, moves, count, error);
}

static int send_unreplicate(struct nl_session *session, struct model_move *moves, size_t count,
			    void *data, struct nl_error *error)
{
	(void)data;
	return nl_unreplicate(session, moves, count, error);
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

static int apply(const struct spillctl *ctl, struct chosen *chosen, chosen_send_fn send)
{
	int ret = chosen_send(ctl, chosen, send, NULL);
	int printed = print_result(ctl, chosen);

	return ret ? ret : printed;
}

static int give(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen,
		chosen_send_fn send)
{
	int err;

	if (argc < 3 || strcmp(argv[argc - 2], "to"))
		return say_usage(ctl, "usage: %s ID...|FILTER... to PEER", ctl->verb);
	if (!arg_name(ctl, "peer", argv[argc - 1]))
		return EXIT_USAGE;
	err = chosen_read(ctl, argc - 2, argv, SPILLWAY_ROLE_LOCAL, chosen);
	if (!err)
		err = chosen_peer(ctl, argv[argc - 1], chosen);
	return err ? err : apply(ctl, chosen, send);
}

static int offload(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	return give(ctl, argc, argv, chosen, send_offload);
}

static int replicate(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	return give(ctl, argc, argv, chosen, send_replicate);
}

static int unreplicate(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen)
{
	int err;

	if (!argc)
		return say_usage(ctl, "usage: unreplicate ID...|FILTER...");
	err = chosen_read(ctl, argc, argv, SPILLWAY_ROLE_LOCAL, chosen);
	if (!err)
		err = spillctl_open(ctl);
	return err ? err : apply(ctl, chosen, send_unreplicate);
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
	err = chosen_read(ctl, argc, argv, SPILLWAY_ROLE_OFFLOADED, chosen);
	if (!err)
		err = spillctl_open(ctl);
	return err ? err : apply(ctl, chosen, send_recall);
}

static int move(struct spillctl *ctl, int argc, char **argv,
		int (*run)(struct spillctl *ctl, int argc, char **argv, struct chosen *chosen))
{
	struct chosen chosen;
	int ret;

	chosen_init(&chosen);
	ret = run(ctl, argc, argv, &chosen);
	chosen_free(&chosen);
	return ret;
}

int cmd_offload(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, offload);
}

int cmd_replicate(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, replicate);
}

int cmd_unreplicate(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, unreplicate);
}

int cmd_recall(struct spillctl *ctl, int argc, char **argv)
{
	return move(ctl, argc, argv, recall);
}
