/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spillctl: what its commands share. */
#ifndef SPILLWAY_CTL_SPILLCTL_H
#define SPILLWAY_CTL_SPILLCTL_H

#include <json-c/json.h>
#include <stdbool.h>

#include "model.h"
#include "nl_session.h"

#define DEVICE_DEFAULT "spill0"
#define SOCKET_DEFAULT "/run/spillway/spilld.sock"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* or failed; of status: something needs attention */
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3, /* no module */
	EXIT_NO_OBJECT = 4,
	EXIT_PARTLY = 5, /* some were moved, some refused */
};

/**
 * struct spillctl - one invocation
 * @verb: command's name, for messages
 * @ifname: device; NULL: spill0, or the only one there is
 * @socket: spilld's status socket
 * @json: print JSON
 * @pretty: indent it
 * @header: tables have one
 * @times: events have one
 * @numeric: peers by id, not by name
 * @quiet: no results in words
 * @session: from spillctl_open()
 */
struct spillctl {
	const char *verb;
	const char *ifname;
	const char *socket;
	bool json;
	bool pretty;
	bool header;
	bool times;
	bool numeric;
	bool quiet;
	struct nl_session *session;
};

/* The session, once the words were read; an exit code, after a message. */
int spillctl_open(struct spillctl *ctl);

/* Commands: each takes the words after its name and returns an exit code. */
int cmd_status(struct spillctl *ctl, int argc, char **argv);
int cmd_peers(struct spillctl *ctl, int argc, char **argv);
int cmd_conns(struct spillctl *ctl, int argc, char **argv);
int cmd_hosted(struct spillctl *ctl, int argc, char **argv);
int cmd_offload(struct spillctl *ctl, int argc, char **argv);
int cmd_recall(struct spillctl *ctl, int argc, char **argv);
int cmd_handoff(struct spillctl *ctl, int argc, char **argv);
int cmd_drain(struct spillctl *ctl, int argc, char **argv);
int cmd_replicate(struct spillctl *ctl, int argc, char **argv);
int cmd_unreplicate(struct spillctl *ctl, int argc, char **argv);
int cmd_replicas(struct spillctl *ctl, int argc, char **argv);
int cmd_job(struct spillctl *ctl, int argc, char **argv);
int cmd_moved(struct spillctl *ctl, int argc, char **argv);
int cmd_events(struct spillctl *ctl, int argc, char **argv);
int cmd_stats(struct spillctl *ctl, int argc, char **argv);
int cmd_dev(struct spillctl *ctl, int argc, char **argv);
int cmd_key(struct spillctl *ctl, int argc, char **argv);
int cmd_genkey(struct spillctl *ctl, int argc, char **argv);
int cmd_pubkey(struct spillctl *ctl, int argc, char **argv);
int cmd_init(struct spillctl *ctl, int argc, char **argv);

/* Of cmd_peers, for the status too. */
void peers_print(const struct spillctl *ctl, const struct model_peer *peers, size_t count);

int say_usage(const struct spillctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int say_error(const struct spillctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void say_warning(const struct spillctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int say_failed(const struct spillctl *ctl, const struct nl_error *error);

/* args: words from the command line, strictly read; false after a message. */
bool arg_number(const struct spillctl *ctl, const char *what, const char *text, uint64_t min,
		uint64_t max, uint64_t *value);
bool arg_word(const struct spillctl *ctl, const char *what, const char *text,
	      const struct model_words *words, uint8_t *value);
bool arg_name(const struct spillctl *ctl, const char *what, const char *text);
bool arg_endpoint(const struct spillctl *ctl, const char *text, struct address *addr,
		  uint16_t *port);
bool arg_prefix(const struct spillctl *ctl, const char *what, const char *text,
		struct address *addr, uint8_t *plen);

/* A command's words that only choose a peer: none, or "peer NAME". */
bool arg_peer_only(const struct spillctl *ctl, int argc, char **argv, const char **peer);

/* Reads filter words from argv[*i] on; stops at a word that is none. */
bool filter_read(const struct spillctl *ctl, int argc, char **argv, int *i,
		 struct model_filter *filter);

/* json_out */
struct json_object *json_document(const char *name, struct json_object *value);
int json_print(const struct spillctl *ctl, struct json_object *document);
int json_print_line(struct json_object *object);
struct json_object *json_peer(const struct model_peer *peer, bool stats);
struct json_object *json_conn(const struct model_conn *conn);
struct json_object *json_job(const struct model_job *job);
struct json_object *json_job_move(const struct model_job_move *move, const char *peer);
struct json_object *json_stats(const struct model_stats *stats);
struct json_object *json_device(const struct model_device *device);

/* text for people; @text has room for TEXT_MAX */
#define TEXT_MAX 32
const char *text_number(uint64_t number, char *text);
const char *text_bytes(uint64_t bytes, char *text);
const char *text_rate(uint64_t rate, char *text);
const char *text_time_ms(uint64_t ms, char *text);
const char *text_time_us(uint64_t us, char *text);
const char *text_permille(uint32_t permille, char *text);

#endif /* SPILLWAY_CTL_SPILLCTL_H */
