// SPDX-License-Identifier: GPL-2.0-or-later
/* args: words from spillctl's command line, strictly read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spillctl.h"
#include "units.h"

bool arg_number(const struct spillctl *ctl, const char *what, const char *text, uint64_t min,
		uint64_t max, uint64_t *value)
{
	unsigned long long got;
	char *end;

	errno = 0;
	got = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end) {
		say_usage(ctl, "%s: \"%s\" is not a number", what, text);
		return false;
	}
	if (errno || got < min || got > max) {
		say_usage(ctl, "%s: must be %llu..%llu (got %s)", what, (unsigned long long)min,
			  (unsigned long long)max, text);
		return false;
	}
	*value = got;
	return true;
}

bool arg_word(const struct spillctl *ctl, const char *what, const char *text,
	      const struct model_words *words, uint8_t *value)
{
	int got = model_value(words, text);
	char known[160] = "";
	size_t i, len = 0;

	if (got >= 0) {
		*value = (uint8_t)got;
		return true;
	}
	for (i = 0; i < words->count && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "",
					words->words[i]);
	say_usage(ctl, "%s: \"%s\" is none of %s", what, text, known);
	return false;
}

bool arg_name(const struct spillctl *ctl, const char *what, const char *text)
{
	size_t len = strlen(text);

	if (len && len <= SPILLWAY_NAME_MAX)
		return true;
	say_usage(ctl, "%s: a name has 1 to %d characters, not %zu", what, SPILLWAY_NAME_MAX, len);
	return false;
}

bool arg_endpoint(const struct spillctl *ctl, const char *text, struct address *addr,
		  uint16_t *port)
{
	uint64_t number = SPILLWAY_PORT_DEFAULT;
	const char *behind;

	if (!address_split(text, addr, &behind)) {
		say_usage(ctl, "endpoint: \"%s\" is not ADDRESS[:PORT] or [IPV6-ADDRESS][:PORT]",
			  text);
		return false;
	}
	if (behind && !arg_number(ctl, "endpoint port", behind, 1, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

bool arg_prefix(const struct spillctl *ctl, const char *what, const char *text,
		struct address *addr, uint8_t *plen)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t number;

	if (!address_parse(text, len, addr)) {
		say_usage(ctl, "%s: \"%s\" is not ADDRESS[/LENGTH]", what, text);
		return false;
	}
	number = address_bits(addr);
	if (slash && !arg_number(ctl, what, slash + 1, 0, address_bits(addr), &number))
		return false;
	*plen = (uint8_t)number;
	return true;
}

bool arg_peer_only(const struct spillctl *ctl, int argc, char **argv, const char **peer)
{
	*peer = NULL;
	if (!argc)
		return true;
	if (strcmp(argv[0], "peer") || argc > 2) {
		say_usage(ctl, "\"%s\" does not apply, only peer NAME does",
			  argv[strcmp(argv[0], "peer") ? 0 : 2]);
		return false;
	}
	if (argc == 1) {
		say_usage(ctl, "peer: a value is missing");
		return false;
	}
	*peer = argv[1];
	return arg_name(ctl, "peer", argv[1]);
}

static bool filter_end(const struct spillctl *ctl, const char *word, const char *value,
		       struct model_filter *f)
{
	bool src = *word == 's';
	uint64_t number;

	if (!strcmp(word + 1, "port")) {
		if (!arg_number(ctl, word, value, 1, UINT16_MAX, &number))
			return false;
		*(src ? &f->local_port : &f->remote_port) = (uint16_t)number;
		f->has |= src ? MODEL_HAS(LOCAL_PORT) : MODEL_HAS(REMOTE_PORT);
		return true;
	}
	f->has |= src ? MODEL_HAS(LOCAL_PLEN) : MODEL_HAS(REMOTE_PLEN);
	return arg_prefix(ctl, word, value, src ? &f->local : &f->remote,
			  src ? &f->local_plen : &f->remote_plen);
}

/* Only of these two there is a table that can be filtered. */
static bool filter_role(const struct spillctl *ctl, const char *value, struct model_filter *f)
{
	const struct model_words known = { model_role.words, SPILLWAY_ROLE_OFFLOADED + 1 };
	int role = model_value(&model_role, value);

	f->has |= MODEL_HAS(CONN_ROLE);
	if (role <= SPILLWAY_ROLE_OFFLOADED)
		return arg_word(ctl, "role", value, &known, &f->role);
	say_usage(ctl, "role: %s connections are not among these: see \"spillctl %s\"", value,
		  role == SPILLWAY_ROLE_HOSTED ? "conns --hosted" : "moved");
	return false;
}

static bool filter_word(const struct spillctl *ctl, const char *word, const char *value,
			struct model_filter *f)
{
	if (!strcmp(word, "role"))
		return filter_role(ctl, value, f);
	if (!strcmp(word, "dir")) {
		f->has |= MODEL_HAS(CONN_DIRECTION);
		return arg_word(ctl, word, value, &model_direction, &f->direction);
	}
	if (!strcmp(word, "peer")) {
		f->has |= MODEL_HAS(PEER_NAME);
		if (!arg_name(ctl, word, value))
			return false;
		snprintf(f->peer_name, sizeof(f->peer_name), "%s", value);
		return true;
	}
	if (!strcmp(word, "age")) {
		f->has |= MODEL_HAS(AGE_MS);
		if (!units_parse_duration(value, &f->age_ms))
			return true;
		say_usage(ctl, "age: \"%s\" is not a duration such as 500ms, 5s, 3m", value);
		return false;
	}
	return filter_end(ctl, word, value, f);
}

bool filter_read(const struct spillctl *ctl, int argc, char **argv, int *i,
		 struct model_filter *filter)
{
	static const char *const words[] = {
		"role", "dir", "peer", "age", "src", "dst", "sport", "dport",
	};
	size_t w;

	while (*i < argc) {
		for (w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			if (!strcmp(argv[*i], words[w]))
				break;
		if (w == sizeof(words) / sizeof(words[0]))
			return true;
		if (*i + 1 >= argc) {
			say_usage(ctl, "%s: a value is missing", argv[*i]);
			return false;
		}
		if (!filter_word(ctl, argv[*i], argv[*i + 1], filter))
			return false;
		*i += 2;
	}
	return true;
}
