// SPDX-License-Identifier: GPL-2.0-or-later
/* text: numbers as people read them, three digits and a unit. */
#include <stdio.h>

#include "spillctl.h"

static const char *scaled(double value, const char *unit, char *text)
{
	static const char prefixes[] = " kMGTPE";
	int i = 0;

	while (value >= 999.5 && i < 6) {
		value /= 1000;
		i++;
	}
	if (i)
		snprintf(text, TEXT_MAX, "%.*f%c%s", value < 9.95 ? 1 : 0, value, prefixes[i],
			 unit);
	else
		snprintf(text, TEXT_MAX, "%.0f%s", value, unit);
	return text;
}

const char *text_number(uint64_t number, char *text)
{
	snprintf(text, TEXT_MAX, "%llu", (unsigned long long)number);
	return text;
}

const char *text_bytes(uint64_t bytes, char *text)
{
	return scaled((double)bytes, "B", text);
}

/* Rates are told in bits, as tc and ss tell them. */
const char *text_rate(uint64_t rate, char *text)
{
	return scaled((double)rate * 8, "bit", text);
}

const char *text_time_ms(uint64_t ms, char *text)
{
	if (ms < 1000)
		snprintf(text, TEXT_MAX, "%ums", (unsigned int)ms);
	else if (ms < 60 * 1000)
		snprintf(text, TEXT_MAX, "%.1fs", (double)ms / 1000);
	else if (ms < 60 * 60 * 1000)
		snprintf(text, TEXT_MAX, "%um%02us", (unsigned int)(ms / 60000),
			 (unsigned int)(ms / 1000 % 60));
	else
		snprintf(text, TEXT_MAX, "%lluh%02um", (unsigned long long)(ms / 3600000),
			 (unsigned int)(ms / 60000 % 60));
	return text;
}

const char *text_time_us(uint64_t us, char *text)
{
	if (us < 1000)
		snprintf(text, TEXT_MAX, "%uus", (unsigned int)us);
	else
		snprintf(text, TEXT_MAX, "%.1fms", (double)us / 1000);
	return text;
}

const char *text_permille(uint32_t permille, char *text)
{
	snprintf(text, TEXT_MAX, "%.0f%%", permille / 10.0);
	return text;
}
