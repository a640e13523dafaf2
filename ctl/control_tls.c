// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control_tls: TLS 1.3 between nodes.
 *
 * No chain, no names, no tickets: the one certificate that the other end shows is judged
 * in one callback, by its key. TLS itself then proves that the other end has that key
 * (CertificateVerify). Nothing of what an end says is read before both have.
 */
#include <endian.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control_tls.h"

/* Bytes of certificates that an unauthenticated end may make us hold; ours has 300. */
#define CERTIFICATES_MAX 2048

struct control_tls {
	struct identity *identity;
	control_tls_find find;
	void *ctx;
	SSL_CTX *server;
	SSL_CTX *client;
};

static const char *const verdicts[] = {
	[IDENTITY_GOOD] = NULL,
	[IDENTITY_NO_ED25519] = "its key is not an Ed25519 key",
	[IDENTITY_NOT_SELF_SIGNED] = "its certificate is not signed with its key",
	[IDENTITY_NOT_YET_VALID] = "its certificate is not valid yet (do the clocks agree?)",
	[IDENTITY_EXPIRED] = "its certificate has expired (do the clocks agree?)",
};

/* The alert that the other end gets. */
static int x509_error(enum identity_verdict verdict)
{
	switch (verdict) {
	case IDENTITY_NOT_YET_VALID:
		return X509_V_ERR_CERT_NOT_YET_VALID;
	case IDENTITY_EXPIRED:
		return X509_V_ERR_CERT_HAS_EXPIRED;
	case IDENTITY_NOT_SELF_SIGNED:
		return X509_V_ERR_CERT_SIGNATURE_FAILURE;
	default:
		return X509_V_ERR_CERT_REJECTED;
	}
}

static int judge(const struct control_tls *tls, struct control_tls_peer *peer, X509 *cert)
{
	uint8_t public[IDENTITY_KEY_LEN];
	enum identity_verdict verdict;
	int index;

	verdict = identity_check(cert, time(NULL), public);
	peer->why = verdicts[verdict];
	if (verdict != IDENTITY_GOOD)
		return x509_error(verdict);
	index = tls->find(tls->ctx, public);
	if (index < 0)
		peer->why = "its key is not pinned";
	else if (peer->wanted >= 0 && index != peer->wanted)
		peer->why = "its key is another peer's";
	else
		peer->index = index;
	return peer->why ? X509_V_ERR_CERT_UNTRUSTED : X509_V_OK;
}

/* Takes the place of OpenSSL's own verification of chains. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	int error = X509_V_ERR_UNSPECIFIED;

	if (ssl && cert)
		error = judge(arg, SSL_get_app_data(ssl), cert);
	X509_STORE_CTX_set_error(store, error);
	return error == X509_V_OK;
}

static SSL_CTX *context_new(struct control_tls *tls, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, tls);
	SSL_CTX_set_max_cert_list(ctx, CERTIFICATES_MAX);
	/* Each connection with keys of its own: none is resumed. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Messages say how long they are: a cut is seen without close_notify too. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set1_groups_list(ctx, "X25519") == 1 &&
	    SSL_CTX_set1_sigalgs_list(ctx, "ed25519") == 1)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

struct control_tls *control_tls_new(struct identity *identity, control_tls_find find, void *ctx)
{
	struct control_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->identity = identity;
	tls->find = find;
	tls->ctx = ctx;
	tls->server = context_new(tls, TLS_server_method());
	tls->client = context_new(tls, TLS_client_method());
	if (tls->server && tls->client)
		return tls;
	control_tls_free(tls);
	return NULL;
}

void control_tls_free(struct control_tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->server);
	SSL_CTX_free(tls->client);
	free(tls);
}

SSL *control_tls_connection(struct control_tls *tls, bool server, struct control_tls_peer *peer)
{
	SSL *ssl = SSL_new(server ? tls->server : tls->client);
	X509 *cert = identity_certificate(tls->identity, time(NULL));

	peer->index = -1;
	peer->why = NULL;
	if (ssl && cert && SSL_set_app_data(ssl, peer) == 1 &&
	    SSL_use_certificate(ssl, cert) == 1 &&
	    SSL_use_PrivateKey(ssl, identity_key(tls->identity)) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

int control_tls_data_key(SSL *ssl, uint64_t epoch, uint16_t sender, uint16_t receiver,
			 uint8_t key[SPILLWAY_KEY_LEN])
{
	struct {
		uint64_t epoch;
		uint16_t sender;
		uint16_t receiver;
	} __attribute__((packed)) context = { htobe64(epoch), htobe16(sender), htobe16(receiver) };

	return SSL_export_keying_material(ssl, key, SPILLWAY_KEY_LEN, CONTROL_TLS_LABEL,
					  strlen(CONTROL_TLS_LABEL), (const uint8_t *)&context,
					  sizeof(context), 1) == 1 ?
		       0 :
		       -EIO;
}
