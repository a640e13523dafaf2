// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_text: the configuration file as text.
 *
 * json-c keeps the last of two equal keys and forgets on which line a value stood.
 * Both matter to somebody who edits a file by hand, so a small scanner goes over the
 * text again, after json-c has found it well-formed: it then has only strings,
 * brackets, commas and colons to tell apart. Comments are blanked first, so that
 * json-c can be strict (in its lenient mode it also takes single quotes, NaN,
 * trailing commas and garbage after the end).
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_text.h"

int config_fail(struct config_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	for (char *c = err->text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return code;
}

static unsigned int line_at(const char *text, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

/* Past the closing quote of the string that opens at @i, or @len. */
static size_t skip_string(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"'; i++) {
		if (text[i] == '\\')
			i++;
	}
	return i < len ? i + 1 : len;
}

/* Past a comment that opens at @i; @len + 1 where a C comment does not end. */
static size_t skip_comment(const char *text, size_t len, size_t i)
{
	const char *end;

	if (text[i + 1] == '/') {
		end = memchr(text + i, '\n', len - i);
		return end ? (size_t)(end - text) : len;
	}
	end = strstr(text + i + 2, "*/");
	return end ? (size_t)(end - text) + 2 : len + 1;
}

/* Newlines stay, so that json-c's offsets still give the right line. */
static int blank_comments(char *text, size_t len, const char *file, struct config_error *err)
{
	size_t i = 0;
	size_t end;

	while (i < len) {
		if (text[i] == '"') {
			i = skip_string(text, len, i);
		} else if (text[i] == '/' && (text[i + 1] == '/' || text[i + 1] == '*')) {
			end = skip_comment(text, len, i);
			if (end > len)
				return config_fail(err, -EINVAL, "%s:%u: comment without an end",
						   file, line_at(text, i));
			for (; i < end; i++) {
				if (text[i] != '\n')
					text[i] = ' ';
			}
		} else {
			i++;
		}
	}
	return 0;
}

/*
 * The scan: where it is, the path to there, and the index it fills, a map from a
 * path to its line (a json-c object: the hash table at hand).
 */
struct scan {
	const char *text;
	size_t len;
	size_t pos;
	unsigned int line;
	size_t line_pos; /* up to where lines are counted */
	char path[CONFIG_PATH_MAX];
	size_t path_len;
	struct json_object *index;
	const char *file;
	struct config_error *err;
};

static int scan_value(struct scan *scan, int depth);

static void scan_space(struct scan *scan)
{
	while (scan->pos < scan->len && strchr(" \t\r\n", scan->text[scan->pos]))
		scan->pos++;
}

static bool scan_take(struct scan *scan, char c)
{
	scan_space(scan);
	if (scan->pos >= scan->len || scan->text[scan->pos] != c)
		return false;
	scan->pos++;
	return true;
}

static unsigned int scan_line(struct scan *scan)
{
	for (; scan->line_pos < scan->pos; scan->line_pos++)
		scan->line += scan->text[scan->line_pos] == '\n';
	return scan->line;
}

static int scan_bad(struct scan *scan, const char *reason)
{
	return config_fail(scan->err, -EINVAL, "%s:%u: %s", scan->file, scan_line(scan), reason);
}

static int scan_remember(struct scan *scan)
{
	unsigned int line = scan_line(scan);
	struct json_object *first;

	if (json_object_object_get_ex(scan->index, scan->path, &first))
		return config_fail(scan->err, -EINVAL, "%s:%u: %s: given twice, first in line %d",
				   scan->file, line, scan->path, json_object_get_int(first));
	if (json_object_object_add(scan->index, scan->path, json_object_new_int((int)line)))
		return config_fail(scan->err, -ENOMEM, "%s: out of memory", scan->file);
	return 0;
}

/* Enters @name as the next step of the path, then scans its value. */
static int scan_member(struct scan *scan, int depth, const char *name)
{
	size_t old = scan->path_len;
	size_t add = strlen(name);
	int ret;

	if (old + add >= sizeof(scan->path))
		return scan_bad(scan, "the path of this key is too long");
	memcpy(scan->path + old, name, add + 1);
	scan->path_len = old + add;
	ret = scan_remember(scan);
	if (!ret)
		ret = scan_value(scan, depth);
	scan->path_len = old;
	scan->path[old] = '\0';
	return ret;
}

/* The key that starts here, as a step of the path; ".name", or "name" at the top. */
static int scan_key(struct scan *scan, char name[CONFIG_PATH_MAX])
{
	size_t start, len;

	scan_space(scan);
	/* json-c takes 'a' for a key, also where it is told to be strict. */
	if (scan->pos >= scan->len || scan->text[scan->pos] != '"')
		return scan_bad(scan, "no key where one must be");
	start = scan->pos + 1;
	len = skip_string(scan->text, scan->len, scan->pos) - 1 - start;
	if (!len || len + 2 > CONFIG_PATH_MAX)
		return scan_bad(scan, len ? "key too long" : "empty key");
	/* An escape could spell the same key in a second way. */
	if (memchr(scan->text + start, '\\', len))
		return scan_bad(scan, "key with an escape");
	snprintf(name, CONFIG_PATH_MAX, "%s%.*s", scan->path_len ? "." : "", (int)len,
		 scan->text + start);
	scan->pos = start + len + 1;
	return 0;
}

static int scan_object(struct scan *scan, int depth)
{
	char name[CONFIG_PATH_MAX];
	int ret;

	if (scan_take(scan, '}'))
		return 0;
	do {
		ret = scan_key(scan, name);
		if (!ret && !scan_take(scan, ':'))
			ret = scan_bad(scan, "no colon after the key");
		if (!ret)
			ret = scan_member(scan, depth, name);
		if (ret)
			return ret;
	} while (scan_take(scan, ','));
	return scan_take(scan, '}') ? 0 : scan_bad(scan, "object without an end");
}

static int scan_array(struct scan *scan, int depth)
{
	unsigned int index = 0;
	char name[16];
	int ret;

	if (scan_take(scan, ']'))
		return 0;
	do {
		scan_space(scan);
		snprintf(name, sizeof(name), "[%u]", index++);
		ret = scan_member(scan, depth, name);
		if (ret)
			return ret;
	} while (scan_take(scan, ','));
	return scan_take(scan, ']') ? 0 : scan_bad(scan, "array without an end");
}

static int scan_value(struct scan *scan, int depth)
{
	scan_space(scan);
	if (depth > CONFIG_DEPTH_MAX || scan->pos >= scan->len)
		return scan_bad(scan, "no value where one must be");
	if (scan_take(scan, '{'))
		return scan_object(scan, depth + 1);
	if (scan_take(scan, '['))
		return scan_array(scan, depth + 1);
	if (scan->text[scan->pos] == '"') {
		scan->pos = skip_string(scan->text, scan->len, scan->pos);
		return 0;
	}
	while (scan->pos < scan->len && !strchr(",]} \t\r\n", scan->text[scan->pos]))
		scan->pos++;
	return 0;
}

static int index_lines(struct config_text *text, struct config_error *err)
{
	struct scan scan = {
		.text = text->text,
		.len = text->len,
		.line = 1,
		.file = text->file,
		.err = err,
	};

	text->lines = json_object_new_object();
	if (!text->lines)
		return config_fail(err, -ENOMEM, "%s: out of memory", text->file);
	scan.index = text->lines;
	return scan_value(&scan, 0);
}

static int parse_json(struct config_text *text, struct config_error *err)
{
	struct json_tokener *tok = json_tokener_new_ex(CONFIG_DEPTH_MAX);
	enum json_tokener_error jerr;
	unsigned int line;

	if (!tok)
		return config_fail(err, -ENOMEM, "%s: out of memory", text->file);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	text->root = json_tokener_parse_ex(tok, text->text, (int)text->len);
	jerr = json_tokener_get_error(tok);
	line = line_at(text->text, json_tokener_get_parse_end(tok));
	json_tokener_free(tok);
	if (jerr == json_tokener_continue)
		return config_fail(err, -EINVAL, "%s:%u: the file ends within a value", text->file,
				   line);
	if (jerr != json_tokener_success)
		return config_fail(err, -EINVAL, "%s:%u: %s", text->file, line,
				   json_tokener_error_desc(jerr));
	if (!json_object_is_type(text->root, json_type_object))
		return config_fail(err, -EINVAL, "%s: the whole file must be one object, { ... }",
				   text->file);
	return 0;
}

static int parse(struct config_text *text, struct config_error *err)
{
	const char *nul = memchr(text->text, '\0', text->len);
	int ret;

	if (nul)
		return config_fail(err, -EINVAL, "%s:%u: NUL byte", text->file,
				   line_at(text->text, (size_t)(nul - text->text)));
	ret = blank_comments(text->text, text->len, text->file, err);
	if (!ret)
		ret = parse_json(text, err);
	if (!ret)
		ret = index_lines(text, err);
	return ret;
}

int config_text_parse(struct config_text *text, const char *file, const char *bytes, size_t len,
		      struct config_error *err)
{
	int ret;

	*text = (struct config_text){ .file = file, .len = len };
	if (len > CONFIG_FILE_MAX)
		return config_fail(err, -EFBIG, "%s: larger than %d bytes", file, CONFIG_FILE_MAX);
	text->text = malloc(len + 1);
	if (!text->text)
		return config_fail(err, -ENOMEM, "%s: out of memory", file);
	memcpy(text->text, bytes, len);
	text->text[len] = '\0';
	ret = parse(text, err);
	if (ret)
		config_text_free(text);
	return ret;
}

/* At most one byte above the limit: that much shows that the file is too large. */
static ssize_t read_all(int fd, char *bytes, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while (len < room) {
		n = read(fd, bytes + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int config_text_read(struct config_text *text, const char *file, struct config_error *err)
{
	char *bytes;
	ssize_t len;
	int fd, ret;

	*text = (struct config_text){ .file = file };
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		return config_fail(err, ret, "%s: %s", file, strerror(-ret));
	}
	bytes = malloc(CONFIG_FILE_MAX + 1);
	len = bytes ? read_all(fd, bytes, CONFIG_FILE_MAX + 1) : -ENOMEM;
	close(fd);
	if (len < 0)
		ret = config_fail(err, (int)len, "%s: %s", file, strerror((int)-len));
	else
		ret = config_text_parse(text, file, bytes, (size_t)len, err);
	free(bytes);
	return ret;
}

void config_text_free(struct config_text *text)
{
	json_object_put(text->root);
	json_object_put(text->lines);
	free(text->text);
	text->root = NULL;
	text->lines = NULL;
	text->text = NULL;
}

unsigned int config_text_line(const struct config_text *text, const char *path)
{
	char step[CONFIG_PATH_MAX];
	struct json_object *line;
	size_t len = strlen(path);

	while (len && len < sizeof(step)) {
		memcpy(step, path, len);
		step[len] = '\0';
		if (json_object_object_get_ex(text->lines, step, &line))
			return (unsigned int)json_object_get_int(line);
		while (len && step[len - 1] != '.' && step[len - 1] != '[')
			len--;
		len -= !!len;
	}
	return 0;
}
