// SPDX-License-Identifier: GPL-2.0-or-later
/* control: this node's control connections. */
#include <errno.h>
#include <event2/listener.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "control_gate.h"
#include "control_socket.h"
#include "log.h"

/* A timer's clock may stand still while ours goes on (suspension): look this often. */
#define LOOK_MS 1000

/* Ids of receive keys are random: so many may be taken. */
#define ID_TRIES 8

/**
 * struct party - a peer
 * @schedule: see rekey.h
 * @dial: our own connection under way, or NULL
 * @answer: one that the peer has greeted us on, or NULL
 * @current: that of the present keys, or NULL
 * @addr: where to dial
 * @apart: that there is no connection was logged
 * @epochs: see &struct control_peer_status
 */
struct party {
	struct rekey schedule;
	struct control_link *dial;
	struct control_link *answer;
	struct control_link *current;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool apart;
	uint64_t epochs;
};

struct control {
	struct event_base *base;
	const struct config *config;
	struct control_keys keys;
	struct identity *identity;
	struct control_tls *tls;
	struct evconnlistener *listener;
	struct event *timer;
	struct party *parties; /* as config->peers */
	struct control_link *links;
	struct control_gate gate;
	struct control_counts counts;
	uint64_t epoch;
};

const char *const control_end_names[CONTROL_ENDS + 1] = {
	[CONTROL_END_CLOSED] = "closed",   [CONTROL_END_CERTIFICATE] = "certificate",
	[CONTROL_END_TLS] = "tls",         [CONTROL_END_PROTOCOL] = "protocol",
	[CONTROL_END_TIMEOUT] = "timeout", [CONTROL_END_KERNEL] = "kernel",
};

/* Goes on through a suspension, as the kernel's clock of keys does; never jumps. */
static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint32_t chance(void)
{
	uint32_t number = 0;

	RAND_bytes((uint8_t *)&number, sizeof(number));
	return number;
}

static struct party *party_of(struct control *control, const struct control_link *link)
{
	return link->who.index < 0 ? NULL : &control->parties[link->who.index];
}

static const char *name_of(const struct control *control, const struct control_link *link)
{
	int index = link->who.index >= 0 ? link->who.index : link->who.wanted;

	return index >= 0 ? control->config->peers[index].name : NULL;
}

static void arm(struct control *control)
{
	uint64_t now = now_ms(), due = now + LOOK_MS, next, wait;
	struct timeval tv;

	for (size_t i = 0; i < control->config->peer_count; i++) {
		next = rekey_next(&control->parties[i].schedule);
		if (next < due)
			due = next;
	}
	wait = due > now ? due - now : 0;
	tv.tv_sec = (time_t)(wait / 1000);
	tv.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	event_add(control->timer, &tv);
}

/* Unlinks and frees; the schedule is the caller's. */
static void drop(struct control *control, struct control_link *link)
{
	struct control_link **at = &control->links;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	gate_leave(&control->gate, link->slot);
	for (size_t i = 0; i < control->config->peer_count; i++) {
		struct party *party = &control->parties[i];

		party->dial = party->dial == link ? NULL : party->dial;
		party->answer = party->answer == link ? NULL : party->answer;
		party->current = party->current == link ? NULL : party->current;
	}
	control_link_close(link);
}

/* Only the schedule of the peer that a connection counted for. */
static void tell_schedule(struct control *control, const struct control_link *link)
{
	int index = link->dialled ? link->who.wanted : link->who.index;
	struct party *party = index < 0 ? NULL : &control->parties[index];

	if (!party)
		return;
	if (party->current == link)
		rekey_lost(&party->schedule, now_ms(), chance());
	else if (party->dial == link || party->answer == link)
		rekey_failed(&party->schedule, link->dialled, now_ms(), chance());
}

static void log_refused(struct control *control, const struct control_link *link, const char *why)
{
	const char *name = name_of(control, link);
	unsigned long unsaid;

	if (!gate_may_log(&control->gate, now_ms(), &unsaid))
		return;
	log_warn("control: %s%s%s%s: %s", link->address, name ? " (" : "", name ? name : "",
		 name ? ")" : "", why);
	if (unsaid)
		log_warn("control: %lu more of this kind were not logged", unsaid);
}

/* That a peer cannot be reached is told once, until it can be again. */
static void log_apart(struct control *control, const struct control_link *link, const char *why)
{
	int index = link->dialled ? link->who.wanted : link->who.index;
	struct party *party = &control->parties[index];

	/* At a rotation each side closes the old connection as soon as it can. */
	if (party->apart || (link->agreed && (party->dial || party->answer)) ||
	    (!link->agreed && party->answer))
		return;
	party->apart = true;
	log_notice("peer %s: control connection, %s: %s", name_of(control, link), link->address,
		   why);
}

static void log_end(struct control *control, const struct control_link *link, enum control_end end,
		    const char *why)
{
	bool reachable = end != CONTROL_END_CLOSED && end != CONTROL_END_TIMEOUT;

	if (link->agreed || (link->dialled && !reachable))
		log_apart(control, link, why);
	else if (end != CONTROL_END_CLOSED)
		log_refused(control, link, why);
}

static void on_end(struct control_link *link, enum control_end end, const char *why)
{
	struct control *control = link->ctx;

	log_end(control, link, end, why);
	if (!link->agreed)
		control->counts.ended[end]++;
	tell_schedule(control, link);
	drop(control, link);
	arm(control);
}

/* Random, so that it says nothing; unique on this node, or the kernel says so. */
static int install_rx(struct control *control, const struct control_link *link, uint32_t *id,
		      const uint8_t key[SPILLWAY_KEY_LEN])
{
	int ret = -EEXIST;

	for (int i = 0; i < ID_TRIES && ret == -EEXIST; i++) {
		*id = chance();
		if (*id)
			ret = control->keys.install(control->keys.ctx, (size_t)link->who.index,
						    SPILLWAY_KEY_RX, *id, key);
	}
	return ret;
}

/* A key lives here from its export until it is in the kernel. */
static int install(struct control *control, struct control_link *link,
		   enum spillway_key_direction direction, uint32_t *id)
{
	const struct rekey_epoch *e = &link->epoch;
	bool tx = direction == SPILLWAY_KEY_TX;
	uint8_t key[SPILLWAY_KEY_LEN];
	int ret;

	ret = control_link_data_key(link, tx ? e->self : e->peer, tx ? e->peer : e->self, key);
	if (!ret)
		ret = tx ? control->keys.install(control->keys.ctx, (size_t)link->who.index,
						 SPILLWAY_KEY_TX, *id, key) :
			   install_rx(control, link, id, key);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

static void establish(struct control *control, struct control_link *link)
{
	struct party *party = party_of(control, link);
	struct control_link *old = party->current;

	rekey_established(&party->schedule, now_ms());
	party->dial = NULL;
	party->answer = NULL;
	party->current = link;
	party->epochs++;
	control->counts.agreed++;
	gate_leave(&control->gate, link->slot);
	link->slot = -1;
	control_link_agreed(link);
	if (old)
		drop(control, old);
	log_line(party->apart || party->epochs == 1 ? LOG_NOTICE : LOG_DEBUG,
		 "peer %s: new keys, over %s", name_of(control, link), link->address);
	party->apart = false;
}

static int say(struct control_link *link, enum control_msg_type type, uint32_t key_id)
{
	const struct control_msg msg = {
		.type = type,
		.from = link->epoch.self,
		.to = link->epoch.peer,
		.epoch = link->epoch.epoch,
		.key_id = key_id,
	};

	return control_link_send(link, &msg);
}

/* In the order of &enum rekey_do. Where it fails the link is gone: -ECANCELED. */
static int perform(struct control *control, struct control_link *link, unsigned int what)
{
	uint32_t rx_id = 0;
	int ret = 0;

	if (what & REKEY_INSTALL_RX)
		ret = install(control, link, SPILLWAY_KEY_RX, &rx_id);
	if (!ret && what & REKEY_INSTALL_TX)
		ret = install(control, link, SPILLWAY_KEY_TX, &link->epoch.tx_id);
	if (!ret && what & REKEY_SEND_HELLO)
		ret = say(link, CONTROL_HELLO, 0);
	if (!ret && what & REKEY_SEND_READY)
		ret = say(link, CONTROL_READY, rx_id);
	if (!ret && what & REKEY_SEND_DONE)
		ret = say(link, CONTROL_DONE, 0);
	if (ret) {
		on_end(link, CONTROL_END_KERNEL, strerror(-ret));
		return -ECANCELED;
	}
	if (what & REKEY_ESTABLISHED)
		establish(control, link);
	return 0;
}

static void on_open(struct control_link *link)
{
	struct control *control = link->ctx;
	struct party *party = party_of(control, link);
	unsigned int what;

	what = rekey_epoch_begin(&link->epoch, link->dialled, party->schedule.self,
				 party->schedule.peer, ++control->epoch);
	if (!perform(control, link, what) && link->dialled)
		rekey_greeted(&party->schedule);
}

/* Two dials that cross, or one given up by a peer that dials again. */
static bool take_hello(struct control *control, struct control_link *link)
{
	struct party *party = party_of(control, link);
	struct rekey_answer answer = rekey_hello(&party->schedule);

	if (!answer.take) {
		drop(control, link);
		return false;
	}
	if (answer.drop_dial && party->dial)
		drop(control, party->dial);
	if (answer.drop_answer && party->answer)
		drop(control, party->answer);
	party->answer = link;
	return true;
}

static int on_message(struct control_link *link, const struct control_msg *msg)
{
	struct control *control = link->ctx;
	unsigned int what;
	int ret;

	ret = rekey_epoch_step(&link->epoch, msg, &what);
	if (ret)
		return ret;
	if (msg->type == CONTROL_HELLO && !take_hello(control, link))
		return -ECANCELED;
	ret = perform(control, link, what);
	arm(control);
	return ret;
}

static const struct control_link_ops link_ops = {
	.open = on_open,
	.message = on_message,
	.end = on_end,
};

static void adopt(struct control *control, struct control_link *link)
{
	link->next = control->links;
	control->links = link;
}

static void dial(struct control *control, size_t index)
{
	struct party *party = &control->parties[index];
	struct control_link *link;

	link = control_link_dial(control->base, control->tls, &link_ops, control, (int)index,
				 (struct sockaddr *)&party->addr, party->addr_len);
	if (link) {
		party->dial = link;
		adopt(control, link);
	} else {
		rekey_failed(&party->schedule, true, now_ms(), chance());
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	uint64_t now = now_ms();

	(void)fd;
	(void)what;
	for (size_t i = 0; i < control->config->peer_count; i++) {
		if (rekey_dial_now(&control->parties[i].schedule, now))
			dial(control, i);
	}
	/* See on_accept_error(). */
	if (control->listener)
		evconnlistener_enable(control->listener);
	arm(control);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
		      int len, void *arg)
{
	struct control *control = arg;
	struct in6_addr addr = control_socket_in6(from);
	struct control_link *link;
	bool stranger = true;
	int slot;

	(void)listener;
	for (size_t i = 0; i < control->config->peer_count && stranger; i++)
		stranger = !control_socket_same_host(&control->parties[i].addr, &addr);
	control->counts.accepted++;
	slot = gate_enter(&control->gate, &addr, stranger, now_ms());
	if (slot < 0) {
		control->counts.limited++;
		evutil_closesocket(fd);
		return;
	}
	link = control_link_accept(control->base, control->tls, &link_ops, control, fd, from,
				   (socklen_t)len);
	if (!link) {
		gate_leave(&control->gate, slot);
		return;
	}
	link->slot = slot;
	adopt(control, link);
}

/* Out of files, say: without a pause the loop would come back here at once. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct control *control = arg;
	int error = EVUTIL_SOCKET_ERROR();
	unsigned long unsaid;

	if (gate_may_log(&control->gate, now_ms(), &unsaid))
		log_warn("control: nobody is accepted for a second: %s", strerror(error));
	evconnlistener_disable(listener);
}

static int find_peer(void *ctx, const uint8_t public[IDENTITY_KEY_LEN])
{
	const struct control *control = ctx;
	const struct config *config = control->config;

	for (size_t i = 0; i < config->peer_count; i++) {
		if (!memcmp(config->peers[i].public_key, public, IDENTITY_KEY_LEN))
			return (int)i;
	}
	return -1;
}

static int open_parties(struct control *control)
{
	const struct config *config = control->config;
	uint64_t now = now_ms();

	control->parties = calloc(config->peer_count, sizeof(*control->parties));
	if (!control->parties)
		return -ENOMEM;
	for (size_t i = 0; i < config->peer_count; i++) {
		struct party *party = &control->parties[i];

		party->addr_len = control_socket_address(&config->peers[i].control, &party->addr);
		rekey_init(&party->schedule, (uint16_t)config->node.id,
			   (uint16_t)config->peers[i].id, config->node.rekey_ms, now, chance());
	}
	return 0;
}

static int open_identity(struct control *control)
{
	const struct config_node *node = &control->config->node;
	char error[512];
	int index;

	control->identity = identity_open(node->private_key_file, node->name, error, sizeof(error));
	if (!control->identity) {
		log_err("node.private_key_file: %s", error);
		return -EINVAL;
	}
	index = find_peer(control, identity_public(control->identity));
	if (index < 0)
		return 0;
	log_err("peers[%d].public_key: is this node's own key", index);
	return -EINVAL;
}

static int listen_for_peers(struct control *control)
{
	int fd = control_socket_listen((uint16_t)control->config->node.control_port);

	if (fd < 0) {
		log_err("node.control_port: TCP port %u: %s", control->config->node.control_port,
			strerror(-fd));
		return fd;
	}
	control->listener = evconnlistener_new(control->base, on_accept, control,
					       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
					       fd);
	if (!control->listener) {
		evutil_closesocket(fd);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(control->listener, on_accept_error);
	return 0;
}

static int open_rest(struct control *control)
{
	control->tls = control_tls_new(control->identity, find_peer, control);
	control->timer = evtimer_new(control->base, on_timer, control);
	if (control->tls && control->timer && !open_parties(control)) {
		gate_init(&control->gate, now_ms());
		arm(control);
		return 0;
	}
	log_err("control: out of memory");
	return -ENOMEM;
}

struct control *control_open(struct event_base *base, const struct config *config,
			     const struct control_keys *keys)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control) {
		log_err("out of memory");
		return NULL;
	}
	control->base = base;
	control->config = config;
	control->keys = *keys;
	if (!config->peer_count ||
	    (!open_identity(control) && !open_rest(control) && !listen_for_peers(control)))
		return control;
	control_close(control);
	return NULL;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	while (control->links)
		drop(control, control->links);
	if (control->listener)
		evconnlistener_free(control->listener);
	if (control->timer)
		event_free(control->timer);
	control_tls_free(control->tls);
	identity_close(control->identity);
	free(control->parties);
	free(control);
}

void control_missing(struct control *control, size_t peer)
{
	rekey_missing(&control->parties[peer].schedule, now_ms(), chance());
	arm(control);
}

struct control_counts control_counts(const struct control *control)
{
	return control->counts;
}

struct control_peer_status control_peer_status(const struct control *control, size_t peer)
{
	const struct party *party = &control->parties[peer];

	return (struct control_peer_status){
		.connected = party->current,
		.epochs = party->epochs,
		.since_ms = now_ms() - party->schedule.since,
	};
}
