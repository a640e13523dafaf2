// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A QEMU plugin (API version 1) that counts the instructions that a guest executes, by
 * the address of their block:
 *
 *     -plugin hotspots.so,dir=DIR
 *
 * A window begins when DIR/start appears, which holds its name, and ends when DIR/stop
 * does. Each is removed once it has been obeyed, so that the guest can wait for that.
 * "ADDRESS COUNT" lines are left in DIR/NAME.
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
static char dir[256];

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

/* Waits for a file of that name, and reads its first line. */
static void await(const char *what, char *path, size_t size, char line[64])
{
	FILE *f;

	snprintf(path, size, "%s/%s", dir, what);
	while (!(f = fopen(path, "r")))
		usleep(1000);
	if (!fgets(line, 64, f))
		*line = '\0';
	line[strcspn(line, "\n/")] = '\0';
	fclose(f);
}

static void write_counts(const char *name)
{
	char path[512];
	uint32_t i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		return;
	for (i = 0; i < BLOCKS; i++)
		if (blocks[i].count)
			fprintf(f, "%016" PRIx64 " %" PRIu64 "\n", blocks[i].vaddr,
				blocks[i].count);
	fprintf(f, "%016x %" PRIu64 "\n", 0, lost);
	fclose(f);
}

static void clear_counts(void)
{
	uint32_t i;

	for (i = 0; i < BLOCKS; i++)
		blocks[i].count = 0;
	lost = 0;
}

static void *watch(void *arg)
{
	char path[512], name[64], nothing[64];

	(void)arg;
	for (;;) {
		await("start", path, sizeof(path), name);
		clear_counts();
		unlink(path);
		await("stop", path, sizeof(path), nothing);
		write_counts(name);
		unlink(path);
	}
	return NULL;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	pthread_t thread;

	(void)info;
	if (argc != 1 || strncmp(argv[0], "dir=", 4))
		return 1;
	snprintf(dir, sizeof(dir), "%s", argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return pthread_create(&thread, NULL, watch, NULL);
}
