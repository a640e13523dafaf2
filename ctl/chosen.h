/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chosen: the connections that a command line names, by id or by filter, and the batches
 * in which they are sent to the module.
 */
#ifndef SPILLWAY_CTL_CHOSEN_H
#define SPILLWAY_CTL_CHOSEN_H

#include "spillctl.h"

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

/* Sends one batch: 0, or a negative errno with a reason in each entry that is refused. */
typedef int (*chosen_send_fn)(struct nl_session *session, struct model_move *moves, size_t count,
			      void *data, struct nl_error *error);

void chosen_init(struct chosen *chosen);
void chosen_free(struct chosen *chosen);

/* Words to connections; a filter, also an empty one, finds those of @role unless it names
 * another one. An exit code, after a message.
 */
int chosen_read(struct spillctl *ctl, int argc, char **argv, enum spillway_conn_role role,
		struct chosen *chosen);

/* All of them are for this peer; an exit code, after a message. */
int chosen_peer(struct spillctl *ctl, const char *name, struct chosen *chosen);

/* Shared out to at least one peer, by weight; an exit code, after a message. */
int chosen_spread(const struct spillctl *ctl, const struct model_peer *peers, size_t count,
		  struct chosen *chosen);

/* More than one batch's worth is several batches, each whole or not at all; an exit code. */
int chosen_send(const struct spillctl *ctl, struct chosen *chosen, chosen_send_fn send, void *data);

#endif /* SPILLWAY_CTL_CHOSEN_H */
