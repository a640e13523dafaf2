// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl: the operator's command: its options and the table of its commands. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nl_config.h"
#include "spillctl.h"

static const struct command {
	const char *name;
	int (*run)(struct spillctl *ctl, int argc, char **argv);
	const char *words;
	const char *help;
} commands[] = {
	{ "status", cmd_status, "", "this node on one screen (the default)" },
	{ "peers", cmd_peers, "[show [NAME] [--stats]]", "the pool" },
	{ "", NULL, "add NAME id N endpoint ADDR[:PORT] [weight W] [admin WORD]", NULL },
	{ "", NULL, "set NAME [endpoint ADDR[:PORT]] [weight W] [admin WORD]", NULL },
	{ "", NULL, "del NAME", NULL },
	{ "conns", cmd_conns, "[FILTER...] [--sort KEY] [--top N]",
	  "by tx-rate, rx-rate, rate or age" },
	{ "", NULL, "--hosted [peer NAME]", "those of its peers that this node relays" },
	{ "offload", cmd_offload, "ID...|FILTER... to PEER", "give connections to a peer" },
	{ "recall", cmd_recall, "ID...|FILTER...|--all|--peer NAME", "take them back" },
	{ "replicate", cmd_replicate, "ID...|FILTER... to PEER", "let it keep their images" },
	{ "unreplicate", cmd_unreplicate, "ID...|FILTER...", "not any more" },
	{ "replicas", cmd_replicas, "", "how many, and how far they lag" },
	{ "handoff", cmd_handoff, "ID...|FILTER... to PEER [anytime] [wait [SECONDS]]", NULL },
	{ "", NULL, "", "give their endpoints to a peer, as a job" },
	{ "drain", cmd_drain, "[to PEER] [anytime] [wait [SECONDS]]", "all that can be moved" },
	{ "job", cmd_job, "[show ID]", "what became of them" },
	{ "", NULL, "wait ID [SECONDS]", NULL },
	{ "", NULL, "cancel ID", NULL },
	{ "moved", cmd_moved, "[peer NAME]", "endpoints that are at peers, or came from them" },
	{ "events", cmd_events, "", "follow what happens" },
	{ "stats", cmd_stats, "", "counters" },
	{ "dev", cmd_dev, "add|set [name NAME] [id N] [port P] [up|down]", NULL },
	{ "", NULL, "del", NULL },
	{ "key", cmd_key, "set PEER tx|rx id N [first-pn N] [--file FILE]", NULL },
	{ "", NULL, "del PEER", NULL },
	{ "init", cmd_init, "NAME id N endpoint ADDR[:PORT]", "key and configuration of a node" },
	{ "", NULL, "[uplink DEVICE rate RATE] [dir DIR]", NULL },
	{ "genkey", cmd_genkey, "", "a new private key" },
	{ "pubkey", cmd_pubkey, "", "the public key of the private one on stdin" },
	{ "help", NULL, "", "this text" },
	{ "version", NULL, "", "its number" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_version(void)
{
	puts("spillctl " SPILLWAY_VERSION);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int print_help(void)
{
	size_t i;

	puts("usage: spillctl [OPTIONS] [COMMAND [ARGS]]\n");
	for (i = 0; i < COMMANDS; i++) {
		printf("  %-11s", commands[i].name);
		if (commands[i].help)
			printf(" %-38s %s\n", commands[i].words, commands[i].help);
		else
			printf(" %s\n", commands[i].words);
	}
	puts("\nFILTER: role local|offloaded, dir in|out|unknown, peer NAME, src ADDR[/LEN],\n"
	     "        dst ADDR[/LEN], sport N, dport N, age DURATION (at least; 500ms 5s 3m 2h)\n"
	     "WORD:   ready, drain (takes nothing new), maint (and what it has returns)\n\n"
	     "  -d, --dev NAME     device (" DEVICE_DEFAULT ", or the only one there is)\n"
	     "  -N, --netns NAME   network namespace, as ip netns names it\n"
	     "  -s, --socket PATH  spilld's (" SOCKET_DEFAULT ")\n"
	     "  -j, --json         JSON; -p, --pretty: indented\n"
	     "  -H, --no-header    tables without their first line\n"
	     "  -t, --time         events with the time of day\n"
	     "  -n, --numeric      connections' peers by id, not by name\n"
	     "  -q, --quiet        no results in words\n"
	     "  -V, --version      -h, --help\n\n"
	     "Exit status: 0 done, 1 refused or failed, 2 usage, 3 the module is not there,\n"
	     "4 no such object, 5 partly done. Of status: 1 where something needs attention.");
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int enter_netns(const struct spillctl *ctl, const char *name)
{
	char path[256];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name) >=
	    (int)sizeof(path))
		return say_usage(ctl, "network namespace: the name is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 || setns(fd, CLONE_NEWNET) ? errno : 0;
	if (fd >= 0)
		close(fd);
	if (!err)
		return EXIT_DONE;
	say_error(ctl, "network namespace %s: %s", name, strerror(err));
	return err == ENOENT ? EXIT_NO_OBJECT : EXIT_REFUSED;
}

static const struct option options[] = {
	{ "dev", required_argument, NULL, 'd' },    { "netns", required_argument, NULL, 'N' },
	{ "socket", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },       { "no-header", no_argument, NULL, 'H' },
	{ "time", no_argument, NULL, 't' },         { "numeric", no_argument, NULL, 'n' },
	{ "quiet", no_argument, NULL, 'q' },        { "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
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
	int opt, err;

	while ((opt = getopt_long(argc, argv, "+d:N:s:jpHtnqVh", options, NULL)) != -1) {
		if (take_flag(ctl, opt))
			continue;
		switch (opt) {
		case 'd':
			ctl->ifname = optarg;
			break;
		case 's':
			ctl->socket = optarg;
			break;
		case 'N':
			err = enter_netns(ctl, optarg);
			if (err)
				return err;
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
		if (commands[i].run && !strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int spillctl_open(struct spillctl *ctl)
{
	const char *ifname = ctl->ifname ? ctl->ifname : DEVICE_DEFAULT;
	struct nl_error error;
	int err;

	if (ctl->session)
		return EXIT_DONE;
	err = nl_session_open(&ctl->session, ifname, &error);
	if (!err && !ctl->ifname)
		err = nl_device_pick(ctl->session, &error);
	return err ? say_failed(ctl, &error) : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static char status[] = "status", *const nothing[] = { status, NULL };
	struct spillctl ctl = { .header = true, .socket = SOCKET_DEFAULT };
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
	ret = command->run(&ctl, argc, argv);
	nl_session_close(ctl.session);
	return ret;
}
