// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sources of load, against directories of fixtures: right values, and no value at
 * all from files that are missing, cut short or not what the kernel writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics/metrics.h"
#include "metrics/procfile.h"
#include "metrics/rate.h"

#include "kselftest_harness.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND       1000000000ULL
#define CGROUP       "/sys/fs/cgroup/node"

FIXTURE(tree)
{
	char root[64];
	struct metrics_where where;
	struct metrics_source source;
	struct metrics_reading reading;
};

static void make_dirs(const char *root, const char *path)
{
	char full[PATH_MAX];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(full, sizeof(full), "%s%.*s", root, (int)(p - path), path);
		mkdir(full, 0755);
	}
}

static int put_bytes(const char *root, const char *path, const void *bytes, size_t len)
{
	char full[PATH_MAX];
	int fd;
	int ret;

	make_dirs(root, path);
	snprintf(full, sizeof(full), "%s%s", root, path);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return -errno;
	ret = write(fd, bytes, len) == (ssize_t)len ? 0 : -EIO;
	close(fd);
	return ret;
}

static void remove_file(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	unlink(full);
}

#define put(path, text) ASSERT_EQ(0, put_bytes(self->root, path, text, strlen(text)))

FIXTURE_SETUP(tree)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->root, "/tmp/test_metrics.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	self->where.root = self->root;
	self->where.cgroup = CGROUP;
	self->where.cpus = 2;
	put("/proc/meminfo", "MemTotal:        2048 kB\nMemFree:          10 kB\n"
			     "MemAvailable:     512 kB\n");
}

FIXTURE_TEARDOWN(tree)
{
	char command[128];

	metrics_close(&self->source);
	snprintf(command, sizeof(command), "rm -rf %s", self->root);
	EXPECT_EQ(0, system(command));
}

#define OPEN(ops)     ASSERT_EQ(0, metrics_open(&self->source, &(ops), &self->where))
#define READ(seconds) metrics_read(&self->source, (seconds)*SECOND, &self->reading)

static int near(double a, double b)
{
	return fabs(a - b) < 1e-9 * (1 + fabs(b));
}

TEST_F(tree, cgroup_cpu)
{
	put(CGROUP "/cpu.max", "50000 100000\n");
	put(CGROUP "/cpu.stat", "usage_usec 1000000\nuser_usec 5\nsystem_usec 6\n");
	OPEN(metrics_cgroup_cpu);
	EXPECT_EQ(-EAGAIN, READ(10));
	put(CGROUP "/cpu.stat", "usage_usec 1600000\nuser_usec 5\nsystem_usec 6\n");
	EXPECT_EQ(0, READ(12));
	EXPECT_TRUE(near(0.3, self->reading.used));
	EXPECT_TRUE(near(0.5, self->reading.capacity));
	/* The CPU controller is off: the machine's two CPUs. */
	remove_file(self->root, CGROUP "/cpu.max");
	EXPECT_EQ(-EAGAIN, READ(12));
	EXPECT_TRUE(near(2, self->reading.capacity));
	/* No limit, and a limit above the machine: two CPUs. */
	put(CGROUP "/cpu.max", "max 100000\n");
	put(CGROUP "/cpu.stat", "usage_usec 2600000\n");
	EXPECT_EQ(0, READ(13));
	EXPECT_TRUE(near(1, self->reading.used));
	EXPECT_TRUE(near(2, self->reading.capacity));
	put(CGROUP "/cpu.max", "900000 100000\n");
	put(CGROUP "/cpu.stat", "usage_usec 2600000\n");
	EXPECT_EQ(0, READ(14));
	EXPECT_TRUE(near(0, self->reading.used));
	EXPECT_TRUE(near(2, self->reading.capacity));
	/* The cgroup was made anew: its counter begins at 0 again. */
	put(CGROUP "/cpu.stat", "usage_usec 7\n");
	EXPECT_EQ(-EAGAIN, READ(15));
	put(CGROUP "/cpu.stat", "usage_usec 1000007\n");
	EXPECT_EQ(0, READ(16));
	EXPECT_TRUE(near(1, self->reading.used));
	/* A second reading at the same time gives no rate, and no division by 0. */
	EXPECT_EQ(-EAGAIN, READ(16));
}

static const char *const bad_cpu_stat[] = {
	"",
	"\n",
	"usage_usec",
	"usage_usec 12345",
	"usage_usec\n",
	"usage_usec \n",
	"usage_usec -5\n",
	"usage_usec 12x\n",
	"usage_usec 18446744073709551616\n",
	"xusage_usec 1\n",
	"usage_usecs 1\n",
	"user_usec 1\nusage_use 2\n",
};

static const char *const bad_cpu_max[] = {
	"",
	"max",
	"50000",
	"50000\n",
	"50000 \n",
	"50000 0\n",
	"0 100000\n",
	"maximum 1\n",
	"50000 100000 7\n",
	"50000 1e5\n",
	"-1 100000\n",
	"50000x 100000\n",
	"99999999999999999999 100000\n",
};

TEST_F(tree, cgroup_cpu_hostile)
{
	put(CGROUP "/cpu.max", "50000 100000\n");
	OPEN(metrics_cgroup_cpu);
	EXPECT_EQ(-ENOENT, READ(1));
	for (size_t i = 0; i < ARRAY_LEN(bad_cpu_stat); i++) {
		put(CGROUP "/cpu.stat", bad_cpu_stat[i]);
		EXPECT_EQ(-EBADMSG, READ(2 + i))
		{
			TH_LOG("\"%s\"", bad_cpu_stat[i]);
		}
	}
	put(CGROUP "/cpu.stat", "usage_usec 1\n");
	for (size_t i = 0; i < ARRAY_LEN(bad_cpu_max); i++) {
		put(CGROUP "/cpu.max", bad_cpu_max[i]);
		EXPECT_EQ(-EBADMSG, READ(50 + i))
		{
			TH_LOG("\"%s\"", bad_cpu_max[i]);
		}
	}
}

TEST_F(tree, cgroup_memory)
{
	put(CGROUP "/memory.max", "1048576\n");
	put(CGROUP "/memory.current", "900000\n");
	put(CGROUP "/memory.stat", "anon 1\ninactive_file 300000\nactive_file 5\n");
	OPEN(metrics_cgroup_memory);
	EXPECT_EQ(0, READ(1));
	EXPECT_TRUE(near(600000, self->reading.used));
	EXPECT_TRUE(near(1048576, self->reading.capacity));
	put(CGROUP "/memory.max", "max\n");
	EXPECT_EQ(0, READ(2));
	EXPECT_TRUE(near(2097152, self->reading.capacity));
	put(CGROUP "/memory.stat", "inactive_file 900001\n");
	EXPECT_EQ(0, READ(3));
	EXPECT_TRUE(near(0, self->reading.used));
}

TEST_F(tree, cgroup_memory_hostile)
{
	static const char *const bad[] = { "", "1", "-1\n", "1 2\n", "max\n", "0x10\n" };

	put(CGROUP "/memory.max", "1048576\n");
	put(CGROUP "/memory.stat", "inactive_file 3\n");
	OPEN(metrics_cgroup_memory);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put(CGROUP "/memory.current", bad[i]);
		EXPECT_EQ(-EBADMSG, READ(i))
		{
			TH_LOG("\"%s\"", bad[i]);
		}
	}
	put(CGROUP "/memory.current", "5\n");
	put(CGROUP "/memory.max", "0\n");
	EXPECT_EQ(-EBADMSG, READ(20));
	put(CGROUP "/memory.max", "1\n");
	put(CGROUP "/memory.stat", "total_inactive_file 3\n");
	EXPECT_EQ(-EBADMSG, READ(21));
	put(CGROUP "/memory.stat", "inactive_file 3\n");
	put("/proc/meminfo", "MemTotal: 18446744073709551615 kB\n");
	EXPECT_EQ(-EBADMSG, READ(22));
}

TEST_F(tree, proc_cpu)
{
	put("/proc/stat", "cpu  100 0 100 700 100 0 0 0 9 9\ncpu0 1 2 3\n");
	OPEN(metrics_proc_cpu);
	EXPECT_EQ(-EAGAIN, READ(1));
	/* 10 busy, of them 4 stolen; 30 idle or waiting. */
	put("/proc/stat", "cpu  103 1 102 720 110 0 0 4 99 99\n");
	EXPECT_EQ(0, READ(2));
	EXPECT_TRUE(near(0.5, self->reading.used));
	EXPECT_TRUE(near(2, self->reading.capacity));
	/* iowait steps back further than idle grows: all was busy, no more. */
	put("/proc/stat", "cpu  143 1 102 720 90 0 0 4 0 0\n");
	EXPECT_EQ(0, READ(3));
	EXPECT_TRUE(near(2, self->reading.used));
	/* Nothing has passed; then a CPU went offline. */
	EXPECT_EQ(-EAGAIN, READ(4));
	put("/proc/stat", "cpu  50 0 50 350 50 0 0 0 0 0\n");
	EXPECT_EQ(-EAGAIN, READ(5));
}

TEST_F(tree, proc_cpu_hostile)
{
	static const char *const bad[] = {
		"",
		"cpu\n",
		"cpu  1 2 3 4 5 6 7\n",
		"cpu0 1 2 3 4 5 6 7 8\n",
		"cpu  1 2 3 4 5 6 7 -8\n",
		"cpu  1 2 3 4 5 6 7 8",
		"cpu  1 2 x 4 5 6 7 8\n",
		"cpu  18446744073709551615 1 0 0 0 0 0 0\n",
		"cpu  1,2 3 4 5 6 7 8 9\n",
	};

	OPEN(metrics_proc_cpu);
	EXPECT_EQ(-ENOENT, READ(1));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put("/proc/stat", bad[i]);
		EXPECT_EQ(-EBADMSG, READ(2 + i))
		{
			TH_LOG("\"%s\"", bad[i]);
		}
	}
}

TEST_F(tree, proc_memory)
{
	OPEN(metrics_proc_memory);
	EXPECT_EQ(0, READ(1));
	EXPECT_TRUE(near(1536 * 1024, self->reading.used));
	EXPECT_TRUE(near(2048 * 1024, self->reading.capacity));
	put("/proc/meminfo", "MemTotal: 10 kB\nMemFree: 10 kB\n");
	EXPECT_EQ(-EBADMSG, READ(2));
	put("/proc/meminfo", "MemTotal: 10 kB\nMemAvailable: 11 kB\n");
	EXPECT_EQ(-EBADMSG, READ(3));
	put("/proc/meminfo", "MemTotal: 0 kB\nMemAvailable: 0 kB\n");
	EXPECT_EQ(-EBADMSG, READ(4));
}

/* Bytes that are no text, a file beyond the limit, and what is no file. */
TEST_F(tree, procfile_limits)
{
	static char big[PROCFILE_MAX + 100];
	char text[PROCFILE_MAX];
	char path[PATH_MAX];
	uint64_t number;

	ASSERT_EQ(0, put_bytes(self->root, "/d/nul", "a 1\0\nb 2\n", 9));
	EXPECT_EQ(-EBADMSG, procfile_read(text, self->root, "/d", "nul"));
	memset(big, 'x', sizeof(big));
	ASSERT_EQ(0, put_bytes(self->root, "/d/line", big, sizeof(big)));
	EXPECT_EQ(-EBADMSG, procfile_read(text, self->root, "/d", "line"));
	/* The limit falls within the number of the second line: it is not seen. */
	memcpy(big, "a 1\nb 12345", 11);
	memset(big + 11, '6', sizeof(big) - 11);
	ASSERT_EQ(0, put_bytes(self->root, "/d/cut", big, sizeof(big)));
	EXPECT_EQ(0, procfile_read(text, self->root, "/d", "cut"));
	EXPECT_EQ(0, procfile_field(text, "a", &number));
	EXPECT_EQ(1, number);
	EXPECT_EQ(-EBADMSG, procfile_field(text, "b", &number));
	snprintf(path, sizeof(path), "%s/d/fifo", self->root);
	ASSERT_EQ(0, mkfifo(path, 0600));
	EXPECT_EQ(-EBADMSG, procfile_read(text, self->root, "/d", "fifo"));
	EXPECT_EQ(-EISDIR, procfile_read(text, self->root, "", "d"));
}

struct conns_answer {
	int ret;
	uint32_t count;
};

static int answer_conns(void *ctx, uint32_t *count)
{
	struct conns_answer *answer = ctx;

	*count = answer->count;
	return answer->ret;
}

TEST_F(tree, conns)
{
	struct conns_answer answer = { .count = 250 };

	self->where.conns = answer_conns;
	self->where.conns_ctx = &answer;
	self->where.conns_max = 1000;
	OPEN(metrics_conns);
	EXPECT_EQ(0, READ(1));
	EXPECT_TRUE(near(250, self->reading.used));
	EXPECT_TRUE(near(1000, self->reading.capacity));
	answer.ret = -ENODEV;
	EXPECT_EQ(-ENODEV, READ(2));
}

/* The real rtnetlink: loopback is there in every namespace. */
TEST_F(tree, netdev)
{
	self->where.uplink = "lo";
	self->where.uplink_rate = 1000;
	OPEN(metrics_netdev);
	EXPECT_EQ(-EAGAIN, READ(1));
	EXPECT_EQ(0, READ(2));
	EXPECT_GE(self->reading.used, 0);
	EXPECT_TRUE(near(1000, self->reading.capacity));
	metrics_close(&self->source);
	self->where.uplink = "no-such-dev0";
	OPEN(metrics_netdev);
	EXPECT_EQ(-ENODEV, READ(3));
}

TEST(rate)
{
	struct metrics_rate rate = { 0 };
	double value = -1;

	EXPECT_EQ(-EAGAIN, metrics_rate_step(&rate, 100, 0, &value));
	EXPECT_EQ(0, metrics_rate_step(&rate, 350, SECOND / 2, &value));
	EXPECT_TRUE(near(500, value));
	EXPECT_EQ(-EAGAIN, metrics_rate_step(&rate, 10, SECOND, &value));
	EXPECT_EQ(0, metrics_rate_step(&rate, 10, 2 * SECOND, &value));
	EXPECT_TRUE(near(0, value));
	/* Counters that are close to their end. */
	EXPECT_EQ(0, metrics_rate_step(&rate, UINT64_MAX, 3 * SECOND, &value));
	EXPECT_TRUE(isfinite(value));
	/* Time that goes backwards. */
	EXPECT_EQ(-EAGAIN, metrics_rate_step(&rate, UINT64_MAX, 2 * SECOND, &value));
}

TEST(source_that_was_not_opened)
{
	struct metrics_source source = { 0 };
	struct metrics_reading reading;

	EXPECT_EQ(-ENODEV, metrics_read(&source, 1, &reading));
	metrics_close(&source);
}

TEST_HARNESS_MAIN
