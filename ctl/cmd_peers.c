// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl peers: show, add, set, del. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"
#include "spillctl.h"
#include "table.h"

static void print_table(const struct spillctl *ctl, const struct model_peer *peers,
			size_t count)
{
	static const char *const columns[] = {
		"NAME", ">ID", "ENDPOINT", "STATE", "ADMIN", ">WEIGHT", ">LOAD", ">FORECAST",
		">RELAYS", ">RTT", ">SEEN", "REASON",
	};
	struct table *table = table_new(columns, 12, ctl->header);
	char id[8], endpoint[32], weight[12], load[32], forecast[32], relays[12], rtt[32],
		seen[32];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct model_peer *p = &peers[i];
		const char *const row[] = {
			p->name, id, text_addr(p->addr, p->port, endpoint),
			model_word(&model_peer_state, p->state),
			model_word(&model_admin, p->admin), weight,
			p->has_seen ? text_permille(p->load, load) : "-",
			p->has_seen ? text_permille(p->forecast, forecast) : "-", relays,
			p->has_rtt ? text_time_us(p->rtt_us, rtt) : "-",
			p->has_seen ? text_time_ms(p->seen_ms, seen) : "-",
			p->reason ? model_word(&model_reason, p->reason) : "-",
		};

		snprintf(id, sizeof(id), "%u", p->id);
		snprintf(weight, sizeof(weight), "%u", p->weight);
		snprintf(relays, sizeof(relays), "%u", p->conns_offloaded);
		table_row(table, row);
	}
	table_print(table);
}

static void print_stats(const struct model_peer *peers, size_t count)
{
	size_t i;
	unsigned int s;

	for (i = 0; i < count; i++)
		for (s = 1; s <= SPILLWAY_STAT_MAX; s++)
			if (peers[i].stats.value[s])
				printf("%s %s %llu\n", peers[i].name, model_word(&model_stat, s),
				       (unsigned long long)peers[i].stats.value[s]);
}

static int print_json(const struct spillctl *ctl, const struct model_peer *peers, size_t count)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_peer(&peers[i], true));
	return json_print(ctl, json_document("peers", array));
}

static int show(struct spillctl *ctl, int argc, char **argv)
{
	struct model_peer one, *peers = NULL;
	const char *name = NULL;
	struct nl_error error;
	bool stats = false;
	size_t count = 1;
	int i, err;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--stats"))
			stats = true;
		else if (!name)
			name = argv[i];
		else
			return say_usage(ctl, "one peer or all, not \"%s\" too", argv[i]);
	}
	err = name ? nl_peer_get(ctl->session, name, &one, &error) :
		     nl_peers(ctl->session, &peers, &count, &error);
	if (err < 0)
		return say_failed(ctl, &error);
	if (ctl->json) {
		err = print_json(ctl, name ? &one : peers, count);
	} else if (stats) {
		print_stats(name ? &one : peers, count);
		err = EXIT_DONE;
	} else {
		print_table(ctl, name ? &one : peers, count);
		err = EXIT_DONE;
	}
	free(peers);
	return err;
}

/**
 * struct wanted - words of add and set, with what was said
 * @peer: values
 * @id: said
 * @endpoint: said
 * @weight: said
 * @admin: said
 */
struct wanted {
	struct model_peer peer;
	bool id, endpoint, weight, admin;
};

static bool read_wanted(struct spillctl *ctl, int argc, char **argv, struct wanted *w)
{
	uint64_t number;
	int i;

	for (i = 1; i < argc; i += 2) {
		if (i + 1 >= argc)
			return say_usage(ctl, "%s: a value is missing", argv[i]), false;
		if (!strcmp(argv[i], "id")) {
			if (!arg_number(ctl, "id", argv[i + 1], 1, UINT16_MAX, &number))
				return false;
			w->peer.id = (uint16_t)number;
			w->id = true;
		} else if (!strcmp(argv[i], "endpoint")) {
			if (!arg_endpoint(ctl, argv[i + 1], &w->peer.addr, &w->peer.port))
				return false;
			w->endpoint = true;
		} else if (!strcmp(argv[i], "weight")) {
			if (!arg_number(ctl, "weight", argv[i + 1], 0, SPILLWAY_WEIGHT_MAX,
					&number))
				return false;
			w->peer.weight = (uint32_t)number;
			w->weight = true;
		} else if (!strcmp(argv[i], "admin")) {
			if (!arg_word(ctl, "admin", argv[i + 1], &model_admin, &w->peer.admin))
				return false;
			w->admin = true;
		} else {
			return say_usage(ctl, "\"%s\" is none of id, endpoint, weight, admin",
					 argv[i]), false;
		}
	}
	return true;
}

static int change(struct spillctl *ctl, int argc, char **argv, bool add)
{
	struct wanted w = { .peer = { .weight = 1 } };
	struct nl_error error;
	int err;

	if (argc < 1 || strlen(argv[0]) > SPILLWAY_NAME_MAX)
		return say_usage(ctl, "a peer's name is wanted, %d characters at most",
				 SPILLWAY_NAME_MAX);
	if (!read_wanted(ctl, argc, argv, &w))
		return EXIT_USAGE;
	strcpy(w.peer.name, argv[0]);
	if (add) {
		if (!w.id || !w.endpoint)
			return say_usage(ctl, "add needs id and endpoint");
		err = nl_peer_add(ctl->session, &w.peer, &error);
	} else {
		const struct nl_peer_change c = {
			.addr = w.endpoint ? &w.peer.addr : NULL,
			.port = w.endpoint ? &w.peer.port : NULL,
			.weight = w.weight ? &w.peer.weight : NULL,
			.admin = w.admin ? &w.peer.admin : NULL,
		};

		if (w.id)
			return say_usage(ctl, "a peer's id cannot change");
		err = nl_peer_set(ctl->session, w.peer.name, &c, &error);
	}
	return err ? say_failed(ctl, &error) : EXIT_DONE;
}

int cmd_peers(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_error error;

	if (!argc || !strcmp(argv[0], "show") || argv[0][0] == '-')
		return show(ctl, argc && argv[0][0] != '-' ? argc - 1 : argc,
			    argc && argv[0][0] != '-' ? argv + 1 : argv);
	if (!strcmp(argv[0], "add") || !strcmp(argv[0], "set"))
		return change(ctl, argc - 1, argv + 1, argv[0][0] == 'a');
	if (!strcmp(argv[0], "del")) {
		if (argc != 2)
			return say_usage(ctl, "peers del NAME");
		return nl_peer_del(ctl->session, argv[1], &error) ? say_failed(ctl, &error) :
								    EXIT_DONE;
	}
	return say_usage(ctl, "\"%s\" is none of show, add, set, del", argv[0]);
}
