// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A QEMU plugin (API version 1) that counts the instructions that a guest executes, by
 * the address of their block. It counts while START exists and STOP does not, and then
 * writes "ADDRESS COUNT" lines to OUT:
 *
 *     -plugin hotspots.so,start=START,stop=STOP,out=OUT
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Debian has no package with qemu-plugin.h; what is used of it, as QEMU documents it. */
struct qemu_plugin_tb;
typedef uint64_t qemu_plugin_id_t;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*qemu_plugin_tb_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_plugin_op op,
					      void *ptr, uint64_t imm);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

#define EXPORT __attribute__((visibility("default")))
#define BLOCKS (1U << 21) /* translated blocks of a guest: about 2^18 */

struct block {
	uint64_t vaddr;
	uint64_t count;
};

EXPORT int qemu_plugin_version = 1;

static struct block blocks[BLOCKS];
static uint64_t lost;
static char start[256], stop[256], out[256];

/* Blocks are translated under QEMU's own lock. */
static uint64_t *counter_of(uint64_t vaddr)
{
	uint32_t i = (uint32_t)((vaddr * 0x9e3779b97f4a7c15ULL) >> 43);
	uint32_t tries;

	for (tries = 0; tries < 64; tries++, i = (i + 1) % BLOCKS) {
		if (!blocks[i].vaddr)
			blocks[i].vaddr = vaddr;
		if (blocks[i].vaddr == vaddr)
			return &blocks[i].count;
	}
	return &lost;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 counter_of(qemu_plugin_tb_vaddr(tb)),
						 qemu_plugin_tb_n_insns(tb));
}

static void wait_for(const char *path)
{
	while (access(path, F_OK))
		usleep(1000);
}

static void write_counts(void)
{
	FILE *f = fopen(out, "w");
	uint32_t i;

	if (!f)
		return;
	for (i = 0; i < BLOCKS; i++)
		if (blocks[i].count)
			fprintf(f, "%016" PRIx64 " %" PRIu64 "\n", blocks[i].vaddr,
				blocks[i].count);
	fprintf(f, "%016x %" PRIu64 "\n", 0, lost);
	fclose(f);
}

static void *watch(void *arg)
{
	uint32_t i;

	(void)arg;
	wait_for(start);
	for (i = 0; i < BLOCKS; i++)
		blocks[i].count = 0;
	wait_for(stop);
	write_counts();
	return NULL;
}

static void option(const char *arg, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	if (!strncmp(arg, name, len) && arg[len] == '=')
		snprintf(value, size, "%s", arg + len + 1);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	pthread_t thread;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		option(argv[i], "start", start, sizeof(start));
		option(argv[i], "stop", stop, sizeof(stop));
		option(argv[i], "out", out, sizeof(out));
	}
	if (!*start || !*stop || !*out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return pthread_create(&thread, NULL, watch, NULL);
}
