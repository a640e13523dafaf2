// SPDX-License-Identifier: GPL-2.0-or-later
/* A node's key and certificate, and the check of a peer's. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "keyfile.h"

#include "kselftest_harness.h"

#define NOW 1767225600 /* 2026-01-01 */

/* RFC 8032 section 7.1, test 1 */
static const char secret_hex[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char public_hex[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

TEST(public_key_of_rfc_8032)
{
	uint8_t private[IDENTITY_KEY_LEN], public[IDENTITY_KEY_LEN], wanted[IDENTITY_KEY_LEN];

	ASSERT_EQ(0, keyfile_decode(secret_hex, private));
	ASSERT_EQ(0, keyfile_decode(public_hex, wanted));
	ASSERT_EQ(0, identity_derive_public(private, public));
	EXPECT_EQ(0, memcmp(public, wanted, sizeof(public)));
}

TEST(generated_keys_differ)
{
	uint8_t a[IDENTITY_KEY_LEN] = { 0 }, b[IDENTITY_KEY_LEN] = { 0 };

	ASSERT_EQ(0, identity_generate(a));
	ASSERT_EQ(0, identity_generate(b));
	EXPECT_NE(0, memcmp(a, b, sizeof(a)));
}

FIXTURE(node)
{
	char path[64];
	char error[256];
	struct identity *identity;
};

FIXTURE_SETUP(node)
{
	FILE *file;

	strcpy(self->path, "/tmp/test_identity.XXXXXX");
	file = fdopen(mkstemp(self->path), "w");
	fputs(secret_hex, file);
	fclose(file);
	self->identity = identity_open(self->path, "vm-1", self->error, sizeof(self->error));
	ASSERT_NE(NULL, self->identity);
}

FIXTURE_TEARDOWN(node)
{
	identity_close(self->identity);
	unlink(self->path);
}

TEST_F(node, shows_its_key_and_name)
{
	X509 *cert = identity_certificate(self->identity, NOW);
	uint8_t public[IDENTITY_KEY_LEN];
	char subject[64] = "";

	ASSERT_NE(NULL, cert);
	EXPECT_EQ(IDENTITY_GOOD, identity_check(cert, NOW, public));
	EXPECT_EQ(0, memcmp(public, identity_public(self->identity), sizeof(public)));
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, subject,
				  sizeof(subject));
	EXPECT_STREQ("vm-1", subject);
}

TEST_F(node, clocks_may_disagree_by_a_day)
{
	X509 *cert = identity_certificate(self->identity, NOW);
	uint8_t public[IDENTITY_KEY_LEN];

	EXPECT_EQ(IDENTITY_GOOD, identity_check(cert, NOW - IDENTITY_SKEW_S + 1, public));
	EXPECT_EQ(IDENTITY_NOT_YET_VALID, identity_check(cert, NOW - IDENTITY_SKEW_S - 1, public));
	EXPECT_EQ(IDENTITY_GOOD, identity_check(cert, NOW + IDENTITY_LIFE_S - 1, public));
	EXPECT_EQ(IDENTITY_EXPIRED, identity_check(cert, NOW + IDENTITY_LIFE_S, public));
}

TEST_F(node, certificate_follows_the_clock)
{
	static const time_t jumps[] = { 3600, 10 * 365 * 86400L, -40 * 365 * 86400L };
	uint8_t public[IDENTITY_KEY_LEN];
	X509 *cert;

	cert = identity_certificate(self->identity, NOW);
	EXPECT_EQ(cert, identity_certificate(self->identity, NOW + IDENTITY_FRESH_S - 1));
	for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
		cert = identity_certificate(self->identity, NOW + jumps[i]);
		ASSERT_NE(NULL, cert);
		EXPECT_EQ(IDENTITY_GOOD, identity_check(cert, NOW + jumps[i], public));
	}
}

TEST_F(node, certificate_of_another_kind)
{
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t public[IDENTITY_KEY_LEN];
	X509 *cert = X509_new();

	X509_set_pubkey(cert, ec);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 60);
	X509_sign(cert, ec, EVP_sha256());
	EXPECT_EQ(IDENTITY_NO_ED25519, identity_check(cert, time(NULL), public));
	X509_free(cert);
	EVP_PKEY_free(ec);
}

/* The key of one, signed by another: a pinned key is public, so anybody can show it. */
TEST_F(node, certificate_signed_by_another)
{
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *cert = identity_certify(other, "vm-1", NOW - 60, NOW + 60);
	uint8_t public[IDENTITY_KEY_LEN];

	ASSERT_NE(NULL, cert);
	EXPECT_EQ(IDENTITY_GOOD, identity_check(cert, NOW, public));
	X509_set_pubkey(cert, identity_key(self->identity));
	EXPECT_NE(0, X509_sign(cert, other, NULL));
	EXPECT_EQ(IDENTITY_NOT_SELF_SIGNED, identity_check(cert, NOW, public));
	X509_free(cert);
	EVP_PKEY_free(other);
}

TEST_F(node, key_that_others_may_read)
{
	char error[256] = "";

	ASSERT_EQ(0, chmod(self->path, 0644));
	EXPECT_EQ(NULL, identity_open(self->path, "vm-1", error, sizeof(error)));
	EXPECT_NE(NULL, strstr(error, "others may read the key"));
}

TEST_F(node, key_that_is_not_there_or_none)
{
	char error[256] = "";
	FILE *file = fopen(self->path, "w");

	fputs("no key\n", file);
	fclose(file);
	EXPECT_EQ(NULL, identity_open(self->path, "vm-1", error, sizeof(error)));
	EXPECT_NE(NULL, strstr(error, "not a key"));
	EXPECT_EQ(NULL, identity_open("/nonexistent/key", "vm-1", error, sizeof(error)));
	EXPECT_NE(NULL, strstr(error, "/nonexistent/key: No such file"));
}

TEST_HARNESS_MAIN
