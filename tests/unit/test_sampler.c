// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The load of a node: the fullest of the resources that count, and no load at all
 * where one of them could not be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "sampler.h"

#include "kselftest_harness.h"

FIXTURE(node)
{
	char root[64];
	struct config_sources sources;
	struct sampler sampler;
	struct sample sample;
	uint32_t conns;
	int conns_ret;
};

static void put(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

static void make_dir(const char *root, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (mkdir(path, 0755))
		abort();
}

static int count_conns(void *ctx, uint32_t *count)
{
	FIXTURE_DATA(node) *self = ctx;

	*count = self->conns;
	return self->conns_ret;
}

FIXTURE_SETUP(node)
{
	memset(self, 0, sizeof(*self));
	log_open("test", LOG_EMERG);
	strcpy(self->root, "/tmp/test_sampler.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	make_dir(self->root, "proc");
	make_dir(self->root, "sys");
	make_dir(self->root, "sys/fs");
	make_dir(self->root, "sys/fs/cgroup");
	put(self->root, "proc/stat", "cpu  0 0 0 100 0 0 0 0\n");
	put(self->root, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 70 kB\n");
	strcpy(self->sources.cgroup, "auto");
	self->sources.conns_max = 1000;
	self->sources.count = 1U << CONFIG_CPU | 1U << CONFIG_MEMORY | 1U << CONFIG_CONNS;
	self->conns = 100;
}

FIXTURE_TEARDOWN(node)
{
	char command[128];

	sampler_close(&self->sampler);
	snprintf(command, sizeof(command), "rm -rf %s", self->root);
	EXPECT_EQ(0, system(command));
}

#define OPEN() \
	ASSERT_EQ(0, sampler_open(&self->sampler, &self->sources, self->root, count_conns, self))
#define TAKE(second) \
	sampler_take(&self->sampler, (second)*1000000000ULL, (second)*1000, &self->sample)

static int near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

TEST_F(node, fullest_resource)
{
	OPEN();
	TAKE(1);
	/* CPU time needs two readings: until then there is no load. */
	EXPECT_TRUE(isnan(self->sample.load));
	EXPECT_EQ(-EAGAIN, self->sample.error[CONFIG_CPU]);
	EXPECT_EQ(-ENODATA, self->sample.error[CONFIG_NETWORK]);
	put(self->root, "proc/stat", "cpu  10 0 0 190 0 0 0 0\n");
	TAKE(2);
	EXPECT_TRUE(near(0.1, sample_load(&self->sample, CONFIG_CPU)));
	EXPECT_TRUE(near(0.3, self->sample.load));
	EXPECT_EQ(CONFIG_MEMORY, self->sample.worst);
	self->conns = 1500;
	put(self->root, "proc/stat", "cpu  20 0 0 280 0 0 0 0\n");
	TAKE(3);
	EXPECT_TRUE(near(1.5, self->sample.load));
	EXPECT_EQ(CONFIG_CONNS, self->sample.worst);
	EXPECT_EQ(3000, self->sample.time_ms);
}

TEST_F(node, missing_is_missing)
{
	OPEN();
	TAKE(1);
	put(self->root, "proc/stat", "cpu  10 0 0 190 0 0 0 0\n");
	self->conns_ret = -ENODEV;
	TAKE(2);
	EXPECT_TRUE(isnan(self->sample.load));
	EXPECT_TRUE(near(0.3, sample_load(&self->sample, CONFIG_MEMORY)));
	EXPECT_TRUE(isnan(sample_load(&self->sample, CONFIG_CONNS)));
	self->conns_ret = 0;
	put(self->root, "proc/stat", "cpu  20 0 0 280 0 0 0 0\n");
	TAKE(3);
	EXPECT_TRUE(near(0.3, self->sample.load));
}

/* A resource that does not count is read, and cannot spoil the load. */
TEST_F(node, what_does_not_count)
{
	self->sources.count = 1U << CONFIG_MEMORY;
	self->conns = 5000;
	put(self->root, "proc/stat", "garbage\n");
	OPEN();
	TAKE(1);
	EXPECT_TRUE(near(0.3, self->sample.load));
	EXPECT_EQ(-EBADMSG, self->sample.error[CONFIG_CPU]);
	EXPECT_TRUE(near(5, sample_load(&self->sample, CONFIG_CONNS)));
}

TEST_F(node, cgroup_auto_in_a_container)
{
	put(self->root, "sys/fs/cgroup/cpu.max", "max 100000\n");
	put(self->root, "sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
	put(self->root, "sys/fs/cgroup/memory.max", "51200\n");
	put(self->root, "sys/fs/cgroup/memory.current", "46080\n");
	put(self->root, "sys/fs/cgroup/memory.stat", "inactive_file 0\n");
	self->sources.count = 1U << CONFIG_MEMORY;
	OPEN();
	TAKE(1);
	EXPECT_TRUE(near(0.9, self->sample.load));
	/* "none" is the machine, also there. */
	sampler_close(&self->sampler);
	strcpy(self->sources.cgroup, "none");
	OPEN();
	TAKE(2);
	EXPECT_TRUE(near(0.3, self->sample.load));
}

TEST(demand)
{
	const uint32_t count = 1U << CONFIG_CPU | 1U << CONFIG_NETWORK;
	struct sample sample = { .load = 0.6, .worst = CONFIG_NETWORK };

	sample.reading[CONFIG_CPU] = (struct metrics_reading){ .used = 0.5, .capacity = 1 };
	sample.reading[CONFIG_NETWORK] = (struct metrics_reading){
		.used = 60,
		.capacity = 100,
		.tx = 60,
		.rx = 20,
	};
	/* Nothing is relayed; 0.3 was given away; 0.05 and 0.4 are carried for others. */
	EXPECT_TRUE(near(0.6, sample_demand(&sample, count, 0)));
	EXPECT_TRUE(near(0.9, sample_demand(&sample, count, -0.3)));
	EXPECT_TRUE(near(0.55, sample_demand(&sample, count, 0.05)));
	EXPECT_TRUE(near(0.5, sample_demand(&sample, count, 0.4)));
	/* Readings are not of one moment: never below 0. */
	sample.reading[CONFIG_NETWORK].rx = 0;
	EXPECT_TRUE(near(0, sample_demand(&sample, 1U << CONFIG_NETWORK, 0.7)));
	/* What comes in is not relieved, and hides no demand; nor is it added to it. */
	sample.reading[CONFIG_NETWORK].tx = 10;
	sample.reading[CONFIG_NETWORK].rx = 60;
	EXPECT_TRUE(near(0.6, sample_demand(&sample, count, -0.3)));
	EXPECT_TRUE(near(0.8, sample_demand(&sample, count, -0.7)));
	EXPECT_TRUE(near(0.6, sample_demand(&sample, count, 0.3)));
	/* What does not count does not count. */
	EXPECT_TRUE(near(0.5, sample_demand(&sample, 1U << CONFIG_CPU, -0.3)));
	sample.load = NAN;
	EXPECT_TRUE(isnan(sample_demand(&sample, count, 0)));
}

TEST_HARNESS_MAIN
