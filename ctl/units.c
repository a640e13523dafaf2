// SPDX-License-Identifier: GPL-2.0-or-later
/* units: durations and rates as text, read strictly. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct unit {
	const char *name;
	uint64_t mul;
	uint64_t div;
};

/* Smallest first: the formatters look from the end. */
static const struct unit durations[] = {
	{ "ms", 1, 1 },
	{ "s", 1000, 1 },
	{ "m", 60 * 1000, 1 },
	{ "h", 3600 * 1000, 1 },
	{ "d", 24 * 3600 * 1000, 1 },
};

static const struct unit rates[] = {
	{ "bit", 1, 8 }, { "kbit", 1000, 8 }, { "mbit", 1000000, 8 }, { "gbit", 1000000000, 8 },
	{ "B/s", 1, 1 }, { "kB/s", 1000, 1 }, { "MB/s", 1000000, 1 }, { "GB/s", 1000000000, 1 },
};

static const struct unit *unit_by_name(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(units[i].name, name))
			return &units[i];
	}
	return NULL;
}

/*
 * Not strtoull(): it takes a sign, leading space and octal or hexadecimal forms, and
 * turns "-1" into the largest number there is.
 */
static int parse_digits(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	*text = p;
	*number = value;
	return 0;
}

static int parse(const char *text, const struct unit *units, size_t n, uint64_t *result)
{
	const struct unit *unit;
	uint64_t value;
	int ret;

	ret = parse_digits(&text, &value);
	if (ret)
		return ret;
	unit = unit_by_name(units, n, text);
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(value, unit->mul, &value))
		return -ERANGE;
	*result = value / unit->div;
	return 0;
}

int units_parse_duration(const char *text, uint64_t *ms)
{
	return parse(text, durations, ARRAY_SIZE(durations), ms);
}

int units_parse_rate(const char *text, uint64_t *rate)
{
	return parse(text, rates, ARRAY_SIZE(rates), rate);
}

void units_format_duration(uint64_t ms, char text[UNITS_TEXT_MAX])
{
	size_t i = ARRAY_SIZE(durations) - 1;

	while (i && (!ms || ms % durations[i].mul))
		i--;
	snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "%s", ms / durations[i].mul, durations[i].name);
}

/* Bits, as links are sold and shaped; bytes only where bits would overflow. */
void units_format_rate(uint64_t rate, char text[UNITS_TEXT_MAX])
{
	size_t i = 3;
	uint64_t bits;

	if (__builtin_mul_overflow(rate, 8, &bits)) {
		snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "B/s", rate);
		return;
	}
	while (i && (!bits || bits % rates[i].mul))
		i--;
	snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "%s", bits / rates[i].mul, rates[i].name);
}
