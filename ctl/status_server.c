// SPDX-License-Identifier: GPL-2.0-or-later
/* status_server: the UNIX socket on which spilld is asked how it is. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "status_server.h"

/* One connection; @deadline ends it whatever it does. */
struct client {
	LIST_ENTRY(client) entry;
	struct status_server *server;
	struct bufferevent *bev;
	struct event *deadline;
};

struct status_server {
	struct event_base *base;
	struct evconnlistener *listener;
	status_answer_fn answer;
	void *ctx;
	LIST_HEAD(, client) clients;
	unsigned int client_count;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void client_free(struct client *client)
{
	LIST_REMOVE(client, entry);
	client->server->client_count--;
	event_free(client->deadline);
	bufferevent_free(client->bev);
	free(client);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

/* The answer is out. */
static void on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	client_free(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	/* A client may shut its side down after asking. */
	if (what & BEV_EVENT_EOF && evbuffer_get_length(bufferevent_get_output(bev)))
		return;
	client_free(arg);
}

static void answer(struct client *client, const char *request)
{
	struct status_server *server = client->server;
	struct evbuffer *out = bufferevent_get_output(client->bev);
	struct json_object *doc = server->answer(server->ctx, request);
	const char *text;

	text = doc ? json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN) : NULL;
	evbuffer_add_printf(out, "%s\n", text ? text : "{\"error\":\"out of memory\"}");
	json_object_put(doc);
	bufferevent_disable(client->bev, EV_READ);
	bufferevent_setcb(client->bev, NULL, on_written, on_event, client);
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

	if (line && len <= STATUS_REQUEST_MAX && strlen(line) == len)
		answer(arg, line);
	else if (line || evbuffer_get_length(in) > STATUS_REQUEST_MAX)
		client_free(arg);
	free(line);
}

static struct client *client_new(struct status_server *server, evutil_socket_t fd)
{
	const struct timeval deadline = { .tv_sec = STATUS_TIMEOUT_S };
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->deadline = evtimer_new(server->base, on_deadline, client);
	if (!client->deadline)
		goto free_client;
	client->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!client->bev)
		goto free_deadline;
	evtimer_add(client->deadline, &deadline);
	return client;

free_deadline:
	event_free(client->deadline);
free_client:
	free(client);
	return NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	struct status_server *server = arg;
	struct client *client;

	(void)listener;
	(void)addr;
	(void)len;
	client = server->client_count < STATUS_CLIENTS_MAX ? client_new(server, fd) : NULL;
	if (!client) {
		close(fd);
		return;
	}
	LIST_INSERT_HEAD(&server->clients, client, entry);
	server->client_count++;
	bufferevent_setcb(client->bev, on_readable, NULL, on_event, client);
	bufferevent_setwatermark(client->bev, EV_READ, 0, STATUS_REQUEST_MAX + 2);
	bufferevent_enable(client->bev, EV_READ | EV_WRITE);
}

/* Removes a socket that was left by one that crashed, but not one that is in use. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, ret;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	ret = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;
	close(fd);
	if (ret != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(addr->sun_path) ? -errno : 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	ret = remove_stale(&addr);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	old = umask(0177);
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, STATUS_CLIENTS_MAX) ?
		      -errno :
		      0;
	umask(old);
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

struct status_server *status_server_open(struct event_base *base, const char *path,
					 status_answer_fn answer_fn, void *ctx, char *error,
					 size_t size)
{
	struct status_server *server = calloc(1, sizeof(*server));
	int fd = server ? listen_at(path) : -ENOMEM;

	if (fd >= 0) {
		server->base = base;
		server->answer = answer_fn;
		server->ctx = ctx;
		strcpy(server->path, path);
		LIST_INIT(&server->clients);
		server->listener = evconnlistener_new(base, on_accept, server,
						      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
						      -1, fd);
		if (server->listener)
			return server;
		close(fd);
		unlink(path);
		fd = -ENOMEM;
	}
	snprintf(error, size, "%s: %s", path, strerror(-fd));
	free(server);
	return NULL;
}

void status_server_close(struct status_server *server)
{
	if (!server)
		return;
	while (!LIST_EMPTY(&server->clients))
		client_free(LIST_FIRST(&server->clients));
	evconnlistener_free(server->listener);
	unlink(server->path);
	free(server);
}
