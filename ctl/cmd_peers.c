// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl peers: show, add, set, del. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl_config.h"
#include "spillctl.h"
#include "table.h"

static void print_row(struct table *table, const struct model_peer *p)
{
	char endpoint[ENDPOINT_TEXT_MAX];
	char id[TEXT_MAX], weight[TEXT_MAX], load[TEXT_MAX], forecast[TEXT_MAX],
		free_text[TEXT_MAX], conns[TEXT_MAX], hosted[TEXT_MAX], rtt[TEXT_MAX],
		seen[TEXT_MAX], pmtu[TEXT_MAX], key[TEXT_MAX];
	const char *const row[] = {
		p->name,
		text_number(p->id, id),
		endpoint_text(&p->addr, p->port, endpoint),
		model_word(&model_peer_state, p->state),
		model_word(&model_admin, p->admin),
		text_number(p->weight, weight),
		p->has_seen ? text_permille(p->load, load) : "-",
		p->has_seen ? text_permille(p->forecast, forecast) : "-",
		p->has_seen ? text_permille(p->free, free_text) : "-",
		text_number(p->conns_offloaded, conns),
		text_number(p->conns_hosted, hosted),
		p->has_rtt ? text_time_us(p->rtt_us, rtt) : "-",
		p->has_seen ? text_time_ms(p->seen_ms, seen) : "-",
		p->pmtu ? text_number(p->pmtu, pmtu) : "-",
		p->has_tx_key ? text_time_ms(model_key_left_ms(p->tx_key_age_ms), key) : "-",
		p->reason ? model_word(&model_reason, p->reason) : "-",
	};

	table_row(table, row);
}

void peers_print(const struct spillctl *ctl, const struct model_peer *peers, size_t count)
{
	static const char *const columns[] = {
		"NAME",  ">ID",    "ENDPOINT", "STATE", "ADMIN", ">WEIGHT", ">LOAD", ">FORECAST",
		">FREE", ">CONNS", ">HOSTED",  ">RTT",  ">SEEN", ">PMTU",   ">KEY",  "REASON",
	};
	struct table *table = table_new(columns, 16, ctl->header);
	size_t i;

	for (i = 0; i < count; i++)
		print_row(table, &peers[i]);
	table_print(table);
}

/* Not of a peer: what comes before it is known whose a packet is. */
static bool of_peer(unsigned int stat)
{
	switch (stat) {
	case SPILLWAY_STAT_TX_DROP_NO_CONN:
	case SPILLWAY_STAT_RX_DROP_SHORT:
	case SPILLWAY_STAT_RX_DROP_TYPE:
	case SPILLWAY_STAT_RX_DROP_NO_KEY:
	case SPILLWAY_STAT_CONN_NEW:
	case SPILLWAY_STAT_CONN_ENDED:
	case SPILLWAY_STAT_CONN_REFUSED:
		return false;
	default:
		return true;
	}
}

static void print_stats(const struct model_peer *peers, size_t count)
{
	size_t i;
	unsigned int s;

	for (i = 0; i < count; i++)
		for (s = 1; s <= SPILLWAY_STAT_MAX; s++)
			if (of_peer(s))
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

static int print(const struct spillctl *ctl, const struct model_peer *peers, size_t count,
		 bool stats)
{
	if (ctl->json)
		return print_json(ctl, peers, count);
	if (stats)
		print_stats(peers, count);
	else
		peers_print(ctl, peers, count);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int show(struct spillctl *ctl, int argc, char **argv)
{
	struct model_peer one, *peers = NULL;
	const char *name = NULL;
	struct nl_error error;
	bool stats = false;
	size_t count = 1;
	int i, ret;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--stats"))
			stats = true;
		else if (!name)
			name = argv[i];
		else
			return say_usage(ctl, "one peer or all, not \"%s\" too", argv[i]);
	}
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	ret = name ? nl_peer_get(ctl->session, name, &one, &error) :
		     nl_peers(ctl->session, &peers, &count, &error);
	if (ret < 0)
		return say_failed(ctl, &error);
	ret = print(ctl, name ? &one : peers, count, stats);
	free(peers);
	return ret;
}

/**
 * struct wanted - words of add and set
 * @peer: values
 * @id: was said
 * @endpoint: was said
 * @weight: was said
 * @admin: was said
 */
struct wanted {
	struct model_peer peer;
	bool id, endpoint, weight, admin;
};

static bool read_word(const struct spillctl *ctl, const char *word, const char *value,
		      struct wanted *w)
{
	struct model_peer *p = &w->peer;
	uint64_t number = 0;
	bool ok;

	if (!strcmp(word, "id")) {
		ok = arg_number(ctl, word, value, 1, UINT16_MAX, &number);
		p->id = (uint16_t)number;
		w->id = true;
	} else if (!strcmp(word, "endpoint")) {
		ok = arg_endpoint(ctl, value, &p->addr, &p->port);
		w->endpoint = true;
	} else if (!strcmp(word, "weight")) {
		ok = arg_number(ctl, word, value, 0, SPILLWAY_WEIGHT_MAX, &number);
		p->weight = (uint32_t)number;
		w->weight = true;
	} else if (!strcmp(word, "admin")) {
		ok = arg_word(ctl, word, value, &model_admin, &p->admin);
		w->admin = true;
	} else {
		say_usage(ctl, "\"%s\" is none of id, endpoint, weight, admin", word);
		ok = false;
	}
	return ok;
}

static bool read_wanted(const struct spillctl *ctl, int argc, char **argv, struct wanted *w)
{
	int i;

	if (!argc) {
		say_usage(ctl, "a peer's name is missing");
		return false;
	}
	if (!arg_name(ctl, "peer", argv[0]))
		return false;
	snprintf(w->peer.name, sizeof(w->peer.name), "%s", argv[0]);
	for (i = 1; i < argc; i += 2) {
		if (i + 1 == argc) {
			say_usage(ctl, "%s: a value is missing", argv[i]);
			return false;
		}
		if (!read_word(ctl, argv[i], argv[i + 1], w))
			return false;
	}
	return true;
}

static int add(struct spillctl *ctl, int argc, char **argv)
{
	struct wanted w = { .peer = { .weight = 1 } };
	struct nl_error error;
	int ret;

	if (!read_wanted(ctl, argc, argv, &w))
		return EXIT_USAGE;
	if (!w.id || !w.endpoint)
		return say_usage(ctl, "add %s: id and endpoint are needed", w.peer.name);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	return nl_peer_add(ctl->session, &w.peer, &error) ? say_failed(ctl, &error) : EXIT_DONE;
}

static int set(struct spillctl *ctl, int argc, char **argv)
{
	struct wanted w = { .id = false };
	struct nl_peer_change change;
	struct nl_error error;
	int ret;

	if (!read_wanted(ctl, argc, argv, &w))
		return EXIT_USAGE;
	if (w.id)
		return say_usage(ctl, "set %s: a peer's id cannot change", w.peer.name);
	if (!w.endpoint && !w.weight && !w.admin)
		return say_usage(ctl, "set %s: nothing to change", w.peer.name);
	change = (struct nl_peer_change){
		.addr = w.endpoint ? &w.peer.addr : NULL,
		.port = w.endpoint ? &w.peer.port : NULL,
		.weight = w.weight ? &w.peer.weight : NULL,
		.admin = w.admin ? &w.peer.admin : NULL,
	};
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	return nl_peer_set(ctl->session, w.peer.name, &change, &error) ? say_failed(ctl, &error) :
									 EXIT_DONE;
}

static int del(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_error error;
	int ret;

	if (argc != 1)
		return say_usage(ctl, "usage: peers del NAME");
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	return nl_peer_del(ctl->session, argv[0], &error) ? say_failed(ctl, &error) : EXIT_DONE;
}

int cmd_peers(struct spillctl *ctl, int argc, char **argv)
{
	if (!argc || argv[0][0] == '-')
		return show(ctl, argc, argv);
	if (!strcmp(argv[0], "show"))
		return show(ctl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "add"))
		return add(ctl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "set"))
		return set(ctl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "del"))
		return del(ctl, argc - 1, argv + 1);
	return say_usage(ctl, "\"%s\" is none of show, add, set, del", argv[0]);
}
