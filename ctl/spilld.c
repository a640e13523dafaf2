// SPDX-License-Identifier: GPL-2.0-or-later
/* spilld: the controller of a node: command line, signals, event loop. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "controller.h"
#include "log.h"

/* Exit statuses, as spillctl has them. */
enum {
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

static const char usage_text[] =
	"usage: spilld [OPTIONS]\n"
	"\n"
	"Forecasts this node's load and moves connections to its peers before it overloads.\n"
	"\n"
	"  -c, --config FILE  configuration (" CONFIG_FILE_DEFAULT ")\n"
	"  -p, --peer LINE    a peer more, as 'spillctl init' prints it there; may be repeated\n"
	"  -t, --check        check the configuration and exit\n"
	"      --cleanup      delete the device on exit, not only stop\n"
	"      --trace FILE   append a line of JSON for each sample\n"
	"  -v, --verbose      log more\n"
	"  -V, --version      print the version and exit\n"
	"  -h, --help         print this and exit\n"
	"\n"
	"SIGTERM and SIGINT end it. The module then goes on with what it carries, and\n"
	"takes nothing new.\n";

struct options {
	const char *config;
	char **peers;
	size_t peer_count;
	bool check;
	int priority;
	struct controller_options controller;
};

static const struct option long_options[] = { { "config", required_argument, NULL, 'c' },
					      { "check", no_argument, NULL, 't' },
					      { "cleanup", no_argument, NULL, 'C' },
					      { "trace", required_argument, NULL, 'T' },
					      { "verbose", no_argument, NULL, 'v' },
					      { "version", no_argument, NULL, 'V' },
					      { "help", no_argument, NULL, 'h' },
					      { "peer", required_argument, NULL, 'p' },
					      { NULL, 0, NULL, 0 } };

static void parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:p:tvVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case 'p':
			options->peers[options->peer_count++] = optarg;
			break;
		case 't':
			options->check = true;
			break;
		case 'C':
			options->controller.cleanup = true;
			break;
		case 'T':
			options->controller.trace = optarg;
			break;
		case 'v':
			options->priority = LOG_DEBUG;
			break;
		case 'V':
			printf("spilld %s\n", SPILLWAY_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs("Try 'spilld --help'.\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "spilld: unexpected argument \"%s\"\n", argv[optind]);
		exit(EXIT_USAGE);
	}
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	log_notice("ends by signal %s", sigabbrev_np((int)number));
	event_base_loopbreak(arg);
}

static int run_loop(struct event_base *base, const struct config *config,
		    const struct options *options)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct event *signals[3];
	struct controller *controller;
	int ret = EXIT_REFUSED;

	for (int i = 0; i < 3; i++) {
		signals[i] = evsignal_new(base, numbers[i], on_signal, base);
		if (signals[i])
			evsignal_add(signals[i], NULL);
	}
	controller = controller_open(base, config, &options->controller);
	if (controller) {
		log_notice("node %s (%u), %zu peers, device %s", config->node.name, config->node.id,
			   config->peer_count, config->node.device);
		ret = event_base_dispatch(base) < 0 ? EXIT_REFUSED : EXIT_SUCCESS;
		controller_close(controller);
	}
	for (int i = 0; i < 3; i++) {
		if (signals[i])
			event_free(signals[i]);
	}
	return ret;
}

static int run(const struct config *config, const struct options *options)
{
	struct event_config *how = event_config_new();
	struct event_base *base;
	int ret = EXIT_REFUSED;

	/* A sample that is due in 1000 ms is due in 1000, not in 1001. */
	if (how)
		event_config_set_flag(how, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = how ? event_base_new_with_config(how) : NULL;
	if (base) {
		ret = run_loop(base, config, options);
		event_base_free(base);
	} else {
		log_err("no event loop");
	}
	if (how)
		event_config_free(how);
	libevent_global_shutdown();
	return ret;
}

int main(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE_DEFAULT, .priority = LOG_INFO };
	struct config_error err;
	struct config config;
	int ret;

	/* More than can come, and NULL behind them. */
	options.peers = calloc((size_t)argc + 1, sizeof(*options.peers));
	if (!options.peers)
		return EXIT_REFUSED;
	parse_options(argc, argv, &options);
	log_open("spilld", options.priority);
	/* A peer that closes its control connection must not end us. */
	signal(SIGPIPE, SIG_IGN);
	if (config_load_more(&config, options.config, options.peers, &err)) {
		log_err("%s", err.text);
		return EXIT_USAGE;
	}
	if (options.check)
		ret = EXIT_SUCCESS;
	else
		ret = run(&config, &options);
	config_free(&config);
	free(options.peers);
	return ret;
}
