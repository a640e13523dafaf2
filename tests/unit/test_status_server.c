// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The status socket: one question, one answer, then the end; and clients that ask for
 * too much, too slowly, too often, or not at all.
 */
#include <errno.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "status_server.h"

#include "kselftest_harness.h"

#define QUITE_LONG 100000 /* bytes of an answer that does not fit a socket at once */

FIXTURE(socket)
{
	char dir[64];
	char path[96];
	char error[256];
	char reply[2 * QUITE_LONG];
	struct event_base *base;
	struct status_server *server;
	unsigned int asked;
};

static struct json_object *echo(void *ctx, const char *request)
{
	FIXTURE_DATA(socket) *self = ctx;
	struct json_object *doc = json_object_new_object();
	static char text[QUITE_LONG];

	self->asked++;
	json_object_object_add(doc, "asked", json_object_new_string(request));
	if (!strcmp(request, "long")) {
		memset(text, 'x', sizeof(text) - 1);
		json_object_object_add(doc, "text", json_object_new_string(text));
	}
	return doc;
}

FIXTURE_SETUP(socket)
{
	strcpy(self->dir, "/tmp/test_status.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/sock", self->dir);
	self->asked = 0;
	self->base = event_base_new();
	ASSERT_NE(NULL, self->base);
	self->server = status_server_open(self->base, self->path, echo, self, self->error,
					  sizeof(self->error));
	ASSERT_NE(NULL, self->server)
	{
		TH_LOG("%s", self->error);
	}
}

FIXTURE_TEARDOWN(socket)
{
	status_server_close(self->server);
	event_base_free(self->base);
	EXPECT_EQ(-1, access(self->path, F_OK));
	rmdir(self->dir);
}

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Serves until the server ends the connection, or @ms have passed (-ETIME), and
 * gathers what it said.
 */
static int drain(struct event_base *base, int fd, char *reply, size_t size, long ms)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	size_t len = 0;
	ssize_t n;

	for (long i = 0; i < ms; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		while ((n = read(fd, reply + len, size - 1 - len)) > 0)
			len += (size_t)n;
		reply[len] = '\0';
		if (!n || errno == ECONNRESET)
			return (int)len;
		nanosleep(&tick, NULL);
	}
	return -ETIME;
}

#define DRAIN(fd)     drain(self->base, fd, self->reply, sizeof(self->reply), 3000)
#define SAY(fd, text) ASSERT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)))

TEST_F(socket, answers_and_ends)
{
	struct stat st;
	int fd = dial(self->path);

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
	SAY(fd, "status\n");
	ASSERT_GT(DRAIN(fd), 0);
	EXPECT_STREQ("{\"asked\":\"status\"}\n", self->reply);
	close(fd);
	/* In pieces, and with the client's side shut. */
	fd = dial(self->path);
	SAY(fd, "hist");
	event_base_loop(self->base, EVLOOP_NONBLOCK);
	SAY(fd, "ory 60\n");
	shutdown(fd, SHUT_WR);
	ASSERT_GT(DRAIN(fd), 0);
	EXPECT_STREQ("{\"asked\":\"history 60\"}\n", self->reply);
	close(fd);
}

TEST_F(socket, long_answer)
{
	int fd = dial(self->path);

	SAY(fd, "long\n");
	EXPECT_GT(DRAIN(fd), QUITE_LONG);
	EXPECT_EQ('\n', self->reply[strlen(self->reply) - 1]);
	close(fd);
}

TEST_F(socket, one_question_each)
{
	int fd = dial(self->path);

	SAY(fd, "a\nb\nc\n");
	ASSERT_GT(DRAIN(fd), 0);
	EXPECT_STREQ("{\"asked\":\"a\"}\n", self->reply);
	EXPECT_EQ(1U, self->asked);
	close(fd);
}

TEST_F(socket, too_long_a_question)
{
	char text[STATUS_REQUEST_MAX + 3];
	int fd = dial(self->path);

	memset(text, 'q', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	SAY(fd, text);
	EXPECT_EQ(0, DRAIN(fd));
	EXPECT_EQ(0U, self->asked);
	close(fd);
	/* The longest that is allowed. */
	fd = dial(self->path);
	text[STATUS_REQUEST_MAX] = '\n';
	text[STATUS_REQUEST_MAX + 1] = '\0';
	SAY(fd, text);
	EXPECT_GT(DRAIN(fd), STATUS_REQUEST_MAX);
	EXPECT_EQ(1U, self->asked);
	close(fd);
}

TEST_F(socket, bytes_that_are_not_text)
{
	int fd = dial(self->path);

	ASSERT_EQ(7, write(fd, "sta\0us\n", 7));
	EXPECT_EQ(0, DRAIN(fd));
	EXPECT_EQ(0U, self->asked);
	close(fd);
}

TEST_F(socket, silent_client_is_ended)
{
	time_t begin = time(NULL);
	int fd = dial(self->path);

	EXPECT_EQ(0, drain(self->base, fd, self->reply, sizeof(self->reply),
			   (STATUS_TIMEOUT_S + 4) * 1000));
	EXPECT_GE(time(NULL) - begin, STATUS_TIMEOUT_S - 1);
	close(fd);
}

TEST_F(socket, too_many_clients)
{
	int fds[STATUS_CLIENTS_MAX];
	int fd;

	for (int i = 0; i < STATUS_CLIENTS_MAX; i++) {
		fds[i] = dial(self->path);
		ASSERT_GE(fds[i], 0);
		event_base_loop(self->base, EVLOOP_NONBLOCK);
	}
	fd = dial(self->path);
	EXPECT_EQ(0, DRAIN(fd));
	close(fd);
	/* The others are still served, and a place that they leave is taken. */
	SAY(fds[0], "x\n");
	EXPECT_GT(DRAIN(fds[0]), 0);
	fd = dial(self->path);
	SAY(fd, "y\n");
	EXPECT_GT(DRAIN(fd), 0);
	close(fd);
	for (int i = 0; i < STATUS_CLIENTS_MAX; i++)
		close(fds[i]);
}

TEST_F(socket, address_in_use)
{
	EXPECT_EQ(NULL, status_server_open(self->base, self->path, echo, self, self->error,
					   sizeof(self->error)));
	EXPECT_NE(NULL, strstr(self->error, "/sock: Address already in use"));
}

TEST_F(socket, stale_socket_and_other_files)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct status_server *other;
	char path[sizeof(self->path)];
	int fd;

	/* One that nobody listens on, as a crash leaves it. */
	snprintf(path, sizeof(path), "%s/stale", self->dir);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	close(fd);
	other = status_server_open(self->base, path, echo, self, self->error, sizeof(self->error));
	EXPECT_NE(NULL, other);
	status_server_close(other);
	/* A file that is no socket is left alone. */
	fclose(fopen(path, "w"));
	EXPECT_EQ(NULL, status_server_open(self->base, path, echo, self, self->error,
					   sizeof(self->error)));
	EXPECT_NE(NULL, strstr(self->error, "/stale: File exists"));
	EXPECT_EQ(0, unlink(path));
}

TEST_HARNESS_MAIN
