/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address: an IPv4 or IPv6 address, as words and as a value. */
#ifndef SPILLWAY_CTL_ADDRESS_H
#define SPILLWAY_CTL_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct address - an address without a port; all bytes 0: none
 * @family: AF_INET, AF_INET6, or AF_UNSPEC for none
 * @v4: network order
 * @v6: network order
 */
struct address {
	uint8_t family;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* Room for an address in words, and for one in brackets with a port. */
#define ADDRESS_TEXT_MAX  INET6_ADDRSTRLEN
#define ENDPOINT_TEXT_MAX (INET6_ADDRSTRLEN + sizeof("[]:65535"))

/**
 * address_parse() - read @len characters as an address, with no port nor zone
 *
 * Return: false where they are none; @address is then untouched.
 */
bool address_parse(const char *text, size_t len, struct address *address);

/**
 * address_split() - read ADDRESS, ADDRESS:PORT, [ADDRESS] or [ADDRESS]:PORT
 * @port: receives what is behind the last colon, or NULL where there is none
 *
 * IPv6 stands in brackets (RFC 3986), since its last group could be a port.
 *
 * Return: false where there is no such address.
 */
bool address_split(const char *text, struct address *address, const char **port);

/* @text has room for ADDRESS_TEXT_MAX; "-" for none. */
const char *address_text(const struct address *address, char *text);
/* @text has room for ENDPOINT_TEXT_MAX. */
const char *endpoint_text(const struct address *address, uint16_t port, char *text);

bool address_equal(const struct address *a, const struct address *b);
/* Bits of a whole address. */
unsigned int address_bits(const struct address *address);
/* Bytes at @v4 or @v6. */
size_t address_size(const struct address *address);

#endif /* SPILLWAY_CTL_ADDRESS_H */
