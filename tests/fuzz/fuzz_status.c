// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The status socket: a client that says anything. It is asked at most once, with the
 * first line and nothing else, if that is not too long.
 */
#include <event2/event.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "status_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char path[64];
static struct event_base *base;
static struct status_server *server;
static unsigned int asked;
static const uint8_t *said;
static size_t said_len;

/* Length of a first line that may be asked, or -1. */
static long question(void)
{
	const uint8_t *end = memchr(said, '\n', said_len);
	size_t len = end ? (size_t)(end - said) : said_len;

	if (!end || len > STATUS_REQUEST_MAX || memchr(said, '\0', len))
		return -1;
	return (long)len;
}

static struct json_object *answer(void *ctx, const char *request)
{
	long len = question();

	(void)ctx;
	if (asked++ || len < 0 || strlen(request) != (size_t)len ||
	    memcmp(request, said, (size_t)len))
		abort();
	return json_object_new_string(request);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char error[256];

	(void)argc;
	(void)argv;
	snprintf(path, sizeof(path), "/tmp/fuzz_status.%d", (int)getpid());
	base = event_base_new();
	server = base ? status_server_open(base, path, answer, NULL, error, sizeof(error)) : NULL;
	if (!server)
		abort();
	return 0;
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		abort();
	return fd;
}

static void serve(int rounds)
{
	while (rounds--)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The first byte says where to pause. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first;
	int fd;

	if (!size || size > 4096)
		return 0;
	said = data + 1;
	said_len = size - 1;
	first = said_len * data[0] / 255;
	asked = 0;
	fd = dial();
	if (send(fd, said, first, MSG_NOSIGNAL) == (ssize_t)first) {
		serve(2);
		send(fd, said + first, said_len - first, MSG_NOSIGNAL);
	}
	serve(3);
	if (question() >= 0 && asked != 1)
		abort();
	close(fd);
	serve(2);
	return 0;
}
