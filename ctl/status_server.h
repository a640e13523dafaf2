/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_server: the UNIX socket on which spilld is asked how it is.
 *
 * A client connects, writes one line and reads one line, a JSON document; then the
 * connection ends. There is no way to change anything. The socket has mode 0600.
 */
#ifndef SPILLWAY_CTL_STATUS_SERVER_H
#define SPILLWAY_CTL_STATUS_SERVER_H

#include <stddef.h>

#define STATUS_CLIENTS_MAX 16
#define STATUS_REQUEST_MAX 64 /* bytes of a request, without its newline */
#define STATUS_TIMEOUT_S   5  /* from connect to the end of the answer */

struct event_base;
struct json_object;
struct status_server;

/**
 * typedef status_answer_fn - what is answered
 * @request: one line without its newline
 *
 * Return: a document, which the server releases; NULL for out of memory.
 */
typedef struct json_object *(*status_answer_fn)(void *ctx, const char *request);

/**
 * status_server_open() - listen
 * @path: of the socket; one that nobody listens on any more is replaced
 * @error: says what went wrong on failure
 *
 * Return: the server, or NULL.
 */
struct status_server *status_server_open(struct event_base *base, const char *path,
					 status_answer_fn answer, void *ctx, char *error,
					 size_t size);

/* Ends all clients and removes the socket. */
void status_server_close(struct status_server *server);

#endif /* SPILLWAY_CTL_STATUS_SERVER_H */
