// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys as text and in files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyfile.h"

#include "kselftest_harness.h"

/* 00 01 ... 1f */
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEX    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void count_up(uint8_t secret[SPILLWAY_KEY_LEN])
{
	for (int i = 0; i < SPILLWAY_KEY_LEN; i++)
		secret[i] = (uint8_t)i;
}

TEST(what_is_a_key)
{
	static const char *const good[] = {
		BASE64, BASE64 "\n", BASE64 "\r\n", HEX, HEX "\n",
	};
	uint8_t secret[SPILLWAY_KEY_LEN], wanted[SPILLWAY_KEY_LEN];
	char text[64];

	count_up(wanted);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		memset(secret, 0xee, sizeof(secret));
		EXPECT_EQ(0, keyfile_decode(good[i], secret));
		EXPECT_EQ(0, memcmp(secret, wanted, sizeof(secret)));
	}
	keyfile_encode(wanted, text);
	EXPECT_STREQ(BASE64, text);
}

TEST(what_is_none)
{
	static const char *const bad[] = {
		"",
		"\n",
		" " BASE64,
		BASE64 " ",
		BASE64 "\nx",
		BASE64 "\n" BASE64,
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",  /* no = */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", /* 31 bytes */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", /* 33 bytes */
		"AAECAwQFBgcICQoLDA0*DxAREhMUFRYXGBkaGxwdHh8=",
		"AAECAwQFBgcICQoLDA0=DxAREhMUFRYXGBkaGxwdHh8=",
		"00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:1",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
		HEX "0",
		"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	};
	uint8_t secret[SPILLWAY_KEY_LEN], before[SPILLWAY_KEY_LEN];

	memset(before, 0xee, sizeof(before));
	memcpy(secret, before, sizeof(secret));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, keyfile_decode(bad[i], secret))
		{
			TH_LOG("\"%s\" was taken", bad[i]);
		}
		EXPECT_EQ(0, memcmp(secret, before, sizeof(secret)));
	}
}

FIXTURE(file)
{
	char path[64];
	char error[256];
	uint8_t secret[SPILLWAY_KEY_LEN];
};

FIXTURE_SETUP(file)
{
	int fd;

	strcpy(self->path, "/tmp/test_keyfile.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	close(fd);
	self->error[0] = '\0';
}

FIXTURE_TEARDOWN(file)
{
	unlink(self->path);
}

static int read_back(FIXTURE_DATA(file) * self, const void *content, size_t len)
{
	FILE *file = fopen(self->path, "w");

	if (!file || fwrite(content, 1, len, file) != len || fclose(file))
		abort();
	return keyfile_read(self->path, self->secret, self->error, sizeof(self->error));
}

TEST_F(file, is_read)
{
	uint8_t wanted[SPILLWAY_KEY_LEN];

	count_up(wanted);
	EXPECT_EQ(0, read_back(self, BASE64 "\n", strlen(BASE64 "\n")));
	EXPECT_EQ(0, memcmp(self->secret, wanted, sizeof(wanted)));
	EXPECT_STREQ("", self->error);
}

TEST_F(file, that_others_may_read_is_refused)
{
	static const mode_t bad[] = { 0640, 0604, 0620, 0602, 0610, 0601 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, chmod(self->path, bad[i]));
		EXPECT_EQ(-EPERM, read_back(self, BASE64, strlen(BASE64)));
		EXPECT_NE(NULL, strstr(self->error, self->path));
		EXPECT_NE(NULL, strstr(self->error, "chmod 600"));
	}
}

TEST_F(file, with_anything_else_is_refused)
{
	static const char with_nul[] = BASE64 "\0";
	char big[4096];

	memset(big, '\n', sizeof(big));
	memcpy(big, BASE64, strlen(BASE64));
	big[sizeof(big) - 1] = 'x';
	EXPECT_EQ(-EINVAL, read_back(self, "", 0));
	EXPECT_EQ(-EINVAL, read_back(self, "secret\n", 7));
	EXPECT_EQ(-EINVAL, read_back(self, with_nul, sizeof(with_nul)));
	EXPECT_EQ(-EINVAL, read_back(self, big, sizeof(big)));
	EXPECT_NE(NULL, strstr(self->error, "not a key"));
}

TEST_F(file, that_is_not_there)
{
	EXPECT_EQ(-ENOENT,
		  keyfile_read("/nonexistent/key", self->secret, self->error, sizeof(self->error)));
	EXPECT_NE(NULL, strstr(self->error, "/nonexistent/key"));
}

TEST_HARNESS_MAIN
