// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control connections over loopback: nodes that agree, and others that must not be
 * listened to. The others are processes of their own, with OpenSSL and sockets alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "control_gate.h"
#include "keyfile.h"
#include "log.h"

#include "kselftest_harness.h"

#define KEYS 64

/* @key: every bit turned, so that this memory has no copy of a key */
struct key {
	uint32_t id;
	uint8_t key[SPILLWAY_KEY_LEN];
};

/* A node of the pool of two, and what would be in its kernel. */
struct side {
	char file[64];
	char public[64];
	uint16_t port;
	struct config config;
	struct control *control;
	struct key rx[KEYS];
	struct key tx[KEYS];
	unsigned int rx_count;
	unsigned int tx_count;
	int error;          /* to be returned for the next key */
	unsigned int taken; /* so many ids to come are taken */
};

static struct event_base *base;
static struct side node[2];

static int install(void *ctx, size_t peer, enum spillway_key_direction direction, uint32_t id,
		   const uint8_t key[SPILLWAY_KEY_LEN])
{
	bool tx = direction == SPILLWAY_KEY_TX;
	struct side *side = ctx;
	struct key *to;

	if (side->error)
		return side->error;
	if (!tx && side->taken) {
		side->taken--;
		return -EEXIST;
	}
	if (peer || side->rx_count == KEYS || side->tx_count == KEYS)
		abort();
	to = tx ? &side->tx[side->tx_count++] : &side->rx[side->rx_count++];
	to->id = id;
	for (int i = 0; i < SPILLWAY_KEY_LEN; i++)
		to->key[i] = key[i] ^ 0xff;
	return 0;
}

static uint16_t free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&sa, len) || getsockname(fd, (struct sockaddr *)&sa, &len))
		abort();
	close(fd);
	return ntohs(sa.sin_port);
}

static void make_key(struct side *side)
{
	uint8_t private[IDENTITY_KEY_LEN], public[IDENTITY_KEY_LEN];
	char text[64];
	FILE *file;

	strcpy(side->file, "/tmp/test_control.XXXXXX");
	file = fdopen(mkstemp(side->file), "w");
	if (!file || identity_generate(private) || identity_derive_public(private, public))
		abort();
	keyfile_encode(private, text);
	fputs(text, file);
	fclose(file);
	keyfile_encode(public, side->public);
}

/* @file is the key of node @i, @id what it says to be. */
static void configure(int i, const char *file, int id)
{
	struct config_error err;
	char text[1024];

	snprintf(text, sizeof(text),
		 "{ \"node\": { \"name\": \"vm-%d\", \"id\": %d, \"port\": %u,"
		 " \"private_key_file\": \"%s\", \"rekey\": \"5s\" },"
		 " \"peers\": [ { \"name\": \"vm-%d\", \"id\": %d, \"endpoint\": \"127.0.0.1:%u\","
		 " \"public_key\": \"%s\" } ], \"sources\": { \"count\": [ \"cpu\" ] } }",
		 i + 1, id, node[i].port, file, 2 - i, 2 - i, node[!i].port, node[!i].public);
	config_free(&node[i].config);
	if (config_parse(&node[i].config, "f", text, strlen(text), &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static struct control *begin(int i)
{
	const struct control_keys keys = { .install = install, .ctx = &node[i] };

	node[i].control = control_open(base, &node[i].config, &keys);
	return node[i].control;
}

static void finish(int i)
{
	control_close(node[i].control);
	node[i].control = NULL;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool run_until(bool (*come)(void), unsigned int ms)
{
	const struct timeval step = { .tv_usec = 10000 };
	uint64_t end = now_ms() + ms;

	while (!come || !come()) {
		if (now_ms() >= end)
			return false;
		event_base_loopexit(base, &step);
		event_base_dispatch(base);
	}
	return true;
}

static uint64_t epochs(int i)
{
	return control_peer_status(node[i].control, 0).epochs;
}

static bool connected(int i)
{
	return node[i].control && control_peer_status(node[i].control, 0).connected;
}

static bool both_agreed(void)
{
	return connected(0) && connected(1) && epochs(0) && epochs(0) == epochs(1);
}

static bool third_epoch(void)
{
	return both_agreed() && epochs(0) >= 3;
}

/* What one sends with now is what the other receives with, under the same id. */
static bool keys_fit(void)
{
	for (int i = 0; i < 2; i++) {
		const struct key *tx = &node[i].tx[node[i].tx_count - 1];
		const struct key *rx = &node[!i].rx[node[!i].rx_count - 1];

		if (!node[i].tx_count || !node[!i].rx_count || memcmp(tx, rx, sizeof(*tx)))
			return false;
	}
	return memcmp(node[0].tx[node[0].tx_count - 1].key, node[1].tx[node[1].tx_count - 1].key,
		      SPILLWAY_KEY_LEN);
}

FIXTURE(pool)
{
	int unused;
};

FIXTURE_SETUP(pool)
{
	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_EMERG);
	memset(node, 0, sizeof(node));
	base = event_base_new();
	for (int i = 0; i < 2; i++) {
		node[i].port = free_port();
		make_key(&node[i]);
	}
	for (int i = 0; i < 2; i++)
		configure(i, node[i].file, i + 1);
}

FIXTURE_TEARDOWN(pool)
{
	for (int i = 0; i < 2; i++) {
		finish(i);
		config_free(&node[i].config);
		unlink(node[i].file);
	}
	event_base_free(base);
}

TEST_F(pool, agrees_and_rotates)
{
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	ASSERT_TRUE(run_until(both_agreed, 5000));
	EXPECT_TRUE(keys_fit());
	ASSERT_TRUE(run_until(third_epoch, 15000));
	EXPECT_TRUE(keys_fit());
	/* Every key once, on each side. */
	EXPECT_EQ(epochs(0), node[0].rx_count);
	EXPECT_EQ(epochs(0), node[0].tx_count);
	for (unsigned int i = 1; i < node[0].tx_count; i++) {
		EXPECT_NE(0, memcmp(node[0].tx[i].key, node[0].tx[i - 1].key, SPILLWAY_KEY_LEN));
		EXPECT_NE(node[0].rx[i].id, node[0].rx[i - 1].id);
	}
}

/* Wherever this process can write: its heap, its stack, what its libraries have. */
static bool is_in_memory(const uint8_t turned[SPILLWAY_KEY_LEN])
{
	static uint8_t piece[1 << 16];
	FILE *maps = fopen("/proc/self/maps", "re");
	FILE *mem = fopen("/proc/self/mem", "re");
	unsigned long from, to;
	bool found = false;
	char line[512];

	if (!maps || !mem)
		abort();
	while (fgets(line, sizeof(line), maps)) {
		/* The sanitizer's shadow is terabytes, and holds none of our bytes. */
		if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || !strstr(line, " rw") ||
		    to - from > 1UL << 28)
			continue;
		/* Overlapping, so that a key across the edge is seen. */
		for (; from < to; from += sizeof(piece) - SPILLWAY_KEY_LEN) {
			size_t n = to - from < sizeof(piece) ? to - from : sizeof(piece);
			ssize_t got = pread(fileno(mem), piece, n, (off_t)from);

			/* Turned here, so that what is sought is nowhere else. */
			for (ssize_t i = 0; i < got; i++)
				piece[i] ^= 0xff;
			if (from > (unsigned long)piece + sizeof(piece) ||
			    from + n < (unsigned long)piece)
				found = found || memmem(piece, got > 0 ? (size_t)got : 0, turned,
							SPILLWAY_KEY_LEN);
		}
	}
	fclose(maps);
	fclose(mem);
	return found;
}

TEST_F(pool, keys_are_wiped)
{
	uint8_t *copy = malloc(SPILLWAY_KEY_LEN);

	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	ASSERT_TRUE(run_until(both_agreed, 5000));
	for (int i = 0; i < 2; i++) {
		EXPECT_FALSE(is_in_memory(node[i].tx[0].key));
		EXPECT_FALSE(is_in_memory(node[i].rx[0].key));
	}
	/* It would have been seen. */
	for (int i = 0; i < SPILLWAY_KEY_LEN; i++)
		copy[i] = node[0].tx[0].key[i] ^ 0xff;
	EXPECT_TRUE(is_in_memory(node[0].tx[0].key));
	OPENSSL_cleanse(copy, SPILLWAY_KEY_LEN);
	free(copy);
}

TEST_F(pool, starts_in_either_order)
{
	ASSERT_NE(NULL, begin(1));
	EXPECT_FALSE(run_until(both_agreed, 1500));
	ASSERT_NE(NULL, begin(0));
	EXPECT_TRUE(run_until(both_agreed, 5000));
	EXPECT_TRUE(keys_fit());
}

/* The higher id leaves the lower a second, then dials: just when the lower begins. */
TEST_F_TIMEOUT(pool, dials_that_cross, 90)
{
	uint64_t attempts = 0;

	for (unsigned int i = 0; i < 8; i++) {
		ASSERT_NE(NULL, begin(1));
		run_until(NULL, REKEY_AFTER_YOU_MS);
		ASSERT_NE(NULL, begin(0));
		EXPECT_TRUE(run_until(both_agreed, 5000));
		EXPECT_TRUE(keys_fit());
		/* And it stays so: what lost is gone, on both sides. */
		EXPECT_FALSE(run_until(third_epoch, 300));
		EXPECT_TRUE(both_agreed());
		attempts += control_counts(node[0].control).accepted +
			    control_counts(node[1].control).accepted;
		finish(0);
		finish(1);
		for (int j = 0; j < 2; j++)
			node[j].rx_count = node[j].tx_count = 0;
	}
	TH_LOG("%llu connections for 8 agreements", (unsigned long long)attempts);
	EXPECT_LE(8, attempts);
}

static bool node_1_alone(void)
{
	return !connected(0);
}

static bool second_epoch(void)
{
	return connected(0) && connected(1) && epochs(0) >= 2 && keys_fit();
}

TEST_F(pool, goes_on_after_a_restart)
{
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	ASSERT_TRUE(run_until(both_agreed, 5000));
	finish(1);
	EXPECT_TRUE(run_until(node_1_alone, 1000));
	ASSERT_NE(NULL, begin(1));
	EXPECT_TRUE(run_until(second_epoch, 5000));
	EXPECT_EQ(1, epochs(1));
}

TEST_F(pool, makes_new_keys_where_they_are_missing)
{
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	ASSERT_TRUE(run_until(both_agreed, 5000));
	control_missing(node[1].control, 0);
	EXPECT_FALSE(run_until(second_epoch, 1800));
	/* Long enough to be no late view of the kernel. */
	run_until(NULL, 400);
	control_missing(node[1].control, 0);
	EXPECT_TRUE(run_until(second_epoch, 2600));
}

TEST_F(pool, kernel_that_refuses)
{
	node[0].error = -ENODEV;
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	EXPECT_FALSE(run_until(both_agreed, 2000));
	EXPECT_LE(1, control_counts(node[0].control).ended[CONTROL_END_KERNEL]);
	EXPECT_EQ(0, node[1].tx_count);
	node[0].error = 0;
	node[0].taken = 3;
	EXPECT_TRUE(run_until(both_agreed, 5000));
	EXPECT_TRUE(keys_fit());
}

TEST_F(pool, refuses_another_key_in_both_directions)
{
	struct side other;

	make_key(&other);
	configure(1, other.file, 2);
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	EXPECT_FALSE(run_until(both_agreed, 4000));
	/* By the one who dials, and by the one who is dialled. */
	EXPECT_LE(2, control_counts(node[0].control).ended[CONTROL_END_CERTIFICATE]);
	EXPECT_EQ(0, node[0].rx_count + node[0].tx_count);
	EXPECT_EQ(0, node[1].rx_count + node[1].tx_count);
	unlink(other.file);
}

TEST_F(pool, refuses_another_node_id)
{
	configure(1, node[1].file, 9);
	ASSERT_NE(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	EXPECT_FALSE(run_until(both_agreed, 3000));
	EXPECT_LE(1, control_counts(node[0].control).ended[CONTROL_END_PROTOCOL] +
			     control_counts(node[1].control).ended[CONTROL_END_PROTOCOL]);
	EXPECT_EQ(0, node[0].tx_count + node[1].tx_count);
}

TEST_F(pool, own_key_or_port_taken)
{
	configure(0, node[1].file, 1);
	EXPECT_EQ(NULL, begin(0));
	ASSERT_NE(NULL, begin(1));
	node[0].port = node[1].port;
	snprintf(node[0].public, sizeof(node[0].public), "%s", node[1].public);
	configure(0, node[0].file, 1);
	EXPECT_EQ(NULL, begin(0));
}

/*
 * The others. Each is a function in a process of its own that gets a connected socket
 * and returns whether it was treated as it should be.
 */
static int dial_node(int i)
{
	const struct timeval patience = { .tv_sec = 20 };
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(node[i].port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -1 : fd;
}

static bool closed(int fd)
{
	char byte[256];
	ssize_t n;

	/* An alert may come first. */
	while ((n = read(fd, byte, sizeof(byte))) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

static EVP_PKEY *read_key(const char *path)
{
	uint8_t private[IDENTITY_KEY_LEN];
	char error[256];

	if (keyfile_read(path, private, error, sizeof(error)))
		abort();
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private, sizeof(private));
}

/* A handshake as node 2 with a certificate of these times, seconds from now. */
static SSL *handshake(int fd, int version, bool show, time_t from, time_t until)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	EVP_PKEY *key = read_key(node[1].file);
	SSL *ssl;

	SSL_CTX_set_max_proto_version(ctx, version);
	ssl = SSL_new(ctx);
	if (show) {
		SSL_use_certificate(ssl, identity_certify(key, "vm-2", time(NULL) + from,
							  time(NULL) + until));
		SSL_use_PrivateKey(ssl, key);
	}
	SSL_set_fd(ssl, fd);
	return SSL_connect(ssl) == 1 ? ssl : NULL;
}

/* The client may believe in TLS 1.3 until it reads: the server judges after it. */
static bool refused(SSL *ssl)
{
	char byte;

	return !ssl || SSL_read(ssl, &byte, 1) <= 0;
}

static bool speaks_tls_1_2(int fd)
{
	return refused(handshake(fd, TLS1_2_VERSION, true, -60, 60));
}

static bool shows_nothing(int fd)
{
	return refused(handshake(fd, TLS1_3_VERSION, false, 0, 0));
}

static bool has_expired(int fd)
{
	return refused(handshake(fd, TLS1_3_VERSION, true, -7200, -3600));
}

static bool is_not_valid_yet(int fd)
{
	return refused(handshake(fd, TLS1_3_VERSION, true, 3600, 7200));
}

static bool talks_garbage(int fd)
{
	char garbage[4096];

	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (char)random();
	return write(fd, garbage, sizeof(garbage)) > 0 && closed(fd);
}

static bool talks_http(int fd)
{
	return write(fd, "GET / HTTP/1.0\r\n\r\n", 18) == 18 && closed(fd);
}

static bool says(int fd, const void *bytes, size_t len)
{
	SSL *ssl = handshake(fd, TLS1_3_VERSION, true, -60, 60);

	return ssl && SSL_write(ssl, bytes, (int)len) == (int)len && refused(ssl);
}

static bool says_too_much(int fd)
{
	static const uint8_t bytes[16384] = { 1, CONTROL_HELLO, 0xff, 0xff };

	return says(fd, bytes, sizeof(bytes));
}

static bool says_another_version(int fd)
{
	return says(fd, "\2\1\0\14", 4);
}

static bool says_done_first(int fd)
{
	return says(fd, "\1\3\0\0", 4);
}

static bool is_slow(int fd)
{
	/* Of a ClientHello of 512 bytes, a byte each 100 ms. */
	static const uint8_t hello[] = { 22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3 };
	uint64_t begin_ms = now_ms();

	for (int i = 0; i < 200; i++) {
		if (send(fd, i < (int)sizeof(hello) ? (const char *)&hello[i] : "", 1,
			 MSG_NOSIGNAL) != 1)
			break;
		usleep(100000);
	}
	return now_ms() - begin_ms < REKEY_PATIENCE_MS + 2000;
}

static bool says_hello_and_no_more(int fd)
{
	static const uint8_t hello[] = { 1, 1, 0, 12, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 };
	SSL *ssl = handshake(fd, TLS1_3_VERSION, true, -60, 60);
	uint8_t ready[8];

	if (!ssl || SSL_write(ssl, hello, sizeof(hello)) != sizeof(hello) ||
	    SSL_read(ssl, ready, sizeof(ready)) != sizeof(ready))
		return false;
	return ready[1] == CONTROL_READY && refused(ssl);
}

static pid_t child;
static int child_status;

static bool child_ended(void)
{
	return waitpid(child, &child_status, WNOHANG) == child;
}

static void child_begin(bool (*other)(int fd))
{
	child = fork();
	if (child)
		return;
	alarm(30);
	_exit(other(dial_node(0)) ? 0 : 1);
}

FIXTURE(other)
{
	int unused;
};

FIXTURE_VARIANT(other)
{
	bool (*other)(int fd);
	enum control_end end;
	unsigned int ms;
	unsigned int rx_count;
};

FIXTURE_SETUP(other)
{
	FIXTURE_DATA(pool) pool;

	pool_setup(_metadata, &pool, NULL);
	/* Node 2 is silent: the other speaks with its key. */
	ASSERT_NE(NULL, begin(0));
}

FIXTURE_TEARDOWN(other)
{
	FIXTURE_DATA(pool) pool;

	pool_teardown(_metadata, &pool, NULL);
}

#define OTHER(name, reason, time_ms, keys)                                     \
	FIXTURE_VARIANT_ADD(other, name)                                       \
	{                                                                      \
		.other = name, .end = reason, .ms = time_ms, .rx_count = keys, \
	}

/* clang-format off */
OTHER(speaks_tls_1_2, CONTROL_END_TLS, 3000, 0);
OTHER(shows_nothing, CONTROL_END_CERTIFICATE, 3000, 0);
OTHER(has_expired, CONTROL_END_CERTIFICATE, 3000, 0);
OTHER(is_not_valid_yet, CONTROL_END_CERTIFICATE, 3000, 0);
OTHER(talks_garbage, CONTROL_END_TLS, 3000, 0);
OTHER(talks_http, CONTROL_END_TLS, 3000, 0);
OTHER(says_too_much, CONTROL_END_PROTOCOL, 3000, 0);
OTHER(says_another_version, CONTROL_END_PROTOCOL, 3000, 0);
OTHER(says_done_first, CONTROL_END_PROTOCOL, 3000, 0);
OTHER(is_slow, CONTROL_END_TIMEOUT, 25000, 0);
OTHER(says_hello_and_no_more, CONTROL_END_TIMEOUT, 15000, 1);
/* clang-format on */

TEST_F_TIMEOUT(other, is_refused, 90)
{
	struct control_counts counts;

	child_begin(variant->other);
	ASSERT_TRUE(run_until(child_ended, variant->ms));
	EXPECT_EQ(0, WEXITSTATUS(child_status));
	run_until(NULL, 50);
	counts = control_counts(node[0].control);
	EXPECT_EQ(1, counts.ended[variant->end]);
	EXPECT_EQ(0, counts.agreed);
	EXPECT_EQ(variant->rx_count, node[0].rx_count);
	EXPECT_EQ(0, node[0].tx_count);
	/* Nobody has lost anything by it. */
	ASSERT_NE(NULL, begin(1));
	EXPECT_TRUE(run_until(both_agreed, 40000));
}

static bool holds_on(int fd)
{
	int others[63];

	for (int i = 0; i < 63; i++)
		others[i] = dial_node(0);
	for (int i = 0; i < 63; i++) {
		if (others[i] >= 0)
			closed(others[i]);
	}
	return closed(fd);
}

static bool crowd_is_there(void)
{
	return control_counts(node[0].control).accepted == 64;
}

TEST_F_TIMEOUT(pool, crowd_is_limited, 90)
{
	struct control_counts counts;

	ASSERT_NE(NULL, begin(0));
	child_begin(holds_on);
	EXPECT_TRUE(run_until(crowd_is_there, 8000));
	counts = control_counts(node[0].control);
	EXPECT_EQ(64, counts.accepted);
	EXPECT_EQ(64 - GATE_ADDRESS, counts.limited);
	ASSERT_TRUE(run_until(child_ended, 15000));
	EXPECT_EQ(GATE_ADDRESS, control_counts(node[0].control).ended[CONTROL_END_TIMEOUT]);
	ASSERT_NE(NULL, begin(1));
	EXPECT_TRUE(run_until(both_agreed, 40000));
}

TEST_HARNESS_MAIN
