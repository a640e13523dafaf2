// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl conns: the connections of this node, filtered and sorted by the kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_conns.h"
#include "spillctl.h"
#include "table.h"

static void print_row(struct table *table, const struct model_conn *c)
{
	char id[24], local[32], remote[32], tx[32], rx[32], sent[32], got[32], age[32], rtt[32],
		retrans[12], queue[32];
	const char *const row[] = {
		id, text_addr(c->local, c->local_port, local),
		text_addr(c->remote, c->remote_port, remote),
		model_word(&model_direction, c->direction),
		c->peer_id ? c->peer_name : "-", model_word(&model_tcp_state, c->tcp_state),
		text_rate(c->tx_rate, tx), text_rate(c->rx_rate, rx),
		text_bytes(c->tx_bytes, sent), text_bytes(c->rx_bytes, got),
		text_bytes(c->send_queue, queue), retrans, text_time_ms(c->age_ms, age),
		c->rtt_us ? text_time_us(c->rtt_us, rtt) : "-",
	};

	snprintf(id, sizeof(id), "%llu", (unsigned long long)c->id);
	snprintf(retrans, sizeof(retrans), "%u", c->retrans);
	table_row(table, row);
}

static void print_table(const struct spillctl *ctl, const struct model_conn *conns,
			size_t count)
{
	static const char *const columns[] = {
		">ID", "LOCAL", "REMOTE", "DIR", "PEER", "STATE", ">TX", ">RX", ">SENT",
		">RECEIVED", ">QUEUE", ">RETRANS", ">AGE", ">RTT",
	};
	struct table *table = table_new(columns, 14, ctl->header);
	size_t i;

	for (i = 0; i < count; i++)
		print_row(table, &conns[i]);
	table_print(table);
}

static int print_json(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_conn(&conns[i]));
	return json_print(ctl, json_document("conns", array));
}

static bool read_options(struct spillctl *ctl, int argc, char **argv, struct model_filter *f)
{
	uint64_t number;
	int i = 0;

	f->top = 0;
	while (i < argc) {
		if (!filter_read(ctl, argc, argv, &i, f))
			return false;
		if (i >= argc)
			break;
		if (i + 1 < argc && !strcmp(argv[i], "--sort")) {
			if (!arg_word(ctl, "sort", argv[i + 1], &model_sort, &f->sort))
				return false;
			if (!f->top)
				f->top = SPILLWAY_TOP_MAX;
		} else if (i + 1 < argc && !strcmp(argv[i], "--top")) {
			if (!arg_number(ctl, "top", argv[i + 1], 1, SPILLWAY_TOP_MAX, &number))
				return false;
			f->top = (uint32_t)number;
		} else {
			return say_usage(ctl, "\"%s\" is no filter and no option", argv[i]), false;
		}
		i += 2;
	}
	if (f->top)
		f->has |= MODEL_HAS(TOP);
	return true;
}

int cmd_conns(struct spillctl *ctl, int argc, char **argv)
{
	struct model_filter filter = { .has = 0 };
	struct model_conn *conns = NULL;
	struct nl_error error;
	size_t count = 0;
	int err;

	if (argc && !strcmp(argv[0], "show")) {
		argc--;
		argv++;
	}
	if (!read_options(ctl, argc, argv, &filter))
		return EXIT_USAGE;
	err = nl_conns(ctl->session, &filter, &conns, &count, &error);
	if (err < 0)
		return say_failed(ctl, &error);
	if (err)
		fputs("spillctl: conns: the table changed while it was read\n", stderr);
	if (ctl->json)
		err = print_json(ctl, conns, count);
	else
		print_table(ctl, conns, count);
	free(conns);
	return ctl->json ? err : EXIT_DONE;
}
