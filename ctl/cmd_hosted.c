// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl conns --hosted: connections of its peers that this node relays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_conns.h"
#include "spillctl.h"
#include "table.h"

static int print_table(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	static const char *const columns[] = { "PEER", ">ID", "LOCAL", "REMOTE" };
	struct table *table = table_new(columns, 4, ctl->header);
	char local[ENDPOINT_TEXT_MAX], remote[ENDPOINT_TEXT_MAX];
	char peer[TEXT_MAX], id[TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct model_conn *c = &conns[i];
		const char *const row[] = {
			ctl->numeric ? text_number(c->peer_id, peer) : c->peer_name,
			text_number(c->id, id),
			endpoint_text(&c->local, c->local_port, local),
			endpoint_text(&c->remote, c->remote_port, remote),
		};

		table_row(table, row);
	}
	table_print(table);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int print_json(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_conn(&conns[i]));
	return json_print(ctl, json_document("hosted", array));
}

/* Takes the option out, wherever it stands. */
static int without_option(int argc, char **argv)
{
	int i, kept = 0;

	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], "--hosted"))
			argv[kept++] = argv[i];
	return kept;
}

int cmd_hosted(struct spillctl *ctl, int argc, char **argv)
{
	struct model_conn *conns = NULL;
	const char *peer;
	struct nl_error error;
	size_t count = 0;
	int ret;

	if (!arg_peer_only(ctl, without_option(argc, argv), argv, &peer))
		return EXIT_USAGE;
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	ret = nl_hosted(ctl->session, peer, &conns, &count, &error);
	if (ret < 0)
		return say_failed(ctl, &error);
	ret = ctl->json ? print_json(ctl, conns, count) : print_table(ctl, conns, count);
	free(conns);
	return ret;
}
