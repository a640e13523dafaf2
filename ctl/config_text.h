/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_text: the configuration file as text: reading it with a size limit, JSON by
 * json-c, and what json-c does not tell: keys given twice, and lines.
 */
#ifndef SPILLWAY_CTL_CONFIG_TEXT_H
#define SPILLWAY_CTL_CONFIG_TEXT_H

#include <stddef.h>

struct json_object;

#define CONFIG_FILE_MAX  (1024 * 1024) /* bytes */
#define CONFIG_DEPTH_MAX 8             /* objects and arrays within one another */
#define CONFIG_PATH_MAX  160           /* a key's path, such as peers[1].weight */

/**
 * struct config_error - the one error a load ends with
 * @text: a whole line without its newline: FILE, where known :LINE, key path, reason
 */
struct config_error {
	char text[768];
};

/**
 * struct config_text - a file that was read and is well-formed
 * @file: its name as errors give it
 * @text: its bytes, NUL-terminated, comments blanked out
 * @len: how many
 * @root: the JSON document
 * @lines: a map from key paths to lines
 */
struct config_text {
	const char *file;
	char *text;
	size_t len;
	struct json_object *root;
	struct json_object *lines;
};

/**
 * config_text_read() - read and parse a file
 * @text: filled on success; release with config_text_free()
 * @file: name; the pointer is kept
 * @err: filled on failure
 *
 * The text is strict JSON (RFC 8259) in UTF-8, with // and C comments.
 *
 * Return: 0, or a negative errno: that of opening or reading, -EFBIG above
 * %CONFIG_FILE_MAX, -EINVAL for what is not such text or names a key twice.
 */
int config_text_read(struct config_text *text, const char *file, struct config_error *err);

/* The same from memory: @file is only a name. */
int config_text_parse(struct config_text *text, const char *file, const char *bytes, size_t len,
		      struct config_error *err);

/**
 * config_fail() - fill in an error; bytes that a terminal could act on become '?'
 *
 * Return: @code.
 */
int config_fail(struct config_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void config_text_free(struct config_text *text);

/**
 * config_text_line() - the line of a key or array element
 * @path: such as peers[1].weight
 *
 * Return: 1 and up: that of @path, or where it is not in the text, of what would hold
 * it; 0 where that is the whole file.
 */
unsigned int config_text_line(const struct config_text *text, const char *path);

#endif /* SPILLWAY_CTL_CONFIG_TEXT_H */
