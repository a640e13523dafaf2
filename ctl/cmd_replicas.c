// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl replicas: what peers keep for one another, and how far that lags behind. */
#include <stdio.h>
#include <stdlib.h>

#include "nl_config.h"
#include "spillctl.h"
#include "table.h"

static void print_row(struct table *table, const struct model_peer *p)
{
	char out[TEXT_MAX], in[TEXT_MAX], p50[TEXT_MAX], p99[TEXT_MAX], most[TEXT_MAX];
	const char *const row[] = {
		p->name,
		text_number(p->replicas_out, out),
		text_number(p->replicas_in, in),
		p->lag_most_us ? text_time_us(p->lag_p50_us, p50) : "-",
		p->lag_most_us ? text_time_us(p->lag_p99_us, p99) : "-",
		p->lag_most_us ? text_time_us(p->lag_most_us, most) : "-",
	};

	table_row(table, row);
}

static int print(const struct spillctl *ctl, const struct model_peer *peers, size_t count)
{
	static const char *const columns[] = {
		"PEER", ">THERE", ">HERE", ">LAG-P50", ">LAG-P99", ">LAG-MOST",
	};
	struct json_object *array;
	struct table *table;
	size_t i;

	if (ctl->json) {
		array = json_object_new_array();
		for (i = 0; i < count; i++)
			json_object_array_add(array, json_peer(&peers[i], false));
		return json_print(ctl, json_document("peers", array));
	}
	table = table_new(columns, 6, ctl->header);
	for (i = 0; i < count; i++)
		print_row(table, &peers[i]);
	table_print(table);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_replicas(struct spillctl *ctl, int argc, char **argv)
{
	struct model_peer *peers = NULL;
	struct nl_error error;
	size_t count = 0;
	int ret;

	if (argc)
		return say_usage(ctl, "replicas takes no words, not \"%s\"", argv[0]);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_peers(ctl->session, &peers, &count, &error) < 0)
		return say_failed(ctl, &error);
	ret = print(ctl, peers, count);
	free(peers);
	return ret;
}
