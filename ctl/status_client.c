// SPDX-License-Identifier: GPL-2.0-or-later
/* status_client: asks spilld over its UNIX socket. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "status_client.h"

#define WAIT_S     5
#define PART_MAX   4096
#define ANSWER_MAX (16 * 1024 * 1024)

static int open_socket(const char *path)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A request is shorter than the socket's buffer, so it goes out whole. */
static int send_request(int fd, const char *request)
{
	struct iovec line[] = {
		{ (void *)request, strlen(request) },
		{ (void *)"\n", 1 },
	};
	const struct msghdr message = { .msg_iov = line, .msg_iovlen = 2 };

	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* As much as makes a document; what follows it is left. */
static int read_answer(int fd, struct json_tokener *tokener, struct json_object **answer)
{
	char part[PART_MAX];
	size_t total = 0;
	ssize_t got;

	while (total < ANSWER_MAX) {
		got = read(fd, part, sizeof(part));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!got)
			return -EPIPE;
		*answer = json_tokener_parse_ex(tokener, part, (int)got);
		if (*answer)
			return 0;
		if (json_tokener_get_error(tokener) != json_tokener_continue)
			return -EBADMSG;
		total += (size_t)got;
	}
	return -EMSGSIZE;
}

struct json_object *status_client_ask(const char *path, const char *request, char *error,
				      size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *answer = NULL;
	int fd = open_socket(path), err;

	err = fd < 0 ? fd : tokener ? send_request(fd, request) : -ENOMEM;
	if (!err)
		err = read_answer(fd, tokener, &answer);
	if (err)
		snprintf(error, size, "%s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	if (tokener)
		json_tokener_free(tokener);
	return answer;
}
