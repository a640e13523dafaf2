/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status_client: asks spilld over its UNIX socket; the other end is status_server. */
#ifndef SPILLWAY_CTL_STATUS_CLIENT_H
#define SPILLWAY_CTL_STATUS_CLIENT_H

#include <stddef.h>

struct json_object;

/**
 * status_client_ask() - one question, one answer
 * @path: of the socket
 * @request: one line without its newline; see report.h
 * @error: says what went wrong on failure
 * @size: of @error
 *
 * Waits a few seconds at most for a spilld that does not answer.
 *
 * Return: a document for the caller to put, or NULL.
 */
struct json_object *status_client_ask(const char *path, const char *request, char *error,
				      size_t size);

#endif /* SPILLWAY_CTL_STATUS_CLIENT_H */
