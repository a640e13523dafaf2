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

#include "nl_config.h"
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

static int print_version(void)
{
	puts("spillctl " SPILLWAY_VERSION);
	return EXIT_DONE;
}

static int print_help(void)
{
	size_t i;

	puts("usage: spillctl [OPTIONS] [COMMAND [ARGS]]\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	puts("\nFILTER: role local|offloaded, dir in|out, peer NAME, src A[/L], dst A[/L],\n"
	     "        sport N, dport N, age DURATION (at least)\n\n"
	     "  -d, --dev NAME    device (spill0, or the only one there is)\n"
	     "  -N, --netns NAME  network namespace, as ip netns names it\n"
	     "  -j, --json        JSON; -p: indented\n"
	     "  -H, --no-header   tables without their first line\n"
	     "  -t, --time        events with the time of day\n"
	     "  -n, --numeric     peers by id, not by name\n"
	     "  -q, --quiet       no results in words\n"
	     "  -V, --version     -h, --help\n\n"
	     "Exit status: 0 done, 1 refused or failed, 2 usage, 3 no module, 4 no such object,\n"
	     "5 partly done. \"status\" is 1 too where a peer is down.");
	return EXIT_DONE;
}

static void say(const struct spillctl *ctl, const char *format, va_list args)
{
	fprintf(stderr, "spillctl: %s%s", ctl->verb ? ctl->verb : "", ctl->verb ? ": " : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/* Always returns EXIT_USAGE. */
int say_usage(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return EXIT_USAGE;
}

/* Always returns EXIT_REFUSED. */
int say_error(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return EXIT_REFUSED;
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

static const struct option options[] = {
	{ "dev", required_argument, NULL, 'd' },
	{ "netns", required_argument, NULL, 'N' },
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "time", no_argument, NULL, 't' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* An option that only says how to print; false for another. */
static bool take_flag(struct spillctl *ctl, int opt)
{
	switch (opt) {
	case 'p':
		ctl->pretty = true;
		ctl->json = true;
		return true;
	case 'j':
		ctl->json = true;
		return true;
	case 'H':
		ctl->header = false;
		return true;
	case 't':
		ctl->times = true;
		return true;
	case 'n':
		ctl->numeric = true;
		return true;
	case 'q':
		ctl->quiet = true;
		return true;
	default:
		return false;
	}
}

/* -1: go on; otherwise an exit code. */
static int read_options(struct spillctl *ctl, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "+d:N:jpHtnqVh", options, NULL)) != -1) {
		if (take_flag(ctl, opt))
			continue;
		switch (opt) {
		case 'd':
			ctl->ifname = optarg;
			break;
		case 'N':
			if (enter_netns(ctl, optarg))
				return EXIT_USAGE;
			break;
		case 'V':
			return print_version();
		case 'h':
			return print_help();
		default:
			return EXIT_USAGE;
		}
	}
	return -1;
}

static int flag_of(const char *word)
{
	const struct option *o;

	if (word[0] != '-')
		return 0;
	if (word[1] && word[1] != '-' && !word[2])
		return word[1];
	for (o = options; o->name && word[1] == '-'; o++)
		if (!strcmp(word + 2, o->name))
			return o->val;
	return 0;
}

/* "spillctl conns --json" is what fingers write: takes such flags out of a command's words. */
static int take_flags(struct spillctl *ctl, int argc, char **argv)
{
	int i, kept = 0;

	for (i = 0; i < argc; i++)
		if (!take_flag(ctl, flag_of(argv[i])))
			argv[kept++] = argv[i];
	return kept;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Only making and deleting the device does not speak to the family. */
static int open_session(struct spillctl *ctl, const struct command *command, int argc,
			char **argv)
{
	const char *ifname = ctl->ifname ? ctl->ifname : DEVICE_DEFAULT;
	struct nl_error error;
	int err;

	if (!command->needs_kernel && !(argc && !strcmp(argv[0], "set")))
		return EXIT_DONE;
	err = nl_session_open(&ctl->session, ifname, &error);
	if (!err && !ctl->ifname)
		err = nl_device_pick(ctl->session, &error);
	return err ? say_failed(ctl, &error) : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static char status[] = "status", *const nothing[] = { status, NULL };
	struct spillctl ctl = { .header = true };
	const struct command *command;
	int ret;

	ret = read_options(&ctl, argc, argv);
	if (ret >= 0)
		return ret;
	argc -= optind;
	argv = argc ? argv + optind : (char **)nothing;
	if (!strcmp(argv[0], "help"))
		return print_help();
	if (!strcmp(argv[0], "version"))
		return print_version();
	command = find_command(argv[0]);
	if (!command)
		return say_usage(&ctl, "\"%s\" is no command (spillctl help)", argv[0]);
	ctl.verb = command->name;
	argv++;
	argc = take_flags(&ctl, argc ? argc - 1 : 0, argv);
	ret = open_session(&ctl, command, argc, argv);
	if (!ret)
		ret = command->run(&ctl, argc, argv);
	nl_session_close(ctl.session);
	return ret;
}
