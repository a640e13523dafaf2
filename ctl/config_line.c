// SPDX-License-Identifier: GPL-2.0-or-later
/* config_line: a peer in one line. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "config_line.h"

#define SHAPE "NAME id N endpoint ADDRESS:PORT key KEY"

static const struct {
	const char *word;
	const char *key; /* in the file */
} words[] = {
	{ "id", "id" },
	{ "endpoint", "endpoint" },
	{ "key", "public_key" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static int bad(struct config_error *err, const char *line)
{
	return config_fail(err, -EINVAL, "--peer \"%s\": must be %s", line, SHAPE);
}

/* A number as such; anything else, for config_walk() to judge, as a string. */
static struct json_object *value_of(const char *word)
{
	if (word[0] && strspn(word, "0123456789") == strlen(word) && strlen(word) < 10)
		return json_tokener_parse(word);
	return json_object_new_string(word);
}

static int take_words(struct json_object *peer, char *words_left, const char *line,
		      struct config_error *err)
{
	char *word, *value, *rest = words_left;
	size_t i;

	word = strtok_r(NULL, " \t\n", &rest);
	if (!word)
		return bad(err, line);
	json_object_object_add(peer, "name", json_object_new_string(word));
	while ((word = strtok_r(NULL, " \t\n", &rest))) {
		for (i = 0; i < WORDS && strcmp(words[i].word, word); i++)
			;
		value = strtok_r(NULL, " \t\n", &rest);
		if (i == WORDS || !value || json_object_object_get(peer, words[i].key))
			return bad(err, line);
		json_object_object_add(peer, words[i].key, value_of(value));
	}
	return json_object_object_length(peer) == WORDS + 1 ? 0 : bad(err, line);
}

static struct json_object *peers_of(struct config_text *text)
{
	struct json_object *peers;

	if (json_object_object_get_ex(text->root, "peers", &peers))
		return peers;
	peers = json_object_new_array();
	json_object_object_add(text->root, "peers", peers);
	return peers;
}

int config_line_add(struct config_text *text, const char *line, struct config_error *err)
{
	struct json_object *peers = peers_of(text), *peer;
	char copy[CONFIG_LINE_MAX];
	int ret;

	if (strlen(line) >= sizeof(copy))
		return bad(err, line);
	/* config_walk() tells of a "peers" that is no array. */
	if (!json_object_is_type(peers, json_type_array))
		return 0;
	strcpy(copy, line);
	peer = json_object_new_object();
	ret = take_words(peer, copy, line, err);
	if (!ret)
		ret = json_object_array_add(peers, peer) ? -ENOMEM : 0;
	if (ret)
		json_object_put(peer);
	return ret;
}
