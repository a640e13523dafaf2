// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl conns: the connections of this node, filtered and sorted by the kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_conns.h"
#include "spillctl.h"
#include "table.h"

static void print_row(const struct spillctl *ctl, struct table *table, const struct model_conn *c)
{
	char local[ENDPOINT_TEXT_MAX], remote[ENDPOINT_TEXT_MAX];
	char id[TEXT_MAX], peer[TEXT_MAX], tx[TEXT_MAX], rx[TEXT_MAX], sent[TEXT_MAX],
		got[TEXT_MAX], queue[TEXT_MAX], retrans[TEXT_MAX], age[TEXT_MAX], rtt[TEXT_MAX],
		image[TEXT_MAX], lag[TEXT_MAX];
	bool kept = c->replica_peer[0];
	const char *const row[] = {
		text_number(c->id, id),
		endpoint_text(&c->local, c->local_port, local),
		endpoint_text(&c->remote, c->remote_port, remote),
		model_word(&model_direction, c->direction),
		!c->peer_id  ? "-" :
		ctl->numeric ? text_number(c->peer_id, peer) :
			       c->peer_name,
		model_word(&model_tcp_state, c->tcp_state),
		text_rate(c->tx_rate, tx),
		text_rate(c->rx_rate, rx),
		text_bytes(c->tx_bytes, sent),
		text_bytes(c->rx_bytes, got),
		text_bytes(c->send_queue, queue),
		text_number(c->retrans, retrans),
		text_time_ms(c->age_ms, age),
		c->rtt_us ? text_time_us(c->rtt_us, rtt) : "-",
		kept ? c->replica_peer : "-",
		c->replica_age_us ? text_time_us(c->replica_age_us, image) : "-",
		kept ? text_time_us(c->replica_lag_us, lag) : "-",
	};

	table_row(table, row);
}

static int print_table(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	static const char *const columns[] = {
		">ID",  "LOCAL", "REMOTE",  "DIR",       "PEER",   "STATE",
		">TX",  ">RX",   ">SENT",   ">RECEIVED", ">QUEUE", ">RETRANS",
		">AGE", ">RTT",  "REPLICA", ">IMAGE",    ">LAG",
	};
	struct table *table = table_new(columns, 17, ctl->header);
	size_t i;

	for (i = 0; i < count; i++)
		print_row(ctl, table, &conns[i]);
	table_print(table);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int print_json(const struct spillctl *ctl, const struct model_conn *conns, size_t count)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_conn(&conns[i]));
	return json_print(ctl, json_document("conns", array));
}

static bool read_option(const struct spillctl *ctl, const char *word, const char *value,
			struct model_filter *f)
{
	uint64_t number;

	if (!strcmp(word, "--sort")) {
		f->has |= MODEL_HAS(SORT);
		return arg_word(ctl, "sort", value, &model_sort, &f->sort);
	}
	if (!arg_number(ctl, "top", value, 1, SPILLWAY_TOP_MAX, &number))
		return false;
	f->top = (uint32_t)number;
	f->has |= MODEL_HAS(TOP);
	return true;
}

static bool read_words(const struct spillctl *ctl, int argc, char **argv, struct model_filter *f)
{
	int i = 0;

	while (filter_read(ctl, argc, argv, &i, f)) {
		if (i == argc)
			return true;
		if (strcmp(argv[i], "--sort") && strcmp(argv[i], "--top")) {
			say_usage(ctl, "\"%s\" is no filter and no option", argv[i]);
			return false;
		}
		if (i + 1 == argc) {
			say_usage(ctl, "%s: a value is missing", argv[i]);
			return false;
		}
		if (!read_option(ctl, argv[i], argv[i + 1], f))
			return false;
		i += 2;
	}
	return false;
}

int cmd_conns(struct spillctl *ctl, int argc, char **argv)
{
	struct model_filter filter = { .has = 0 };
	struct model_conn *conns = NULL;
	struct nl_error error;
	size_t count = 0;
	int i, ret, show = argc && !strcmp(argv[0], "show");

	for (i = show; i < argc; i++)
		if (!strcmp(argv[i], "--hosted"))
			return cmd_hosted(ctl, argc - show, argv + show);
	if (!read_words(ctl, argc - show, argv + show, &filter))
		return EXIT_USAGE;
	/* The kernel sorts only the best N: without a number, as many as it can. */
	if (filter.has & MODEL_HAS(SORT) && !filter.top) {
		filter.top = SPILLWAY_TOP_MAX;
		filter.has |= MODEL_HAS(TOP);
	}
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	ret = nl_conns(ctl->session, &filter, &conns, &count, &error);
	if (ret < 0)
		return say_failed(ctl, &error);
	if (ret)
		say_warning(ctl,
			    "the table changed while it was read: some may be missing or twice");
	ret = ctl->json ? print_json(ctl, conns, count) : print_table(ctl, conns, count);
	free(conns);
	return ret;
}
