// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl dev: add, set, del the device. */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "nl_config.h"
#include "spillctl.h"

/**
 * struct wanted - words of add and set
 * @id: if @change points at it
 * @port: if @change points at it
 * @change: for the family
 * @up: was said
 * @down: was said
 */
struct wanted {
	uint16_t id;
	uint16_t port;
	struct nl_device_change change;
	bool up;
	bool down;
};

static bool read_word(const struct spillctl *ctl, const char *word, const char *value,
		      struct wanted *w)
{
	uint64_t number;

	if (!strcmp(word, "name")) {
		w->change.node_name = value;
		return arg_name(ctl, word, value);
	}
	if (!arg_number(ctl, word, value, 1, UINT16_MAX, &number))
		return false;
	if (*word == 'i') {
		w->id = (uint16_t)number;
		w->change.node_id = &w->id;
	} else {
		w->port = (uint16_t)number;
		w->change.port = &w->port;
	}
	return true;
}

static bool read_words(const struct spillctl *ctl, int argc, char **argv, struct wanted *w)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "up") || !strcmp(argv[i], "down")) {
			*(argv[i][0] == 'u' ? &w->up : &w->down) = true;
			continue;
		}
		if (strcmp(argv[i], "name") && strcmp(argv[i], "id") && strcmp(argv[i], "port")) {
			say_usage(ctl, "\"%s\" is none of name, id, port, up, down", argv[i]);
			return false;
		}
		if (i + 1 == argc) {
			say_usage(ctl, "%s: a value is missing", argv[i]);
			return false;
		}
		if (!read_word(ctl, argv[i], argv[i + 1], w))
			return false;
		i++;
	}
	return true;
}

static bool changes(const struct nl_device_change *c)
{
	return c->node_id || c->node_name || c->port;
}

static int set_up(const struct spillctl *ctl, const char *ifname, bool up)
{
	char error[256];

	return device_set_up(ifname, up, error, sizeof(error)) ? say_error(ctl, "%s", error) :
								 EXIT_DONE;
}

/* Down first and up last: the id and the port change only while it is down. */
static int apply(struct spillctl *ctl, const struct wanted *w)
{
	struct nl_error error;
	const char *ifname;
	int ret;

	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	ifname = nl_session_device(ctl->session);
	if (w->down)
		ret = set_up(ctl, ifname, false);
	if (!ret && changes(&w->change) && nl_device_set(ctl->session, &w->change, &error))
		ret = say_failed(ctl, &error);
	if (!ret && w->up)
		ret = set_up(ctl, ifname, true);
	return ret;
}

static int set(struct spillctl *ctl, int argc, char **argv)
{
	struct wanted w = { .up = false };

	if (!read_words(ctl, argc, argv, &w))
		return EXIT_USAGE;
	if (!changes(&w.change) && !w.up && !w.down)
		return say_usage(ctl, "usage: dev set [name NAME] [id N] [port P] [up|down]");
	return apply(ctl, &w);
}

static int failed(const struct spillctl *ctl, int err, const char *error)
{
	if (err != -EOPNOTSUPP)
		return say_error(ctl, "%s", error);
	say_error(ctl, "module spillway is not loaded (modprobe spillway)");
	return EXIT_UNREACHABLE;
}

/* One that cannot be set as wanted does not stay. */
static int add(struct spillctl *ctl, int argc, char **argv)
{
	const char *ifname = ctl->ifname ? ctl->ifname : DEVICE_DEFAULT;
	struct wanted w = { .up = false };
	char error[256];
	bool made;
	int err;

	if (!read_words(ctl, argc, argv, &w))
		return EXIT_USAGE;
	err = device_ensure(ifname, true, &made, error, sizeof(error));
	if (err)
		return failed(ctl, err, error);
	if (!made)
		return say_error(ctl, "%s: there is one already", ifname);
	if (!changes(&w.change) && !w.up)
		return EXIT_DONE;
	ctl->ifname = ifname;
	err = apply(ctl, &w);
	if (err)
		device_delete(ifname, error, sizeof(error));
	return err;
}

static int del(struct spillctl *ctl)
{
	const char *ifname = ctl->ifname ? ctl->ifname : DEVICE_DEFAULT;
	char error[256];
	bool made;
	int err;

	err = device_ensure(ifname, false, &made, error, sizeof(error));
	if (err == -ENODEV) {
		say_error(ctl, "%s: no such device", ifname);
		return EXIT_NO_OBJECT;
	}
	if (!err)
		err = device_delete(ifname, error, sizeof(error));
	return err ? failed(ctl, err, error) : EXIT_DONE;
}

int cmd_dev(struct spillctl *ctl, int argc, char **argv)
{
	if (argc && !strcmp(argv[0], "add"))
		return add(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "set"))
		return set(ctl, argc - 1, argv + 1);
	if (argc == 1 && !strcmp(argv[0], "del"))
		return del(ctl);
	return say_usage(ctl, "usage: dev add | set [name NAME] [id N] [port P] [up|down] | del");
}
