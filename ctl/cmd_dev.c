// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl dev: add, set, del the device. */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "nl_config.h"
#include "spillctl.h"

static int set(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_device_change change = { .node_id = NULL };
	uint16_t id, port;
	struct nl_error error;
	uint64_t number;
	int i;

	for (i = 0; i < argc; i += 2) {
		if (i + 1 >= argc)
			return say_usage(ctl, "%s: a value is missing", argv[i]);
		if (!strcmp(argv[i], "id")) {
			if (!arg_number(ctl, "id", argv[i + 1], 1, UINT16_MAX, &number))
				return EXIT_USAGE;
			id = (uint16_t)number;
			change.node_id = &id;
		} else if (!strcmp(argv[i], "port")) {
			if (!arg_number(ctl, "port", argv[i + 1], 1, UINT16_MAX, &number))
				return EXIT_USAGE;
			port = (uint16_t)number;
			change.port = &port;
		} else if (!strcmp(argv[i], "name")) {
			change.node_name = argv[i + 1];
		} else {
			return say_usage(ctl, "\"%s\" is none of name, id, port", argv[i]);
		}
	}
	return nl_device_set(ctl->session, &change, &error) ? say_failed(ctl, &error) :
							      EXIT_DONE;
}

int cmd_dev(struct spillctl *ctl, int argc, char **argv)
{
	const char *ifname = ctl->ifname ? ctl->ifname : DEVICE_DEFAULT;
	char error[256] = "";
	bool made;
	int err;

	if (argc && !strcmp(argv[0], "set"))
		return set(ctl, argc - 1, argv + 1);
	if (argc == 1 && !strcmp(argv[0], "add"))
		err = device_ensure(ifname, true, &made, error, sizeof(error));
	else if (argc == 1 && !strcmp(argv[0], "del"))
		err = device_delete(ifname, error, sizeof(error));
	else
		return say_usage(ctl, "dev add | del | set [name NAME] [id N] [port P]");
	if (err)
		fprintf(stderr, "spillctl: dev: %s\n", error);
	return err ? EXIT_REFUSED : EXIT_DONE;
}
