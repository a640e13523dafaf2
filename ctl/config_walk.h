/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_walk: from a JSON document to a plain struct, by a table: what each key is
 * called, its type, its limits, its default, and where it goes. It knows nothing of
 * what the keys mean.
 */
#ifndef SPILLWAY_CTL_CONFIG_WALK_H
#define SPILLWAY_CTL_CONFIG_WALK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "config_text.h"

#define CONFIG_PORTS_MAX 16

/**
 * enum config_type - types of a key, with what is at the offset
 * @CONFIG_STRING: char[], @min to @max bytes, no control characters
 * @CONFIG_NAME: the same, of letters, digits, '.', '_' and '-' only
 * @CONFIG_UINT: uint32_t
 * @CONFIG_BOOL: bool
 * @CONFIG_RATIO: double; @min and @max in thousandths
 * @CONFIG_DURATION: uint64_t milliseconds, see units.h
 * @CONFIG_RATE: uint64_t bytes a second, see units.h
 * @CONFIG_FLAGS: uint32_t, bit n set for the n-th of @names; an array of these
 * @CONFIG_ADDRESS: struct address
 * @CONFIG_ENDPOINT: struct config_endpoint, "ADDR:PORT" or "[ADDR]:PORT"
 * @CONFIG_KEY: uint8_t[32], base64; a public key, so it may be told in errors
 * @CONFIG_PORTS: struct config_ports, a port or an array of ports
 * @CONFIG_OBJECT: as @sub says
 * @CONFIG_ARRAY: pointer to an array of objects as @sub says, allocated; @min to
 *	@max of them, their number a size_t at @count_offset
 */
enum config_type {
	CONFIG_STRING,
	CONFIG_NAME,
	CONFIG_UINT,
	CONFIG_BOOL,
	CONFIG_RATIO,
	CONFIG_DURATION,
	CONFIG_RATE,
	CONFIG_FLAGS,
	CONFIG_ADDRESS,
	CONFIG_ENDPOINT,
	CONFIG_KEY,
	CONFIG_PORTS,
	CONFIG_OBJECT,
	CONFIG_ARRAY,
};

struct config_endpoint {
	struct address addr;
	uint16_t port;
};

struct config_ports {
	uint16_t port[CONFIG_PORTS_MAX];
	unsigned int count;
};

/**
 * struct config_field - one key of an object
 * @key: its name; NULL ends a table
 * @type: see &enum config_type
 * @offset: from the start of the object's struct
 * @min: smallest value, length or count
 * @max: largest; for strings the array at @offset has one byte more
 * @dflt: JSON text of the value where the key is not given
 * @optional: may be left out though it has no default: then all bytes are 0
 * @names: NULL-terminated, for %CONFIG_FLAGS
 * @sub: for %CONFIG_OBJECT and %CONFIG_ARRAY
 * @size: of an element, for %CONFIG_ARRAY
 * @count_offset: see %CONFIG_ARRAY
 */
struct config_field {
	const char *key;
	enum config_type type;
	size_t offset;
	uint64_t min;
	uint64_t max;
	const char *dflt;
	bool optional;
	const char *const *names;
	const struct config_field *sub;
	size_t size;
	size_t count_offset;
};

/**
 * config_walk() - fill a struct from a document
 * @text: the document
 * @fields: its table
 * @base: the struct, zeroed by the caller. Arrays in it may have been allocated also
 *	where the walk failed: config_walk_free().
 * @err: filled on failure
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int config_walk(const struct config_text *text, const struct config_field *fields, void *base,
		struct config_error *err);

/* Frees the arrays that config_walk() allocated. */
void config_walk_free(const struct config_field *fields, void *base);

/**
 * config_fail_at() - an error about the value at a path
 *
 * Return: -EINVAL.
 */
int config_fail_at(const struct config_text *text, struct config_error *err, const char *path,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif /* SPILLWAY_CTL_CONFIG_WALK_H */
