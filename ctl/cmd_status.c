// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl status, stats: this node on one screen; its counters. */
#include <stdio.h>
#include <stdlib.h>

#include "nl_config.h"
#include "spillctl.h"

static void print_peers(const struct model_peer *peers, size_t count)
{
	unsigned int states[__SPILLWAY_PEER_STATE_MAX] = { 0 };
	const char *sep = "  ";
	size_t i;

	for (i = 0; i < count; i++)
		if (peers[i].state < __SPILLWAY_PEER_STATE_MAX)
			states[peers[i].state]++;
	printf("peers");
	for (i = 0; i < __SPILLWAY_PEER_STATE_MAX; i++) {
		if (!states[i])
			continue;
		printf("%s%u %s", sep, states[i], model_word(&model_peer_state, (unsigned int)i));
		sep = ", ";
	}
	puts(count ? "" : "  none");
}

static void print_status(const struct model_device *d, const struct model_peer *peers,
			 size_t count)
{
	char load[32], forecast[32], free_text[32], capacity[32];
	const uint64_t *s = d->stats.value;

	printf("node  %s (id %u)  device %s  port %u\n", d->node_name[0] ? d->node_name : "-",
	       d->node_id, d->ifname, d->port);
	printf("load  %s  forecast %s  free %s  capacity %s/s\n", text_permille(d->load, load),
	       text_permille(d->forecast, forecast), text_permille(d->free, free_text),
	       text_rate(d->capacity, capacity));
	printf("connections  %u local, %u offloaded\n", d->conns - d->conns_offloaded,
	       d->conns_offloaded);
	printf("moves  %llu offloaded, %llu recalled, %llu of them returned by themselves\n",
	       (unsigned long long)s[SPILLWAY_STAT_OFFLOADED],
	       (unsigned long long)s[SPILLWAY_STAT_RECALLED],
	       (unsigned long long)s[SPILLWAY_STAT_RETURNED]);
	print_peers(peers, count);
}

int cmd_status(struct spillctl *ctl, int argc, char **argv)
{
	struct model_device device;
	struct model_peer *peers = NULL;
	struct json_object *node;
	struct nl_error error;
	size_t count = 0, i;
	bool down = false;
	int ret = EXIT_DONE;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	if (nl_device_get(ctl->session, &device, &error) ||
	    nl_peers(ctl->session, &peers, &count, &error))
		return say_failed(ctl, &error);
	for (i = 0; i < count; i++)
		down |= peers[i].state == SPILLWAY_PEER_DOWN;
	if (ctl->json) {
		struct json_object *array = json_object_new_array();

		node = json_device(&device);
		for (i = 0; i < count; i++)
			json_object_array_add(array, json_peer(&peers[i], false));
		json_object_object_add(node, "peers", array);
		ret = json_print(ctl, json_document("node", node));
	} else {
		print_status(&device, peers, count);
	}
	free(peers);
	return ret ? ret : down ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_stats(struct spillctl *ctl, int argc, char **argv)
{
	struct model_device device;
	struct nl_error error;
	unsigned int i;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	if (nl_device_get(ctl->session, &device, &error))
		return say_failed(ctl, &error);
	if (ctl->json)
		return json_print(ctl, json_document("stats", json_stats(&device.stats)));
	for (i = 1; i <= SPILLWAY_STAT_MAX; i++)
		printf("%-20s %llu\n", model_word(&model_stat, i),
		       (unsigned long long)device.stats.value[i]);
	return EXIT_DONE;
}
