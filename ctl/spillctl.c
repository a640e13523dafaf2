// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl: the operator's command: options, the table of commands, messages. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spillctl.h"

static const struct command {
	const char *name;
	int (*run)(struct spillctl *ctl, int argc, char **argv);
	bool needs_kernel;
	const char *help;
} commands[] = {
	{ "status", cmd_status, true, "this node on one screen (the default)" },
	{ "peers", cmd_peers, true,
	  "[show [NAME] [--stats]] | add NAME id N endpoint A:P [weight W] | set NAME ... | del NAME" },
	{ "conns", cmd_conns, true, "[FILTER...] [--sort tx-rate|rx-rate|rate|age] [--top N]" },
	{ "offload", cmd_offload, true, "ID...|FILTER... to PEER" },
	{ "recall", cmd_recall, true, "ID...|FILTER...|--all|--peer NAME" },
	{ "events", cmd_events, true, "follow what happens" },
	{ "stats", cmd_stats, true, "counters" },
	{ "dev", cmd_dev, false, "add | del | set [name NAME] [id N] [port P]" },
	{ "key", cmd_key, true,
	  "set PEER tx|rx id N [first-pn N] < KEY | psk PEER FILE [first-pn N] | del PEER" },
	{ "genpsk", cmd_genpsk, false, "a new secret for two nodes" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	size_t i;

	puts("usage: spillctl [OPTIONS] [COMMAND [ARGS]]\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	puts("\nFILTER: role local|offloaded, dir in|out, peer NAME, src A[/L], dst A[/L],\n"
	     "        sport N, dport N, age DURATION (at least)\n\n"
	     "  -d, --dev NAME    device (spill0)\n"
	     "  -N, --netns NAME  network namespace, as ip netns names it\n"
	     "  -j, --json        JSON; -p: indented\n"
	     "  -H, --no-header   tables without their first line\n"
	     "  -t, --time        events with the time of day\n"
	     "  -V, --version     -h, --help\n\n"
	     "Exit status: 0 done, 1 refused or failed, 2 usage, 3 no module, 4 no such object");
}

/* Always returns EXIT_USAGE. */
int say_usage(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "spillctl: %s%s", ctl->verb ? ctl->verb : "", ctl->verb ? ": " : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

int say_failed(const struct spillctl *ctl, const struct nl_error *error)
{
	fprintf(stderr, "spillctl: %s: %s\n", ctl->verb, error->text);
	switch (error->err) {
	case EPROTONOSUPPORT:
		return EXIT_UNREACHABLE;
	case ENOENT:
	case ENODEV:
		return EXIT_NO_OBJECT;
	default:
		return EXIT_REFUSED;
	}
}

static int enter_netns(const struct spillctl *ctl, const char *name)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 || setns(fd, CLONE_NEWNET);
	if (err)
		say_usage(ctl, "network namespace %s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

/* -1: go on; otherwise an exit code. */
static int read_options(struct spillctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dev", required_argument, NULL, 'd' },
		{ "netns", required_argument, NULL, 'N' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "no-header", no_argument, NULL, 'H' },
		{ "time", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+d:N:jpHtVh", options, NULL)) != -1) {
		switch (opt) {
		case 'd': ctl->ifname = optarg; break;
		case 'N':
			if (enter_netns(ctl, optarg))
				return EXIT_USAGE;
			break;
		case 'p': ctl->pretty = true; /* fall through */
		case 'j': ctl->json = true; break;
		case 'H': ctl->header = false; break;
		case 't': ctl->times = true; break;
		case 'V': puts("spillctl " SPILLWAY_VERSION); return EXIT_DONE;
		case 'h': print_help(); return EXIT_DONE;
		default: return EXIT_USAGE;
		}
	}
	return -1;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct spillctl ctl = { .ifname = "spill0", .header = true };
	const struct command *command;
	struct nl_error error;
	int ret;

	ret = read_options(&ctl, argc, argv);
	if (ret >= 0)
		return ret;
	argc -= optind;
	argv += optind;
	if (argc && !strcmp(argv[0], "help")) {
		print_help();
		return EXIT_DONE;
	}
	command = find_command(argc ? argv[0] : "status");
	if (!command)
		return say_usage(&ctl, "\"%s\" is no command (spillctl help)", argv[0]);
	ctl.verb = command->name;
	/* Only making and deleting the device does not speak to the family. */
	if ((command->needs_kernel || (argc > 1 && !strcmp(argv[1], "set"))) &&
	    nl_session_open(&ctl.session, ctl.ifname, &error))
		return say_failed(&ctl, &error);
	ret = command->run(&ctl, argc ? argc - 1 : 0, argc ? argv + 1 : argv);
	nl_session_close(ctl.session);
	return ret;
}
