// SPDX-License-Identifier: GPL-2.0-or-later
/* address: an IPv4 or IPv6 address, as words and as a value. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

bool address_parse(const char *text, size_t len, struct address *address)
{
	struct address got = { .family = AF_INET };
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (memchr(host, ':', len))
		got.family = AF_INET6;
	if (strlen(host) != len || inet_pton(got.family, host, &got.v6) != 1)
		return false;
	*address = got;
	return true;
}

static bool split_brackets(const char *text, struct address *address, const char **port)
{
	const char *end = strchr(text, ']');
	struct address got;

	if (!end || (end[1] && end[1] != ':'))
		return false;
	*port = end[1] ? end + 2 : NULL;
	if (!address_parse(text, (size_t)(end - text), &got) || got.family != AF_INET6)
		return false;
	*address = got;
	return true;
}

bool address_split(const char *text, struct address *address, const char **port)
{
	const char *colon = strchr(text, ':');

	if (*text == '[')
		return split_brackets(text + 1, address, port);
	*port = colon ? colon + 1 : NULL;
	return address_parse(text, colon ? (size_t)(colon - text) : strlen(text), address);
}

const char *address_text(const struct address *address, char *text)
{
	if (!address->family)
		return strcpy(text, "-");
	return inet_ntop(address->family, &address->v6, text, ADDRESS_TEXT_MAX);
}

const char *endpoint_text(const struct address *address, uint16_t port, char *text)
{
	const char *format = address->family == AF_INET6 ? "[%s]:%u" : "%s:%u";
	char host[ADDRESS_TEXT_MAX];

	snprintf(text, ENDPOINT_TEXT_MAX, format, address_text(address, host), port);
	return text;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(&a->v6, &b->v6, address_size(a));
}

unsigned int address_bits(const struct address *address)
{
	return (unsigned int)address_size(address) * 8;
}

size_t address_size(const struct address *address)
{
	switch (address->family) {
	case AF_INET:
		return sizeof(address->v4);
	case AF_INET6:
		return sizeof(address->v6);
	default:
		return 0;
	}
}
