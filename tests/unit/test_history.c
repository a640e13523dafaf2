// SPDX-License-Identifier: GPL-2.0-or-later
/* The history: what goes in comes out, what is old goes, what is broken is said. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

#include "kselftest_harness.h"

FIXTURE(history)
{
	char path[64];
	char error[256];
	struct history *h;
};

FIXTURE_SETUP(history)
{
	snprintf(self->path, sizeof(self->path), "/tmp/history-%d.db", getpid());
	self->h = history_open(self->path, self->error, sizeof(self->error));
	ASSERT_NE(NULL, self->h) TH_LOG("%s", self->error);
}

FIXTURE_TEARDOWN(history)
{
	char path[80];

	history_close(self->h);
	unlink(self->path);
	snprintf(path, sizeof(path), "%s-wal", self->path);
	unlink(path);
	snprintf(path, sizeof(path), "%s-shm", self->path);
	unlink(path);
}

TEST_F(history, round_trip_and_trim)
{
	struct history_forecast forecast = { .time_ms = 5, .ahead_ms = 1000, .mean = 0.5 };
	struct history_sample sample = { .cpu = 0.25, .memory = NAN, .conns = 3, .load = 0.25 };
	struct history_sample *got;
	size_t count;
	int i;

	for (i = 0; i < 100; i++) {
		sample.time_ms = i * 1000;
		ASSERT_EQ(0, history_add_sample(self->h, &sample));
	}
	ASSERT_EQ(0, history_add_forecast(self->h, &forecast));
	ASSERT_EQ(0, history_add_move(self->h, 7, 1ULL << 60, 3, 1000));
	ASSERT_EQ(0, history_samples(self->h, 10000, 19000, &got, &count));
	ASSERT_EQ(10, count);
	EXPECT_EQ(10000, got[0].time_ms);
	EXPECT_TRUE(got[9].cpu == 0.25 && isnan(got[9].memory));
	free(got);
	ASSERT_EQ(0, history_trim(self->h, 50000));
	ASSERT_EQ(0, history_samples(self->h, 0, 1000000, &got, &count));
	EXPECT_EQ(50, count);
	free(got);
}

TEST_F(history, it_is_still_there)
{
	struct history_sample sample = { .time_ms = 1, .load = 0.5 }, *got;
	size_t count;

	ASSERT_EQ(0, history_add_sample(self->h, &sample));
	history_close(self->h);
	self->h = history_open(self->path, self->error, sizeof(self->error));
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, history_samples(self->h, 0, 10, &got, &count));
	EXPECT_EQ(1, count);
	free(got);
}

TEST(what_is_no_history)
{
	char path[64], error[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/broken-%d.db", getpid());
	file = fopen(path, "w");
	ASSERT_NE(NULL, file);
	fputs("this is no database, but long enough to be taken for the head of one: "
	      "0123456789012345678901234567890123456789",
	      file);
	fclose(file);
	EXPECT_EQ(NULL, history_open(path, error, sizeof(error)));
	EXPECT_NE(NULL, strstr(error, path)) TH_LOG("%s", error);
	unlink(path);
	EXPECT_EQ(NULL, history_open("/nowhere/at/all.db", error, sizeof(error)));
	EXPECT_NE(NULL, strstr(error, "/nowhere/at/all.db"));
}

TEST_HARNESS_MAIN
