// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl status, stats: this node on one screen, and what needs attention; counters. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "nl_config.h"
#include "spillctl.h"
#include "status_client.h"

/**
 * struct view - what a status is made of
 * @device: as the kernel tells it
 * @up: the device is
 * @peers: as the kernel tells them
 * @count: of @peers
 * @spilld: its status, NULL where it is not there or serves another node
 * @no_spilld: why there is none
 * @warnings: array of texts
 */
struct view {
	struct model_device device;
	bool up;
	struct model_peer *peers;
	size_t count;
	struct json_object *spilld;
	char no_spilld[256];
	struct json_object *warnings;
};

static void warn(struct view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct view *view, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_array_add(view->warnings, json_object_new_string(text));
}

/* A value below an object, as "last.forecast.model"; NULL where there is none. */
static struct json_object *find(struct json_object *object, const char *path)
{
	char key[32];
	size_t len;

	for (; object && *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		object = json_object_object_get(object, key);
	}
	return object;
}

/* spilld's status, if it is this node's spilld: others may run on this machine. */
static void ask_spilld(const struct spillctl *ctl, struct view *view)
{
	struct json_object *node;

	view->spilld =
		status_client_ask(ctl->socket, "status", view->no_spilld, sizeof(view->no_spilld));
	node = find(view->spilld, "node.id");
	if (!view->spilld || json_object_get_int(node) == view->device.node_id)
		return;
	snprintf(view->no_spilld, sizeof(view->no_spilld), "%s: serves node %d", ctl->socket,
		 json_object_get_int(node));
	json_object_put(view->spilld);
	view->spilld = NULL;
}

static void look_for_trouble(struct view *view)
{
	const struct model_device *d = &view->device;
	struct json_object *state = find(view->spilld, "last.state");
	const struct model_peer *p;

	if (!d->node_id)
		warn(view, "the node has no id (spillctl dev set id N)");
	if (!view->up)
		warn(view, "%s is down (spillctl dev set up)", d->ifname);
	for (p = view->peers; p < view->peers + view->count; p++)
		if (p->state != SPILLWAY_PEER_UP || p->reason)
			warn(view, "peer %s is %s (%s)", p->name,
			     model_word(&model_peer_state, p->state),
			     model_word(&model_reason, p->reason));
	if (state && !strcmp(json_object_get_string(state), "overloaded"))
		warn(view, "the node is overloaded");
}

static int look(struct spillctl *ctl, struct view *view)
{
	struct nl_error error;
	char error_text[256];
	int ret;

	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_device_get(ctl->session, &view->device, &error) ||
	    nl_peers(ctl->session, &view->peers, &view->count, &error))
		return say_failed(ctl, &error);
	view->up = device_is_up(view->device.ifname, error_text, sizeof(error_text)) > 0;
	ask_spilld(ctl, view);
	look_for_trouble(view);
	return EXIT_DONE;
}

/* "overload predicted in 12.0s, peak 91%, threshold 80%, arima(2,1,1)" */
static void print_forecast(struct json_object *last)
{
	struct json_object *state = find(last, "state"), *crossing = find(last, "crossing_ms");
	struct json_object *peak = find(last, "peak"), *threshold = find(last, "threshold");
	struct json_object *model = find(last, "forecast.model");
	char text[TEXT_MAX];

	printf("  %s", state ? json_object_get_string(state) : "no sample yet");
	if (crossing)
		printf(" in %s", text_time_ms(json_object_get_uint64(crossing), text));
	if (peak)
		printf(", peak %.0f%%", 100 * json_object_get_double(peak));
	if (threshold)
		printf(", threshold %.0f%%", 100 * json_object_get_double(threshold));
	if (model)
		printf(", %s", json_object_get_string(model));
}

static void print_spilld(const struct view *view)
{
	struct json_object *error = find(view->spilld, "last_error");
	char text[TEXT_MAX];

	if (!view->spilld) {
		printf("spilld  not reachable (%s)\n", view->no_spilld);
		return;
	}
	printf("spilld  pid %d", json_object_get_int(find(view->spilld, "pid")));
	printf("  since %s",
	       text_time_ms(json_object_get_uint64(find(view->spilld, "uptime_ms")), text));
	print_forecast(find(view->spilld, "last"));
	putchar('\n');
	if (error)
		printf("        last error: %s\n", json_object_get_string(error));
}

static void print_node(const struct model_device *d, bool up)
{
	char load[TEXT_MAX], forecast[TEXT_MAX], free_text[TEXT_MAX], capacity[TEXT_MAX];
	const uint64_t *s = d->stats.value;

	printf("node    %s  id %u  device %s %s  port %u\n", d->node_name[0] ? d->node_name : "-",
	       d->node_id, d->ifname, up ? "up" : "down", d->port);
	printf("load    %s  forecast %s  free %s  capacity %s/s\n", text_permille(d->load, load),
	       text_permille(d->forecast, forecast), text_permille(d->free, free_text),
	       text_rate(d->capacity, capacity));
	printf("conns   %u local, %u offloaded, %u relayed for peers\n",
	       d->conns - d->conns_offloaded, d->conns_offloaded, d->conns_hosted);
	printf("moves   %llu offloaded, %llu recalled, %llu of them returned by themselves\n",
	       (unsigned long long)s[SPILLWAY_STAT_OFFLOADED],
	       (unsigned long long)s[SPILLWAY_STAT_RECALLED],
	       (unsigned long long)s[SPILLWAY_STAT_RETURNED]);
}

static void print_peers(const struct spillctl *ctl, const struct view *view)
{
	unsigned int states[__SPILLWAY_PEER_STATE_MAX] = { 0 };
	const char *sep = "  ";
	size_t i;

	for (i = 0; i < view->count; i++)
		if (view->peers[i].state < __SPILLWAY_PEER_STATE_MAX)
			states[view->peers[i].state]++;
	printf("peers ");
	for (i = 0; i < __SPILLWAY_PEER_STATE_MAX; i++) {
		if (!states[i])
			continue;
		printf("%s%u %s", sep, states[i], model_word(&model_peer_state, (unsigned int)i));
		sep = ", ";
	}
	puts(view->count ? "\n" : "  none");
	if (view->count)
		peers_print(ctl, view->peers, view->count);
}

static int print_text(const struct spillctl *ctl, const struct view *view)
{
	size_t i, count = json_object_array_length(view->warnings);

	print_node(&view->device, view->up);
	print_spilld(view);
	print_peers(ctl, view);
	for (i = 0; i < count; i++)
		printf("%swarning: %s\n", i ? "" : "\n",
		       json_object_get_string(json_object_array_get_idx(view->warnings, i)));
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int print_json(const struct spillctl *ctl, const struct view *view)
{
	struct json_object *node = json_device(&view->device), *peers = json_object_new_array();
	struct json_object *document = json_document("node", node);
	size_t i;

	json_object_object_add(node, "up", json_object_new_boolean(view->up));
	json_object_object_add(node, "stats", json_stats(&view->device.stats));
	for (i = 0; i < view->count; i++)
		json_object_array_add(peers, json_peer(&view->peers[i], false));
	json_object_object_add(document, "peers", peers);
	if (view->spilld)
		json_object_object_add(document, "spilld", json_object_get(view->spilld));
	json_object_object_add(document, "warnings", json_object_get(view->warnings));
	return json_print(ctl, document);
}

int cmd_status(struct spillctl *ctl, int argc, char **argv)
{
	struct view view = { .up = false };
	int ret;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	view.warnings = json_object_new_array();
	ret = look(ctl, &view);
	if (!ret && ctl->json)
		ret = print_json(ctl, &view);
	else if (!ret && !ctl->quiet)
		ret = print_text(ctl, &view);
	if (!ret && json_object_array_length(view.warnings))
		ret = EXIT_REFUSED;
	json_object_put(view.warnings);
	json_object_put(view.spilld);
	free(view.peers);
	return ret;
}

int cmd_stats(struct spillctl *ctl, int argc, char **argv)
{
	struct model_device device;
	struct nl_error error;
	unsigned int i;
	int ret;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_device_get(ctl->session, &device, &error))
		return say_failed(ctl, &error);
	if (ctl->json)
		return json_print(ctl, json_document("stats", json_stats(&device.stats)));
	for (i = 1; i <= SPILLWAY_STAT_MAX; i++)
		printf("%-20s %llu\n", model_word(&model_stat, i),
		       (unsigned long long)device.stats.value[i]);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}
