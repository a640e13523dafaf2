// SPDX-License-Identifier: GPL-2.0-or-later
/* config_walk: from a JSON document to a plain struct, by a table. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_walk.h"
#include "keyfile.h"
#include "units.h"

/* Where the walk is. */
struct walk {
	const struct config_text *text;
	struct config_error *err;
	char path[CONFIG_PATH_MAX];
	size_t len;
};

static int walk_object(struct walk *walk, const struct config_field *fields,
		       struct json_object *object, void *base);

int config_fail_at(const struct config_text *text, struct config_error *err, const char *path,
		   const char *fmt, ...)
{
	unsigned int line = config_text_line(text, path);
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (line)
		return config_fail(err, -EINVAL, "%s:%u: %s: %s", text->file, line, path, reason);
	return config_fail(err, -EINVAL, "%s: %s: %s", text->file, path, reason);
}

#define walk_fail(walk, fmt, ...) \
	config_fail_at((walk)->text, (walk)->err, (walk)->path, fmt, ##__VA_ARGS__)

static int walk_nomem(struct walk *walk)
{
	return config_fail(walk->err, -ENOMEM, "%s: out of memory", walk->text->file);
}

/* Enters a step of the path; the return value goes to walk_leave(). */
static size_t walk_enter(struct walk *walk, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static size_t walk_enter(struct walk *walk, const char *fmt, ...)
{
	size_t room = sizeof(walk->path) - walk->len;
	size_t old = walk->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(walk->path + old, room, fmt, ap);
	va_end(ap);
	walk->len += n < 0 ? 0 : (size_t)n >= room ? room - 1 : (size_t)n;
	return old;
}

static void walk_leave(struct walk *walk, size_t old)
{
	walk->len = old;
	walk->path[old] = '\0';
}

static int wrong_type(struct walk *walk, const char *wanted, struct json_object *value)
{
	return walk_fail(walk, "must be %s, not %s", wanted,
			 json_type_to_name(json_object_get_type(value)));
}

/* A string without NUL and control characters, as C takes it; NULL after an error. */
static const char *get_string(struct walk *walk, const char *wanted, struct json_object *value)
{
	const char *string;

	if (!json_object_is_type(value, json_type_string)) {
		wrong_type(walk, wanted, value);
		return NULL;
	}
	string = json_object_get_string(value);
	for (int i = 0; i < json_object_get_string_len(value); i++) {
		if ((unsigned char)string[i] < ' ' || string[i] == 0x7f) {
			walk_fail(walk, "has a control character");
			return NULL;
		}
	}
	return string;
}

static int set_string(struct walk *walk, const struct config_field *field,
		      struct json_object *value, char *to)
{
	const char *string = get_string(walk, "a string", value);
	size_t len;

	if (!string)
		return -EINVAL;
	len = strlen(string);
	if (len < field->min || len > field->max)
		return walk_fail(walk, "has %zu bytes, must have %" PRIu64 " to %" PRIu64, len,
				 field->min, field->max);
	if (field->type == CONFIG_NAME &&
	    strspn(string, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    len)
		return walk_fail(walk, "\"%s\": only letters, digits, '.', '_' and '-' may be used",
				 string);
	memcpy(to, string, len + 1);
	return 0;
}

static int get_uint(struct walk *walk, uint64_t min, uint64_t max, struct json_object *value,
		    uint64_t *number)
{
	const char *text = json_object_to_json_string(value);

	if (!json_object_is_type(value, json_type_int))
		return wrong_type(walk, "an integer", value);
	/* A negative number would come out of get_uint64() as 0. */
	if (json_object_get_int64(value) < 0 || json_object_get_uint64(value) < min)
		return walk_fail(walk, "%s is below %" PRIu64, text, min);
	if (json_object_get_uint64(value) > max)
		return walk_fail(walk, "%s is above %" PRIu64, text, max);
	*number = json_object_get_uint64(value);
	return 0;
}

static int set_uint(struct walk *walk, const struct config_field *field, struct json_object *value,
		    uint32_t *to)
{
	uint64_t number;
	int ret = get_uint(walk, field->min, field->max, value, &number);

	if (!ret)
		*to = (uint32_t)number;
	return ret;
}

static int set_bool(struct walk *walk, struct json_object *value, bool *to)
{
	if (!json_object_is_type(value, json_type_boolean))
		return wrong_type(walk, "true or false", value);
	*to = json_object_get_boolean(value);
	return 0;
}

static int set_ratio(struct walk *walk, const struct config_field *field, struct json_object *value,
		     double *to)
{
	double ratio = json_object_get_double(value);

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return wrong_type(walk, "a number", value);
	/* Also true of NaN, which JSON cannot say, but a later json-c might. */
	if (!(ratio >= (double)field->min / 1000))
		return walk_fail(walk, "%s is below %g", json_object_to_json_string(value),
				 (double)field->min / 1000);
	if (!(ratio <= (double)field->max / 1000))
		return walk_fail(walk, "%s is above %g", json_object_to_json_string(value),
				 (double)field->max / 1000);
	*to = ratio;
	return 0;
}

static int set_quantity(struct walk *walk, const struct config_field *field,
			struct json_object *value, uint64_t *to)
{
	bool rate = field->type == CONFIG_RATE;
	const char *string = get_string(
		walk, rate ? "a rate such as \"20mbit\"" : "a duration such as \"30s\"", value);
	char limit[UNITS_TEXT_MAX];
	uint64_t number;
	int ret;

	if (!string)
		return -EINVAL;
	ret = rate ? units_parse_rate(string, &number) : units_parse_duration(string, &number);
	if (ret == -EINVAL)
		return walk_fail(walk, "\"%s\" is not a %s", string,
				 rate ? "rate such as 20mbit or 2500kB/s" :
					"duration such as 250ms, 30s, 10m, 2h, 14d");
	if (!ret && number >= field->min && number <= field->max) {
		*to = number;
		return 0;
	}
	if (!ret && number < field->min) {
		rate ? units_format_rate(field->min, limit) :
		       units_format_duration(field->min, limit);
		return walk_fail(walk, "%s is below %s", string, limit);
	}
	rate ? units_format_rate(field->max, limit) : units_format_duration(field->max, limit);
	return walk_fail(walk, "%s is above %s", string, limit);
}

/* "cpu, memory, network": what may be said. */
static void list_names(const char *const *names, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (; *names && len < size; names++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", *names);
}

static int set_flag(struct walk *walk, const struct config_field *field, struct json_object *value,
		    uint32_t *to)
{
	const char *string = get_string(walk, "a string", value);
	char known[256];

	if (!string)
		return -EINVAL;
	for (unsigned int bit = 0; field->names[bit]; bit++) {
		if (strcmp(field->names[bit], string))
			continue;
		if (*to & 1U << bit)
			return walk_fail(walk, "\"%s\" is given twice", string);
		*to |= 1U << bit;
		return 0;
	}
	list_names(field->names, known, sizeof(known));
	return walk_fail(walk, "\"%s\" is none of %s", string, known);
}

static int set_flags(struct walk *walk, const struct config_field *field, struct json_object *value,
		     uint32_t *to)
{
	size_t count, old;
	int ret = 0;

	if (!json_object_is_type(value, json_type_array))
		return wrong_type(walk, "an array", value);
	count = json_object_array_length(value);
	if (count < field->min)
		return walk_fail(walk, "must not be empty");
	for (size_t i = 0; i < count && !ret; i++) {
		old = walk_enter(walk, "[%zu]", i);
		ret = set_flag(walk, field, json_object_array_get_idx(value, i), to);
		walk_leave(walk, old);
	}
	return ret;
}

static int set_address(struct walk *walk, struct json_object *value, struct address *to)
{
	const char *string = get_string(walk, "an IP address", value);

	if (!string)
		return -EINVAL;
	if (!address_parse(string, strlen(string), to))
		return walk_fail(walk, "\"%s\" is not an IP address", string);
	return 0;
}

static int set_endpoint(struct walk *walk, struct json_object *value, struct config_endpoint *to)
{
	const char *string = get_string(walk, "\"ADDRESS:PORT\"", value);
	const char *behind;
	unsigned int port;
	int end = 0;

	if (!string)
		return -EINVAL;
	/* %u alone would take a sign and leading space. */
	if (!address_split(string, &to->addr, &behind) || !behind ||
	    strspn(behind, "0123456789") > 5 || *behind < '0' || *behind > '9' ||
	    sscanf(behind, "%5u%n", &port, &end) != 1 || behind[end])
		return walk_fail(walk, "\"%s\" is not ADDRESS:PORT or [IPV6-ADDRESS]:PORT", string);
	if (!port || port > 65535)
		return walk_fail(walk, "port %u is not within 1 to 65535", port);
	to->port = (uint16_t)port;
	return 0;
}

static int set_key(struct walk *walk, struct json_object *value, uint8_t to[SPILLWAY_KEY_LEN])
{
	static const uint8_t zero[SPILLWAY_KEY_LEN];
	const char *string = get_string(walk, "a public key in base64", value);

	if (!string)
		return -EINVAL;
	/* Zero is a point of small order: anybody could sign for it. */
	if (keyfile_decode(string, to) || !memcmp(to, zero, sizeof(zero)))
		return walk_fail(walk, "\"%s\" is not a public key (spillctl pubkey)", string);
	return 0;
}

static int add_port(struct walk *walk, struct json_object *value, struct config_ports *to)
{
	uint64_t port;
	int ret = get_uint(walk, 1, 65535, value, &port);

	if (!ret)
		to->port[to->count++] = (uint16_t)port;
	return ret;
}

static int set_ports(struct walk *walk, struct json_object *value, struct config_ports *to)
{
	size_t count, old;
	int ret = 0;

	if (!json_object_is_type(value, json_type_array))
		return add_port(walk, value, to);
	count = json_object_array_length(value);
	if (!count || count > CONFIG_PORTS_MAX)
		return walk_fail(walk, "has %zu ports, must have 1 to %d", count, CONFIG_PORTS_MAX);
	for (size_t i = 0; i < count && !ret; i++) {
		old = walk_enter(walk, "[%zu]", i);
		ret = add_port(walk, json_object_array_get_idx(value, i), to);
		walk_leave(walk, old);
	}
	return ret;
}

static int set_array(struct walk *walk, const struct config_field *field, struct json_object *value,
		     void *base)
{
	size_t *count = (size_t *)((char *)base + field->count_offset);
	char **to = (char **)((char *)base + field->offset);
	size_t n, old;
	int ret = 0;

	if (!json_object_is_type(value, json_type_array))
		return wrong_type(walk, "an array", value);
	n = json_object_array_length(value);
	if (n < field->min || n > field->max)
		return walk_fail(walk, "has %zu entries, must have %" PRIu64 " to %" PRIu64, n,
				 field->min, field->max);
	*to = calloc(n ? n : 1, field->size);
	if (!*to)
		return walk_nomem(walk);
	*count = n;
	for (size_t i = 0; i < n && !ret; i++) {
		old = walk_enter(walk, "[%zu]", i);
		ret = walk_object(walk, field->sub, json_object_array_get_idx(value, i),
				  *to + i * field->size);
		walk_leave(walk, old);
	}
	return ret;
}

static int set_value(struct walk *walk, const struct config_field *field, struct json_object *value,
		     void *base)
{
	void *to = (char *)base + field->offset;

	switch (field->type) {
	case CONFIG_STRING:
	case CONFIG_NAME:
		return set_string(walk, field, value, to);
	case CONFIG_UINT:
		return set_uint(walk, field, value, to);
	case CONFIG_BOOL:
		return set_bool(walk, value, to);
	case CONFIG_RATIO:
		return set_ratio(walk, field, value, to);
	case CONFIG_DURATION:
	case CONFIG_RATE:
		return set_quantity(walk, field, value, to);
	case CONFIG_FLAGS:
		return set_flags(walk, field, value, to);
	case CONFIG_ADDRESS:
		return set_address(walk, value, to);
	case CONFIG_ENDPOINT:
		return set_endpoint(walk, value, to);
	case CONFIG_KEY:
		return set_key(walk, value, to);
	case CONFIG_PORTS:
		return set_ports(walk, value, to);
	case CONFIG_OBJECT:
		return walk_object(walk, field->sub, value, to);
	case CONFIG_ARRAY:
		return set_array(walk, field, value, base);
	}
	return -EINVAL;
}

/* A key that was not given. Defaults go the way of given values, through the limits. */
static int set_default(struct walk *walk, const struct config_field *field, void *base)
{
	struct json_object *value;
	int ret;

	if (!field->dflt)
		return field->optional ? 0 : walk_fail(walk, "must be given");
	value = json_tokener_parse(field->dflt);
	if (!value)
		return walk_nomem(walk);
	ret = set_value(walk, field, value, base);
	json_object_put(value);
	return ret;
}

/* Edit distance (Levenshtein), without regard to case; keys are short. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[64];
	unsigned int corner, up, best;
	size_t len = strlen(b);

	if (len >= sizeof(row) / sizeof(row[0]))
		return ~0U;
	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; a[i]; i++) {
		corner = row[0]++;
		for (size_t j = 0; j < len; j++) {
			up = row[j + 1];
			best = corner + !!strncasecmp(a + i, b + j, 1);
			if (up + 1 < best)
				best = up + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
			corner = up;
		}
	}
	return row[len];
}

static int unknown_key(struct walk *walk, const struct config_field *fields, const char *key)
{
	const char *names[32] = { NULL };
	unsigned int best = ~0U, d;
	const char *nearest = NULL;
	char known[256];
	size_t n = 0;

	for (; fields->key; fields++) {
		d = distance(key, fields->key);
		if (d < best) {
			best = d;
			nearest = fields->key;
		}
		if (n < 31)
			names[n++] = fields->key;
	}
	if (nearest && best <= 1 + strlen(nearest) / 3)
		return walk_fail(walk, "unknown key; did you mean \"%s\"?", nearest);
	list_names(names, known, sizeof(known));
	return walk_fail(walk, "unknown key; known here: %s", known);
}

static int refuse_unknown(struct walk *walk, const struct config_field *fields,
			  struct json_object *object)
{
	const struct config_field *field;
	size_t old;
	int ret;

	json_object_object_foreach(object, key, value)
	{
		(void)value;
		for (field = fields; field->key && strcmp(field->key, key); field++)
			;
		if (field->key)
			continue;
		old = walk_enter(walk, "%s%s", walk->len ? "." : "", key);
		ret = unknown_key(walk, fields, key);
		walk_leave(walk, old);
		return ret;
	}
	return 0;
}

static int walk_object(struct walk *walk, const struct config_field *fields,
		       struct json_object *object, void *base)
{
	struct json_object *value;
	size_t old;
	int ret;

	if (!json_object_is_type(object, json_type_object))
		return wrong_type(walk, "an object", object);
	ret = refuse_unknown(walk, fields, object);
	for (; fields->key && !ret; fields++) {
		old = walk_enter(walk, "%s%s", walk->len ? "." : "", fields->key);
		if (json_object_object_get_ex(object, fields->key, &value))
			ret = set_value(walk, fields, value, base);
		else
			ret = set_default(walk, fields, base);
		walk_leave(walk, old);
	}
	return ret;
}

int config_walk(const struct config_text *text, const struct config_field *fields, void *base,
		struct config_error *err)
{
	struct walk walk = { .text = text, .err = err };

	return walk_object(&walk, fields, text->root, base);
}

void config_walk_free(const struct config_field *fields, void *base)
{
	char **array;

	for (; fields->key; fields++) {
		if (fields->type == CONFIG_OBJECT)
			config_walk_free(fields->sub, (char *)base + fields->offset);
		if (fields->type != CONFIG_ARRAY)
			continue;
		array = (char **)((char *)base + fields->offset);
		free(*array);
		*array = NULL;
	}
}
