// SPDX-License-Identifier: GPL-2.0-or-later
/* pnstore: the first packet number of a key that is installed again. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pnstore.h"

#define BUSY_MS 1000 /* one that ends may still hold the lock */

struct pnstore {
	sqlite3 *db;
};

/*
 * synchronous=FULL and a rollback journal: a commit is on disk when it returns. The
 * lock is held until the store is closed: two controllers of one node would install
 * keys over one another.
 */
static const char schema[] = "PRAGMA locking_mode = EXCLUSIVE;"
			     "PRAGMA journal_mode = DELETE;"
			     "PRAGMA synchronous = FULL;"
			     "CREATE TABLE IF NOT EXISTS packet_number ("
			     "  id INTEGER PRIMARY KEY CHECK (id = 1),"
			     "  first_pn INTEGER NOT NULL,"
			     "  boot_ns INTEGER NOT NULL,"
			     "  boot_id TEXT NOT NULL"
			     ");"
			     "BEGIN EXCLUSIVE; COMMIT;";

static int db_error(struct pnstore *store, char *error, size_t size)
{
	snprintf(error, size, "%s", sqlite3_errmsg(store->db));
	return -EIO;
}

struct pnstore *pnstore_open(const char *path, char *error, size_t size)
{
	struct pnstore *store = calloc(1, sizeof(*store));
	mode_t old;
	int ret;

	if (!store) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	old = umask(077);
	ret = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (ret == SQLITE_OK) {
		sqlite3_busy_timeout(store->db, BUSY_MS);
		ret = sqlite3_exec(store->db, schema, NULL, NULL, NULL);
	}
	umask(old);
	if (ret == SQLITE_OK)
		return store;
	if (ret == SQLITE_BUSY)
		snprintf(error, size, "%s: in use: is another spilld running?", path);
	else
		snprintf(error, size, "%s: %s", path,
			 store->db ? sqlite3_errmsg(store->db) : "out of memory");
	pnstore_close(store);
	return NULL;
}

void pnstore_close(struct pnstore *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store);
}

static int read_boot_id(char boot_id[PNSTORE_BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, boot_id, PNSTORE_BOOT_ID_MAX - 1);
	close(fd);
	if (len <= 0)
		return -EIO;
	boot_id[len] = '\0';
	boot_id[strcspn(boot_id, "\n")] = '\0';
	return 0;
}

static int read_clock(clockid_t id, uint64_t *ns)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return -errno;
	if (ts.tv_sec < 0)
		return -ETIME;
	*ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	return 0;
}

int pnstore_now(struct pnstore_clocks *clocks)
{
	int ret;

	memset(clocks, 0, sizeof(*clocks));
	ret = read_clock(CLOCK_REALTIME, &clocks->wall_ns);
	if (!ret)
		ret = read_clock(CLOCK_BOOTTIME, &clocks->boot_ns);
	if (!ret)
		ret = read_boot_id(clocks->boot_id);
	return ret;
}

uint64_t pnstore_next(uint64_t stored, const struct pnstore_clocks *stored_at,
		      const struct pnstore_clocks *now)
{
	uint64_t next = now->wall_ns;
	uint64_t above = stored + PNSTORE_MARGIN;

	if (!stored)
		return next >= PNSTORE_CLOCK_MIN_NS ? next : 0;
	if (!strcmp(stored_at->boot_id, now->boot_id) && now->boot_ns > stored_at->boot_ns)
		above += now->boot_ns - stored_at->boot_ns;
	return above > next ? above : next;
}

static int load(struct pnstore *store, uint64_t *stored, struct pnstore_clocks *at)
{
	sqlite3_stmt *stmt;
	const char *boot_id;
	int ret;

	*stored = 0;
	memset(at, 0, sizeof(*at));
	ret = sqlite3_prepare_v2(store->db, "SELECT first_pn, boot_ns, boot_id FROM packet_number",
				 -1, &stmt, NULL);
	if (ret != SQLITE_OK)
		return -EIO;
	ret = sqlite3_step(stmt);
	if (ret == SQLITE_ROW) {
		*stored = (uint64_t)sqlite3_column_int64(stmt, 0);
		at->boot_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
		boot_id = (const char *)sqlite3_column_text(stmt, 2);
		snprintf(at->boot_id, sizeof(at->boot_id), "%s", boot_id ? boot_id : "");
	}
	sqlite3_finalize(stmt);
	return ret == SQLITE_ROW || ret == SQLITE_DONE ? 0 : -EIO;
}

static int save(struct pnstore *store, uint64_t first_pn, const struct pnstore_clocks *clocks)
{
	sqlite3_stmt *stmt;
	int ret;

	ret = sqlite3_prepare_v2(store->db,
				 "INSERT OR REPLACE INTO packet_number VALUES (1, ?, ?, ?)", -1,
				 &stmt, NULL);
	if (ret != SQLITE_OK)
		return -EIO;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)first_pn);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)clocks->boot_ns);
	sqlite3_bind_text(stmt, 3, clocks->boot_id, -1, SQLITE_STATIC);
	ret = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return ret == SQLITE_DONE ? 0 : -EIO;
}

static int reserve_locked(struct pnstore *store, const struct pnstore_clocks *clocks,
			  uint64_t *first_pn, char *error, size_t size)
{
	struct pnstore_clocks at;
	uint64_t stored;

	if (load(store, &stored, &at))
		return db_error(store, error, size);
	if (stored >= PNSTORE_MAX - PNSTORE_MARGIN) {
		snprintf(error, size, "the packet numbers are used up: a new secret is needed");
		return -EOVERFLOW;
	}
	*first_pn = pnstore_next(stored, &at, clocks);
	if (!*first_pn) {
		snprintf(error, size, "no packet number is stored and the clock was never set");
		return -ETIME;
	}
	if (*first_pn >= PNSTORE_MAX) {
		snprintf(error, size, "the clock or the stored packet number is out of range");
		return -EOVERFLOW;
	}
	return save(store, *first_pn, clocks) ? db_error(store, error, size) : 0;
}

int pnstore_reserve(struct pnstore *store, const struct pnstore_clocks *clocks, uint64_t *first_pn,
		    char *error, size_t size)
{
	int ret;

	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return db_error(store, error, size);
	ret = reserve_locked(store, clocks, first_pn, error, size);
	if (!ret && sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		ret = db_error(store, error, size);
	if (ret)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}
