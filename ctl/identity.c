// SPDX-License-Identifier: GPL-2.0-or-later
/* identity: this node's key, its certificate, and the check of a peer's. */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "identity.h"
#include "keyfile.h"

struct identity {
	EVP_PKEY *key;
	uint8_t public[IDENTITY_KEY_LEN];
	char name[SPILLWAY_NAME_MAX + 1];
	X509 *certificate;
	time_t made;
};

static EVP_PKEY *from_private(const uint8_t private[IDENTITY_KEY_LEN])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private, IDENTITY_KEY_LEN);
}

static int raw_public(const EVP_PKEY *key, uint8_t public[IDENTITY_KEY_LEN])
{
	size_t len = IDENTITY_KEY_LEN;

	return key && EVP_PKEY_get_raw_public_key(key, public, &len) == 1 &&
			       len == IDENTITY_KEY_LEN ?
		       0 :
		       -EIO;
}

int identity_generate(uint8_t private[IDENTITY_KEY_LEN])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	size_t len = IDENTITY_KEY_LEN;
	int ok = key && EVP_PKEY_get_raw_private_key(key, private, &len) == 1 &&
		 len == IDENTITY_KEY_LEN;

	EVP_PKEY_free(key);
	return ok ? 0 : -EIO;
}

int identity_derive_public(const uint8_t private[IDENTITY_KEY_LEN],
			   uint8_t public[IDENTITY_KEY_LEN])
{
	EVP_PKEY *key = from_private(private);
	int ret = raw_public(key, public);

	EVP_PKEY_free(key);
	return ret;
}

struct identity *identity_open(const char *path, const char *name, char *error, size_t size)
{
	struct identity *identity = calloc(1, sizeof(*identity));
	uint8_t private[IDENTITY_KEY_LEN];

	if (!identity) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	snprintf(identity->name, sizeof(identity->name), "%s", name);
	if (keyfile_read(path, private, error, size))
		goto close;
	identity->key = from_private(private);
	OPENSSL_cleanse(private, sizeof(private));
	if (!raw_public(identity->key, identity->public))
		return identity;
	snprintf(error, size, "%s: no key can be made of it", path);
close:
	identity_close(identity);
	return NULL;
}

void identity_close(struct identity *identity)
{
	if (!identity)
		return;
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key); /* wipes it */
	free(identity);
}

const uint8_t *identity_public(const struct identity *identity)
{
	return identity->public;
}

EVP_PKEY *identity_key(const struct identity *identity)
{
	return identity->key;
}

/* RFC 5280 section 4.1.2.2: positive; 63 random bits make it another each time. */
static int set_serial(X509 *cert)
{
	BIGNUM *serial = BN_new();
	int ok = serial && BN_rand(serial, 63, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		 BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));

	BN_free(serial);
	return ok;
}

X509 *identity_certify(EVP_PKEY *key, const char *name, time_t from, time_t until)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;

	/* Ed25519 has its digest built in: none is named. */
	if (subject && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1,
				       0) == 1 &&
	    X509_set_issuer_name(cert, subject) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(cert), from) &&
	    ASN1_TIME_set(X509_getm_notAfter(cert), until) && X509_set_pubkey(cert, key) == 1 &&
	    X509_sign(cert, key, NULL))
		return cert;
	X509_free(cert);
	return NULL;
}

X509 *identity_certificate(struct identity *identity, time_t now)
{
	time_t age = now - identity->made;

	if (identity->certificate && age >= 0 && age < IDENTITY_FRESH_S)
		return identity->certificate;
	X509_free(identity->certificate);
	identity->certificate = identity_certify(identity->key, identity->name,
						 now - IDENTITY_SKEW_S, now + IDENTITY_LIFE_S);
	identity->made = now;
	return identity->certificate;
}

enum identity_verdict identity_check(X509 *cert, time_t now, uint8_t public[IDENTITY_KEY_LEN])
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 || raw_public(key, public))
		return IDENTITY_NO_ED25519;
	if (X509_verify(cert, key) != 1)
		return IDENTITY_NOT_SELF_SIGNED;
	/* 0 is an error: a time that cannot be read. */
	if (X509_cmp_time(X509_get0_notBefore(cert), &now) >= 0)
		return IDENTITY_NOT_YET_VALID;
	if (X509_cmp_time(X509_get0_notAfter(cert), &now) <= 0)
		return IDENTITY_EXPIRED;
	return IDENTITY_GOOD;
}
