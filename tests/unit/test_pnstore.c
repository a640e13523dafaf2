// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packet numbers must never come again: over restarts, crashes, reboots, a clock that
 * is set back, and a database that is lost or damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pnstore.h"

#include "kselftest_harness.h"

#define SECOND 1000000000ULL
#define T2026  1767225600000000000ULL

static struct pnstore_clocks at(uint64_t wall, uint64_t boot, const char *boot_id)
{
	struct pnstore_clocks clocks = { .wall_ns = wall, .boot_ns = boot };

	snprintf(clocks.boot_id, sizeof(clocks.boot_id), "%s", boot_id);
	return clocks;
}

TEST(rule)
{
	struct pnstore_clocks then = at(T2026, 1000 * SECOND, "a");
	struct pnstore_clocks now = at(T2026 + 5 * SECOND, 1005 * SECOND, "a");
	uint64_t next;

	/* Nothing stored: the clock, if it was set. */
	EXPECT_EQ(T2026 + 5 * SECOND, pnstore_next(0, &then, &now));
	now.wall_ns = 300 * SECOND;
	EXPECT_EQ(0, pnstore_next(0, &then, &now));
	/* Clock set back: what is stored, and the time that passed since by boot time. */
	next = pnstore_next(T2026, &then, &now);
	EXPECT_EQ(T2026 + PNSTORE_MARGIN + 5 * SECOND, next);
	/* Another boot: boot times do not compare, the margin remains. */
	now = at(300 * SECOND, 2000 * SECOND, "b");
	EXPECT_EQ(T2026 + PNSTORE_MARGIN, pnstore_next(T2026, &then, &now));
	/* The clock ran on: it wins. */
	now = at(T2026 + 3600 * SECOND, 3 * SECOND, "b");
	EXPECT_EQ(T2026 + 3600 * SECOND, pnstore_next(T2026, &then, &now));
}

FIXTURE(store)
{
	char path[64];
	char error[256];
	struct pnstore *store;
};

FIXTURE_SETUP(store)
{
	int fd;

	strcpy(self->path, "/tmp/test_pnstore.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_GE(fd, 0);
	close(fd);
	unlink(self->path);
	self->store = pnstore_open(self->path, self->error, sizeof(self->error));
	ASSERT_NE(NULL, self->store)
	{
		TH_LOG("%s", self->error);
	}
}

FIXTURE_TEARDOWN(store)
{
	pnstore_close(self->store);
	unlink(self->path);
}

#define RESERVE(clocks, pn) \
	pnstore_reserve(self->store, clocks, pn, self->error, sizeof(self->error))

TEST_F(store, grows_over_restarts)
{
	struct pnstore_clocks now = at(T2026, SECOND, "a");
	uint64_t last = 0;
	uint64_t pn;

	for (int i = 0; i < 5; i++) {
		/* The clock goes back an hour each time. */
		now.wall_ns -= 3600 * SECOND;
		ASSERT_EQ(0, RESERVE(&now, &pn));
		EXPECT_GT(pn, last);
		if (last)
			EXPECT_GE(pn - last, PNSTORE_MARGIN);
		last = pn;
		pnstore_close(self->store);
		self->store = pnstore_open(self->path, self->error, sizeof(self->error));
		ASSERT_NE(NULL, self->store);
	}
}

/* Locks are a process's own, so the other one must be another process. */
TEST_F(store, two_at_a_time)
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		char error[256];
		struct pnstore *other = pnstore_open(self->path, error, sizeof(error));

		_exit(other || !strstr(error, ": in use: is another spilld running?"));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(store, clock_never_set)
{
	struct pnstore_clocks now = at(60 * SECOND, SECOND, "a");
	uint64_t pn;

	EXPECT_EQ(-ETIME, RESERVE(&now, &pn));
	EXPECT_STREQ("no packet number is stored and the clock was never set", self->error);
	/* And nothing was stored by the failure. */
	now.wall_ns = T2026;
	EXPECT_EQ(0, RESERVE(&now, &pn));
	EXPECT_EQ(T2026, pn);
	now.wall_ns = 60 * SECOND;
	EXPECT_EQ(0, RESERVE(&now, &pn));
	EXPECT_GT(pn, T2026);
}

TEST_F(store, clock_out_of_range)
{
	struct pnstore_clocks now = at(UINT64_MAX - 5, SECOND, "a");
	uint64_t pn;

	EXPECT_EQ(-EOVERFLOW, RESERVE(&now, &pn));
	now.wall_ns = T2026;
	EXPECT_EQ(0, RESERVE(&now, &pn));
	EXPECT_EQ(T2026, pn);
}

TEST_F(store, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
}

/* A number that cannot be read or committed must not be given out. */
TEST_F(store, damaged)
{
	struct pnstore_clocks now = at(T2026, SECOND, "a");
	uint64_t pn;
	int fd;

	ASSERT_EQ(0, RESERVE(&now, &pn));
	pnstore_close(self->store);
	fd = open(self->path, O_WRONLY);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(16, pwrite(fd, "not a database..", 16, 0));
	close(fd);
	self->store = pnstore_open(self->path, self->error, sizeof(self->error));
	EXPECT_EQ(NULL, self->store);
	EXPECT_NE(NULL, strstr(self->error, "not a database"));
}

TEST_F(store, cannot_be_opened)
{
	struct pnstore *other = pnstore_open("/nonexistent/s.db", self->error, sizeof(self->error));

	EXPECT_EQ(NULL, other);
	EXPECT_EQ(0, strncmp(self->error, "/nonexistent/s.db: ", 19));
}

TEST(clocks_of_this_machine)
{
	struct pnstore_clocks clocks;

	ASSERT_EQ(0, pnstore_now(&clocks));
	EXPECT_EQ(36, strlen(clocks.boot_id));
	EXPECT_GT(clocks.boot_ns, 0);
	EXPECT_GT(clocks.wall_ns, clocks.boot_ns);
}

TEST_HARNESS_MAIN
