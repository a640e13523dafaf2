// SPDX-License-Identifier: GPL-2.0-or-later
/* control_link: one connection, by libevent's bufferevent over OpenSSL. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_link.h"

/* What may wait to be read or written: some messages; then the other end must wait. */
#define WAITING_MAX (16 * CONTROL_MSG_MAX)

static void arm(struct control_link *link, unsigned int ms)
{
	struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	event_add(link->timer, &tv);
}

static void ping(struct control_link *link)
{
	const struct control_msg msg = { .type = CONTROL_PING };

	if (control_link_send(link, &msg))
		link->ops->end(link, CONTROL_END_TIMEOUT, "it takes nothing any more");
	else
		arm(link, CONTROL_PING_MS);
}

/* One deadline for all before the keys are in use, so that slowness gains nothing. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct control_link *link = arg;

	(void)fd;
	(void)what;
	if (!link->agreed) {
		link->ops->end(link, CONTROL_END_TIMEOUT,
			       link->open ? "it does not come to an agreement in time" :
					    "it does not authenticate in time");
		return;
	}
	link->silent_ms = link->heard ? 0 : link->silent_ms + CONTROL_PING_MS;
	link->heard = false;
	if (link->silent_ms >= CONTROL_SILENT_MS)
		link->ops->end(link, CONTROL_END_TIMEOUT, "it is silent");
	else
		ping(link);
}

/* A message and what is left behind it; false where the link may be gone. */
static bool take_message(struct control_link *link, struct evbuffer *input)
{
	size_t len = evbuffer_get_length(input);
	uint8_t bytes[CONTROL_MSG_MAX];
	struct control_msg msg;
	ssize_t took;

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	evbuffer_copyout(input, bytes, len);
	took = control_msg_parse(bytes, len, &msg);
	if (!took)
		return false;
	if (took > 0) {
		evbuffer_drain(input, (size_t)took);
		took = link->ops->message(link, &msg);
	}
	if (took >= 0)
		return true;
	if (took != -ECANCELED)
		link->ops->end(link, CONTROL_END_PROTOCOL,
			       took == -EPROTONOSUPPORT ? "it speaks another version" :
			       took == -EXDEV           ? "it has another node id than configured" :
			       took == -EPROTO          ? "its message is out of turn" :
			       took == -EBADMSG         ? "its message is malformed" :
							  strerror((int)-took));
	return false;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct control_link *link = arg;

	link->heard = true;
	while (take_message(link, bufferevent_get_input(bev)))
		;
}

static bool is_about_certificates(unsigned long error)
{
	switch (ERR_GET_REASON(error)) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
	case SSL_R_EXCESSIVE_MESSAGE_SIZE:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

/*
 * libevent hands out OpenSSL's newest error first, and where there is none, a code of
 * SSL_get_error() that looks like an error of no library.
 */
static void failed(struct control_link *link)
{
	unsigned long error = bufferevent_get_openssl_error(link->bev);
	int system = EVUTIL_SOCKET_ERROR();
	const char *why;

	ERR_clear_error();
	if (link->who.why) {
		link->ops->end(link, CONTROL_END_CERTIFICATE, link->who.why);
	} else if (!ERR_GET_LIB(error) || ERR_SYSTEM_ERROR(error)) {
		link->ops->end(link, CONTROL_END_CLOSED, strerror(system));
	} else {
		why = ERR_reason_error_string(error);
		link->ops->end(link,
			       is_about_certificates(error) ? CONTROL_END_CERTIFICATE :
							      CONTROL_END_TLS,
			       why ? why : "TLS failed");
	}
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct control_link *link = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		/* The callback has judged, or OpenSSL would not have come this far. */
		if (link->who.index < 0) {
			link->ops->end(link, CONTROL_END_CERTIFICATE, "it is not authenticated");
			return;
		}
		link->open = true;
		link->ops->open(link);
	} else if (what & BEV_EVENT_EOF) {
		link->ops->end(link, CONTROL_END_CLOSED, "it has closed");
	} else {
		failed(link);
	}
}

static void name_address(struct control_link *link, const struct sockaddr *sa, socklen_t len)
{
	char host[48], port[8];

	if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	if (!strncmp(host, "::ffff:", 7) && strchr(host, '.'))
		snprintf(link->address, sizeof(link->address), "%s:%s", host + 7, port);
	else
		snprintf(link->address, sizeof(link->address),
			 strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static struct control_link *link_new(struct event_base *base, struct control_tls *tls,
				     const struct control_link_ops *ops, void *ctx, int fd,
				     int wanted)
{
	struct control_link *link = calloc(1, sizeof(*link));
	bool server = fd >= 0;
	SSL *ssl;

	if (!link)
		goto err_fd;
	link->ops = ops;
	link->ctx = ctx;
	link->slot = -1;
	link->dialled = !server;
	link->who.wanted = wanted;
	ssl = control_tls_connection(tls, server, &link->who);
	link->timer = evtimer_new(base, on_timer, link);
	if (!ssl || !link->timer)
		goto err_link;
	link->bev = bufferevent_openssl_socket_new(
		base, fd, ssl, server ? BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING,
		BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!link->bev) {
		ssl = NULL; /* was freed with it */
		goto err_link;
	}
	bufferevent_setcb(link->bev, on_read, NULL, on_event, link);
	bufferevent_setwatermark(link->bev, EV_READ, 0, WAITING_MAX);
	bufferevent_enable(link->bev, EV_READ | EV_WRITE);
	arm(link, REKEY_PATIENCE_MS);
	return link;

err_link:
	if (link->timer)
		event_free(link->timer);
	SSL_free(ssl);
	free(link);
err_fd:
	if (server)
		close(fd);
	return NULL;
}

struct control_link *control_link_dial(struct event_base *base, struct control_tls *tls,
				       const struct control_link_ops *ops, void *ctx, int index,
				       const struct sockaddr *to, socklen_t len)
{
	struct control_link *link = link_new(base, tls, ops, ctx, -1, index);

	if (!link)
		return NULL;
	name_address(link, to, len);
	if (!bufferevent_socket_connect(link->bev, to, (int)len))
		return link;
	control_link_close(link);
	return NULL;
}

struct control_link *control_link_accept(struct event_base *base, struct control_tls *tls,
					 const struct control_link_ops *ops, void *ctx, int fd,
					 const struct sockaddr *from, socklen_t len)
{
	struct control_link *link = link_new(base, tls, ops, ctx, fd, -1);

	if (link)
		name_address(link, from, len);
	return link;
}

int control_link_send(struct control_link *link, const struct control_msg *msg)
{
	uint8_t bytes[CONTROL_MSG_MAX];
	size_t len = control_msg_build(msg, bytes);

	if (evbuffer_get_length(bufferevent_get_output(link->bev)) + len > WAITING_MAX)
		return -ENOBUFS;
	return bufferevent_write(link->bev, bytes, len) ? -ENOMEM : 0;
}

void control_link_agreed(struct control_link *link)
{
	link->agreed = true;
	link->heard = true;
	arm(link, CONTROL_PING_MS);
}

int control_link_data_key(struct control_link *link, uint16_t sender, uint16_t receiver,
			  uint8_t key[SPILLWAY_KEY_LEN])
{
	return control_tls_data_key(bufferevent_openssl_get_ssl(link->bev), link->epoch.epoch,
				    sender, receiver, key);
}

void control_link_close(struct control_link *link)
{
	SSL *ssl = bufferevent_openssl_get_ssl(link->bev);

	/* A close_notify, if it fits; nobody waits for an answer. */
	if (link->open && ssl)
		SSL_shutdown(ssl);
	ERR_clear_error();
	bufferevent_free(link->bev);
	event_free(link->timer);
	free(link);
}
