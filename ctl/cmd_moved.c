// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl moved: connections whose endpoint is at a peer now, or came from one. */
#include <stdio.h>
#include <stdlib.h>

#include "nl_conns.h"
#include "spillctl.h"
#include "table.h"

static int print_table(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	static const char *const columns[] = { "ROLE", "PEER", ">ID", "LOCAL", "REMOTE", ">AGE" };
	struct table *table = table_new(columns, 6, ctl->header);
	char local[ENDPOINT_TEXT_MAX], remote[ENDPOINT_TEXT_MAX];
	char peer[TEXT_MAX], id[TEXT_MAX], age[TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct model_conn *c = &conns[i];
		const char *const row[] = {
			model_word(&model_role, c->role),
			ctl->numeric ? text_number(c->peer_id, peer) : c->peer_name,
			text_number(c->id, id),
			endpoint_text(&c->local, c->local_port, local),
			endpoint_text(&c->remote, c->remote_port, remote),
			text_time_ms(c->age_ms, age),
		};

		table_row(table, row);
	}
	table_print(table);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int print_json(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	struct json_object *array = json_object_new_array();
	struct json_object *o;
	size_t i;

	for (i = 0; i < count; i++) {
		o = json_conn(&conns[i]);
		json_object_object_add(o, "age_ms", json_object_new_uint64(conns[i].age_ms));
		json_object_array_add(array, o);
	}
	return json_print(ctl, json_document("moved", array));
}

int cmd_moved(struct spillctl *ctl, int argc, char **argv)
{
	struct model_conn *conns = NULL;
	struct nl_error error;
	const char *peer;
	size_t count = 0;
	int ret;

	if (!arg_peer_only(ctl, argc, argv, &peer))
		return EXIT_USAGE;
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	ret = nl_moved(ctl->session, peer, &conns, &count, &error);
	if (ret < 0)
		return say_failed(ctl, &error);
	if (ret)
		say_warning(ctl,
			    "the table changed while it was read: some may be missing or twice");
	ret = ctl->json ? print_json(ctl, conns, count) : print_table(ctl, conns, count);
	free(conns);
	return ret;
}
